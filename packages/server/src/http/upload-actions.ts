import {
  type ActionName,
  actions,
  type Envelope,
  type FileFacts,
  type FinishAnswer,
  type InitAnswer,
  limits,
  type ParamLimits,
  type Parsed,
  parseParams,
  refuse,
  requirePart,
  success,
} from '@sluice/protocol'
import { makeVerifyContent } from '@sluice/protocol/signatures'
import type { Caller, ReceivedCall } from '../auth/authenticate.ts'
import type { Log } from '../observe/log.ts'
import type { Metrics } from '../observe/metrics.ts'
import { finishUpload } from '../uploads/finish-upload.ts'
import { type InitUpload, initUpload } from '../uploads/init-upload.ts'
import type { UploadDeps } from '../uploads/upload-deps.ts'
import { type PartBody, type UploadPart, uploadPart } from '../uploads/upload-part.ts'
import { uploadSmallFile } from '../uploads/upload-small-file.ts'

export interface ActionDeps {
  readonly uploads: UploadDeps
  readonly paramLimits: ParamLimits
  readonly metrics: Metrics
}

/** Every action of the table: its parameters read, its work done, its answer made. */
export const uploadActions = {
  async InitUpload({ uploads, paramLimits }: ActionDeps, caller: Caller): Promise<InitAnswer> {
    const params = parseParams(actions.InitUpload.params, caller.params, paramLimits)
    const { fileSize, dataSize, RequestClient: requestClient } = params
    return init(uploads, caller, { facts: factsOf(params), fileSize, dataSize, requestClient })
  },

  async InitUploadEx({ uploads, paramLimits }: ActionDeps, caller: Caller): Promise<InitAnswer> {
    const { fileSize, dataSize } = parseParams(actions.InitUploadEx.params, caller.params, paramLimits)
    const facts = grantedTo(caller)
    if (facts.coverOf !== undefined && fileSize > limits.maxUgcCoverSize) {
      throw refuse('fileSize', `a cover of at most ${limits.maxUgcCoverSize} bytes`, String(fileSize))
    }
    return init(uploads, caller, { facts, fileSize, dataSize, requestClient: '' })
  },

  async UploadPart(deps: ActionDeps, caller: Caller, body: PartBody): Promise<Envelope> {
    return part(deps, caller, parseParams(actions.UploadPart.params, caller.params), body)
  },

  async UploadPartEx(deps: ActionDeps, caller: Caller, body: PartBody): Promise<Envelope> {
    const params = parseParams(actions.UploadPartEx.params, caller.params)
    return part(deps, caller, { ...params, fileSha: grantedTo(caller).fileSha }, body)
  },

  async FinishUpload({ uploads }: ActionDeps, caller: Caller): Promise<FinishAnswer> {
    const { fileSha } = parseParams(actions.FinishUpload.params, caller.params)
    const key = { appId: caller.app.appId, uid: '', fileSha }
    const { fileId, url } = await finishUpload(uploads, { ...key, family: 'server', facts: undefined })
    return success(0, { fileId, url })
  },

  async FinishUploadEx({ uploads }: ActionDeps, caller: Caller): Promise<FinishAnswer> {
    const facts = grantedTo(caller)
    const key = { appId: caller.app.appId, uid: caller.uid, fileSha: facts.fileSha }
    const { fileId, url } = await finishUpload(uploads, { ...key, family: 'ugc', facts })
    const nowS = Math.floor(uploads.now() / 1000)
    return success(0, { fileId, url, verify_content: makeVerifyContent(caller.app.verifyKey, fileId, nowS) })
  },

  async SmallFileUpload({ uploads, paramLimits }: ActionDeps, caller: Caller, body: PartBody): Promise<FinishAnswer> {
    const params = parseParams(actions.SmallFileUpload.params, caller.params, paramLimits)
    const { fileSize, dataSize, dataMd5 } = params
    requirePart({ fileSize, dataSize: fileSize }, { offset: 0, dataSize }) // the file is its one part
    const call = { appId: caller.app.appId, facts: factsOf(params), fileSize, dataMd5 }
    const { fileId, url } = await uploadSmallFile(uploads, call, body)
    return success(0, { fileId, url })
  },

  /** Statistics of the C# and Java SDKs: written to the log, never refused. */
  async Report(log: Log, { pairs }: ReceivedCall): Promise<Envelope> {
    const told = pairs.filter(({ name }) => /^(errCode|speed|fileId|fileSha|platform|version)$/.test(name))
    const report = Object.fromEntries(told.map(({ name, value }) => [name, value.slice(0, 128)]))
    log.info({ report }, 'client report')
    return success(0, {})
  },
} satisfies Record<ActionName, unknown>

async function init(
  uploads: UploadDeps,
  { app, uid, family }: Caller,
  call: Omit<InitUpload, 'appId' | 'uid' | 'family'>,
): Promise<InitAnswer> {
  const outcome = await initUpload(uploads, { ...call, appId: app.appId, uid, family })
  if (outcome.kind === 'new') return success(0, { dataSize: outcome.dataSize })
  if (outcome.kind === 'partial') return success(1, { dataSize: outcome.dataSize, listParts: outcome.parts })
  return success(2, { fileId: outcome.finished.fileId, url: outcome.finished.url })
}

async function part(
  { uploads, metrics }: ActionDeps,
  { app, uid }: Caller,
  params: Omit<UploadPart, 'appId' | 'uid'>,
  body: PartBody,
): Promise<Envelope> {
  await uploadPart(uploads, { ...params, appId: app.appId, uid }, body)
  metrics.partStored(params.dataSize)
  return success(0, {})
}

function factsOf(
  params: Parsed<typeof actions.InitUpload.params> | Parsed<typeof actions.SmallFileUpload.params>,
): FileFacts {
  const { fileSha, fileName, fileType, tags, classId, coverOf } = params
  const { isTranscode: transcode, isScreenshot: screenshot, isWatermark: watermark } = params
  return { fileSha, fileName, fileType, tags, classId, transcode, screenshot, watermark, coverOf }
}

function grantedTo({ granted }: Caller): FileFacts {
  if (!granted) throw new Error('a call of the UGC family without a grant')
  return granted
}
