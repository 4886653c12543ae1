import {
  type ActionName,
  actions,
  checkFileName,
  type Family,
  type FileFacts,
  limits,
  type ParamLimits,
  type Params,
  ProtocolError,
  percentEncode,
  type QueryPair,
  readTags,
} from '@sluice/protocol'
import {
  parseUgc,
  readPairs,
  timestampSeconds,
  type UgcVerdict,
  verifyServerSignature,
  verifyUgc,
} from '@sluice/protocol/signatures'
import { type App, coverUid } from '../metadata/metadata.ts'
import type { AppDirectory, KeyHolder } from './app-directory.ts'
import { type HostRule, signedHosts, signedPaths } from './canonical-hosts.ts'

/** A call as it was received. */
export interface ReceivedCall extends SignedCall {
  readonly action: ActionName
}

/** What of a call can be signed. */
export interface SignedCall {
  readonly method: string
  readonly path: string
  /** What the request says of its host, most trusted first. */
  readonly hosts: readonly string[]
  readonly pairs: readonly QueryPair[]
}

/** A call whose sender is known. From here on nothing asks how it was signed. */
export interface Caller {
  readonly app: App
  /** Whose upload it is, as in UploadKey. */
  readonly uid: string
  readonly family: Family
  /** The parameters as the sender meant them. */
  readonly params: Params
  /** What a UGC signature says of the file; the server family says it in its parameters. */
  readonly granted: FileFacts | undefined
}

export interface AuthDeps {
  readonly apps: AppDirectory
  readonly hostRule: HostRule
  readonly paramLimits: ParamLimits
  readonly now: () => number
}

/** Finds out who calls. Throws `commonParameters` (-10001), `signature` (-10002) or `blocked` (-4300). */
export function authenticate(deps: AuthDeps, call: ReceivedCall): Promise<Caller> {
  return actions[call.action].family === 'ugc' ? ugcCaller(deps, call) : authenticateServer(deps, call)
}

/** Finds out who signed a call of the server family, or of the management API. Throws as `authenticate` does. */
export async function authenticateServer(deps: AuthDeps, call: SignedCall): Promise<Caller> {
  const params = readPairs(call.pairs, 'decoded')
  const secretId = requireParam(params, 'SecretId')
  requireTimestamp(requireParam(params, 'Timestamp'), deps.now())
  if (!/^\d{1,20}$/.test(requireParam(params, 'Nonce'))) throw missing('Nonce', 'a positive whole number')
  requireParam(params, 'Signature')

  const holder = await deps.apps.find(secretId)
  const request = {
    method: call.method,
    hosts: signedHosts(deps.hostRule, call.hosts),
    paths: signedPaths(deps.hostRule, call.path),
    pairs: call.pairs,
  }
  const meant = verifyServerSignature(request, holder.secretKey)
  if (!meant) throw new ProtocolError('signature', 'signature mismatch', { codeDesc: '4100' })
  requireEnabled(holder.app)
  return { app: holder.app, uid: '', family: 'server', params: meant, granted: undefined }
}

async function ugcCaller(deps: AuthDeps, call: ReceivedCall): Promise<Caller> {
  const params = readPairs(call.pairs, 'decoded')
  // The page calls it signature; the Java, C# and web SDKs send Signature.
  const text = params.get('signature') || params.get('Signature')
  if (!text) throw missing('signature', 'a UGC signature')
  const signature = parseUgc(text)
  const holder: KeyHolder = await deps.apps.find(signature.fields.get('s') ?? '')
  const nowS = Math.floor(deps.now() / 1000)
  // The Java SDK names no file outside its signature.
  const verdict = verifyUgc(signature, holder.secretKey, { nowS, fileSha: params.get('fileSha') || undefined })
  requireEnabled(holder.app)
  const granted = grantedFacts(verdict, signature.fields, params, deps.paramLimits)
  const user = signature.fields.get('uid') ?? ''
  const uid = granted.coverOf === undefined ? user : coverUid(user, granted.coverOf)
  return { app: holder.app, uid, family: 'ugc', params, granted }
}

/** What a UGC signature says of its file. Unsigned parameters only fill in for what the published samples leave out. */
function grantedFacts(
  { fileSha, coverOf }: UgcVerdict,
  fields: Params,
  params: Params,
  within: ParamLimits,
): FileFacts {
  const named = fields.get('f') || params.get('fileName') || ''
  const extension = /\.([A-Za-z0-9]{1,16})$/.exec(named)?.[1]
  const fileType = fields.get('ft') || params.get('fileType') || extension || 'mp4'
  if (!/^[A-Za-z0-9]{1,16}$/.test(fileType)) {
    throw new ProtocolError(
      'parameters',
      `ft: expected a file extension, found "${percentEncode(fileType).slice(0, 64)}"`,
    )
  }
  return {
    fileSha,
    fileName: named === '' ? fileSha : checkFileName('f', named, within),
    fileType: fileType.toLowerCase(),
    classId: Number(/^\d{1,15}$/.exec(fields.get('cid') ?? '')?.[0] ?? 0),
    tags: readTags(fields),
    transcode: fields.get('tc') === '1',
    screenshot: fields.get('ss') === '1',
    watermark: fields.get('wm') === '1',
    coverOf,
  }
}

/** Asked once the caller has proved who it is: anybody else learns nothing of the app. */
function requireEnabled({ disabledAt }: App): void {
  if (disabledAt !== null) throw new ProtocolError('blocked', 'this app is disabled', { codeDesc: '4300' })
}

function requireTimestamp(timestamp: string, now: number): void {
  const seconds = timestampSeconds(timestamp)
  if (seconds === undefined) throw missing('Timestamp', 'Unix seconds')
  const nowS = Math.floor(now / 1000)
  if (Math.abs(nowS - seconds) <= limits.timestampWindowS) return
  const message = `Timestamp: ${seconds} is more than ${limits.timestampWindowS} s from the time here, ${nowS}`
  throw new ProtocolError('commonParameters', message, { codeDesc: '4500' })
}

function requireParam(params: Params, name: string): string {
  const value = params.get(name)
  if (!value) throw missing(name, 'a value')
  return value
}

function missing(name: string, expected: string): ProtocolError {
  return new ProtocolError('commonParameters', `${name}: expected ${expected}`, { codeDesc: '4000' })
}
