import { createHash } from 'node:crypto'
import type { Metadata } from '../../src/metadata/metadata.ts'
import type { Random } from './random.ts'
import { type Answer, callServer, callUgc, grant, type SampleFile, sampleFile } from './service.ts'

/** The service, as long as it lives. */
type Remote = { readonly url: string; readonly now: () => number }

/** One upload of one user on its way through any number of kills, and what the service has promised of it. */
export interface Journey {
  readonly name: string
  readonly file: SampleFile
  readonly dataSize: number
  /** `undefined` for the server family. */
  readonly uid: string | undefined
  /** MD5 by offset of the parts that were acknowledged and that nobody has tried to replace since. */
  readonly acknowledged: Map<number, string>
  /** Every MD5 that was ever sent for an offset. */
  readonly sent: Map<number, Set<string>>
  fileId?: string
  /** Where the file is served, behind the host. */
  path?: string
}

export interface Travel {
  readonly random: Random
  /** Called with the action's name when a call is sent and when it is answered with success. */
  readonly onSent: (action: string) => void
  readonly onAnswered: (action: string) => void
}

/** Says that the service broke a promise, in the words of the journey. */
class BrokenPromise extends Error {
  override readonly name = 'BrokenPromise'
}

export function isBrokenPromise(error: unknown): boolean {
  return error instanceof BrokenPromise
}

export function startJourney(name: string, seed: number, random: Random): Journey {
  const size = random.between(600_000, 4_500_000)
  const dataSize = random.chance(0.5) ? 524_288 : 1_048_576
  const uid = random.chance(0.5) ? `user ${name}` : undefined
  return { name, file: sampleFile(size, seed), dataSize, uid, acknowledged: new Map(), sent: new Map() }
}

/** The same file, on its way from another user. */
export function twinOf(journey: Journey): Journey {
  const dataSize = journey.dataSize === 524_288 ? 1_048_576 : 524_288
  const { name, file } = journey
  return { name: `${name} twin`, file, dataSize, uid: `twin of ${name}`, acknowledged: new Map(), sent: new Map() }
}

/** Goes on with an upload from Init to Finish. Rejects when the service dies on the way, or breaks a promise. */
export async function travel(remote: Remote, journey: Journey, how: Travel): Promise<void> {
  const call = caller(remote, journey, how)
  const init = await call('Init', { ...initOf(journey), dataSize: journey.dataSize })
  if (init.code === 2) return arrive(journey, init)
  requirePromised(journey, init)
  const listed = new Map((init.listParts ?? []).map((part) => [part.offset, part.dataMd5]))
  const partSize = init.dataSize ?? 0
  const missing = offsetsOf(journey, partSize).filter(
    (offset) => listed.get(offset) !== md5(bytesAt(journey, offset, partSize)),
  )
  await inParallel(3, how.random.shuffled(missing), (offset) => sendPart(call, journey, offset, partSize, how.random))
  const finish = await call('Finish', {})
  arrive(journey, finish)
  if (how.random.chance(0.3)) arrive(journey, await call('Finish', {}))
}

/** What Init says must hold all that was acknowledged; the file's last part is not listed while others are missing. */
function requirePromised(journey: Journey, { code, dataSize = 0, listParts = [] }: Answer): void {
  const { acknowledged, sent, file } = journey
  if (code < 0 || code > 1) throw broken(journey, `Init answered ${code}`)
  if (journey.fileId !== undefined && listParts.length === 0) throw broken(journey, 'a finished file is gone')
  const last = Math.floor((file.bytes.length - 1) / dataSize) * dataSize
  for (const [offset, dataMd5] of acknowledged) {
    const listed = listParts.find((part) => part.offset === offset)
    const mayBeLeftOut = offset === last && listParts.length < Math.ceil(file.bytes.length / dataSize)
    if (!listed && !mayBeLeftOut) throw broken(journey, `the part at ${offset} was acknowledged and is not listed`)
    if (listed && listed.dataMd5 !== dataMd5) throw broken(journey, `the part at ${offset} is listed with another MD5`)
  }
  for (const { offset, dataMd5, dataSize: length, dataLen } of listParts) {
    if (!sent.get(offset)?.has(dataMd5)) throw broken(journey, `at ${offset} a part is listed that was never sent`)
    if (length !== Math.min(dataSize, file.bytes.length - offset) || dataLen !== length) {
      throw broken(journey, `the part at ${offset} is listed with ${length} bytes`)
    }
  }
}

/** Sends a part as clients do on bad days: damaged on the way, other bytes first, twice at once. */
async function sendPart(call: Call, journey: Journey, offset: number, partSize: number, random: Random): Promise<void> {
  const bytes = bytesAt(journey, offset, partSize)
  if (random.chance(0.1)) {
    const damaged = await call('Part', partOf(offset, bytes), spoilt(bytes))
    if (damaged.code !== -10006) throw broken(journey, `a damaged part was answered ${damaged.code}`)
  }
  if (random.chance(0.15)) await sendBytes(call, journey, offset, spoilt(bytes))
  const twice = random.chance(0.15)
  await Promise.all([
    sendBytes(call, journey, offset, bytes),
    ...(twice ? [sendBytes(call, journey, offset, bytes)] : []),
  ])
  if (random.chance(0.1)) {
    await sendBytes(call, journey, offset, spoilt(bytes))
    await sendBytes(call, journey, offset, bytes)
  }
}

async function sendBytes(call: Call, journey: Journey, offset: number, bytes: Buffer): Promise<void> {
  const { acknowledged, sent } = journey
  const dataMd5 = md5(bytes)
  sent.set(offset, (sent.get(offset) ?? new Set()).add(dataMd5))
  if (acknowledged.get(offset) !== dataMd5) acknowledged.delete(offset)
  const { code, message } = await call('Part', partOf(offset, bytes), bytes)
  if (code !== 0) throw broken(journey, `a part was answered ${code} ${message}`)
  acknowledged.set(offset, dataMd5)
}

function arrive(journey: Journey, { code, message, fileId, url }: Answer): void {
  if ((code !== 0 && code !== 2) || fileId === undefined || url === undefined) {
    throw broken(journey, `Finish answered ${code} ${message}`)
  }
  if (journey.fileId !== undefined && journey.fileId !== fileId) throw broken(journey, 'it has another fileId now')
  journey.fileId = fileId
  journey.path = new URL(url).pathname
}

/** Looks behind the protocol, which leaves out the last part of a file with gaps: all that was acknowledged is recorded. */
export async function requireRecorded(metadata: Metadata, journey: Journey): Promise<void> {
  const { acknowledged, file, uid = '' } = journey
  const key = { appId: 1_251_000_001, uid, fileSha: file.fileSha }
  const upload = (await metadata.findUpload(key)) ?? (await metadata.findFileBySha(key.appId, key.fileSha))
  if (!upload && acknowledged.size > 0) throw broken(journey, 'its upload is gone')
  if (!upload || !('state' in upload)) return
  const recorded = new Map((await metadata.listParts(upload.fileId)).map((part) => [part.offset, part.dataMd5]))
  for (const [offset, dataMd5] of acknowledged) {
    if (recorded.get(offset) !== dataMd5) throw broken(journey, `the part at ${offset} was acknowledged and is lost`)
  }
}

/** Fetches a finished file and compares it byte by byte. */
export async function requireServed({ url }: Remote, journey: Journey): Promise<void> {
  const response = await fetch(`${url}${journey.path}`)
  const bytes = Buffer.from(await response.arrayBuffer())
  if (response.status !== 200 || !bytes.equals(journey.file.bytes)) {
    throw broken(journey, `its file is served with status ${response.status} and ${bytes.length} bytes`)
  }
}

type Call = (
  action: 'Init' | 'Part' | 'Finish',
  params: Record<string, string | number>,
  body?: Buffer,
) => Promise<Answer>

function caller(remote: Remote, { file, uid }: Journey, { onSent, onAnswered }: Travel): Call {
  const actions = uid === undefined ? serverActions : ugcActions
  return async (action, params, body) => {
    onSent(action)
    const sending = body ? { body } : {}
    const answer =
      uid === undefined
        ? await callServer(remote, actions[action], { fileSha: file.fileSha, ...params }, sending)
        : await callUgc(remote, actions[action], grant(remote, file.fileSha, { uid }), params, sending)
    onAnswered(action)
    return answer
  }
}

const serverActions = { Init: 'InitUpload', Part: 'UploadPart', Finish: 'FinishUpload' }
const ugcActions = { Init: 'InitUploadEx', Part: 'UploadPartEx', Finish: 'FinishUploadEx' }

function initOf({ file, uid }: Journey): Record<string, string | number> {
  const fileSize = file.bytes.length
  return uid === undefined ? { fileName: 'my video', fileType: 'mp4', fileSize } : { fileSize }
}

function partOf(offset: number, bytes: Buffer): Record<string, string | number> {
  return { offset, dataSize: bytes.length, dataMd5: md5(bytes) }
}

function offsetsOf({ file }: Journey, partSize: number): number[] {
  return Array.from({ length: Math.ceil(file.bytes.length / partSize) }, (_, index) => index * partSize)
}

function bytesAt({ file }: Journey, offset: number, partSize: number): Buffer {
  return file.bytes.subarray(offset, offset + partSize)
}

/** The same bytes with some of them wrong. */
function spoilt(bytes: Buffer): Buffer {
  const wrong = Buffer.from(bytes)
  wrong.fill(0x55, bytes.length >> 1)
  return wrong
}

function md5(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('hex')
}

function broken({ name, file }: Journey, what: string): BrokenPromise {
  return new BrokenPromise(`${name} (${file.fileSha}): ${what}`)
}

/** Works on so many items at once; the first failure ends it, once what is under way has ended. */
async function inParallel<T>(count: number, items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = [...items]
  const worker = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item)
  }
  for (const outcome of await Promise.allSettled(Array.from({ length: count }, worker))) {
    if (outcome.status === 'rejected') throw outcome.reason
  }
}
