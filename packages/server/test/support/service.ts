import { createHash, randomInt } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeQuery } from '@sluice/protocol'
import { signedQuery, signUgc, type UgcGrant } from '@sluice/protocol/signatures'
import { createLog, readSettings, type Service, startService } from '@sluice/server'
import { afterAll, beforeAll, onTestFinished } from 'vitest'

/** The clock and the first key pair of the golden vectors. */
export const vectorClockMs = 1_490_000_000_000
export const keyPair = {
  secretId: 'AKIDfixture0000000000000000000000001',
  secretKey: 'fixtureSecretKey0000000000000001',
}

/** Any answer of the upload host, as a client reads it. */
export interface Answer {
  code: number
  message: string
  codeDesc: string
  canRetry: number
  dataSize?: number
  listParts?: { offset: number; dataSize: number; dataLen: number; dataMd5: string }[]
  fileId?: string
  url?: string
  verify_content?: string
  offset?: number
}

export interface TestService extends Service {
  readonly directory: string
  /** Moves the service's clock by so many milliseconds. */
  readonly advance: (ms: number) => void
  readonly now: () => number
  /** Ends the service and starts it again on the same data and port settings. */
  readonly restart: (environment?: Record<string, string>) => Promise<TestService>
}

/** Has work done when the test ends, or whatever else is to be waited for; the last first. */
type AtEnd = (work: () => Promise<void>) => void

/** A directory that is removed when the test ends. */
export async function temporaryDirectory(atEnd: AtEnd = onTestFinished): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-'))
  atEnd(() => rm(directory, { recursive: true, force: true }))
  return directory
}

/** Starts a real service on a fresh directory and any free port; it ends with the test. */
export async function startTestService(
  environment: Record<string, string> = {},
  {
    directory,
    startAt = vectorClockMs,
    frozen = false,
    atEnd = onTestFinished,
  }: {
    directory?: string
    startAt?: number
    atEnd?: AtEnd
    /** Whether the clock moves by `advance` only. */
    frozen?: boolean
  } = {},
): Promise<TestService> {
  const dataDir = directory ?? (await temporaryDirectory(atEnd))
  let moved = 0
  const startedAt = Date.now()
  const now = () => startAt + (frozen ? 0 : Date.now() - startedAt) + moved
  const settings = readSettings({
    SLUICE_DATA_DIR: dataDir,
    SLUICE_PORT: '0',
    SLUICE_APP_ID: '1251000001',
    SLUICE_SECRET_ID: keyPair.secretId,
    SLUICE_SECRET_KEY: keyPair.secretKey,
    SLUICE_MIN_FREE_SPACE: '0',
    SLUICE_PROBE: 'off', // tests count what is written
    SLUICE_LOG_LEVEL: 'silent',
    ...environment,
  })
  const service = await startService(settings, { now, log: createLog(settings.SLUICE_LOG_LEVEL) })
  atEnd(() => service.close())
  return {
    ...service,
    directory: dataDir,
    now,
    advance: (ms) => {
      moved += ms
    },
    restart: async (changed = {}) => {
      await service.close()
      return startTestService({ ...environment, ...changed }, { directory: dataDir, startAt: now(), frozen, atEnd })
    },
  }
}

/** One service for all tests of a block, for tests that leave nothing behind: a start costs more than most calls. */
export function shareTestService(
  environment: Record<string, string> = {},
  options: { frozen?: boolean } = {},
): () => TestService {
  let service: TestService | undefined
  const works: (() => Promise<void>)[] = []
  beforeAll(async () => {
    service = await startTestService(environment, { ...options, atEnd: (work) => void works.push(work) })
  })
  afterAll(async () => {
    for (let work = works.pop(); work; work = works.pop()) await work()
  })
  return () => {
    if (!service) throw new Error('the service is there once the tests of its block run')
    return service
  }
}

/** A file, with its digests. */
export interface SampleFile {
  readonly bytes: Buffer
  readonly fileSha: string
  readonly md5: (offset: number, length: number) => string
}

/** A file of pseudo-random bytes that are the same every time. */
export function sampleFile(size: number, seed = 1): SampleFile {
  const bytes = Buffer.alloc(size)
  let state = seed
  for (let i = 0; i + 4 <= size; i += 4) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    bytes.writeUInt32LE(state, i)
  }
  for (let i = size - (size % 4); i < size; i++) bytes[i] = i + seed
  return withDigests(bytes)
}

export function withDigests(bytes: Buffer): SampleFile {
  return {
    bytes,
    fileSha: createHash('sha1').update(bytes).digest('hex'),
    md5: (offset, length) =>
      createHash('md5')
        .update(bytes.subarray(offset, offset + length))
        .digest('hex'),
  }
}

/** Sends a call of the server family, signed with the first key pair unless another is given. */
export async function callServer(
  service: Pick<TestService, 'url' | 'now'>,
  action: string,
  params: Record<string, string | number>,
  { body, keys = keyPair, method = 'POST' }: { body?: Buffer; keys?: typeof keyPair; method?: 'GET' | 'POST' } = {},
): Promise<Answer> {
  const { host } = new URL(service.url)
  const all = {
    Action: action,
    Nonce: String(randomInt(1_000_000)),
    Region: 'gz',
    SecretId: keys.secretId,
    Timestamp: String(Math.floor(service.now() / 1000)),
    ...Object.fromEntries(Object.entries(params).map(([name, value]) => [name, String(value)])),
  }
  const query = signedQuery({ method, host, path: '/v3/index.php', params: all, secretKey: keys.secretKey })
  return send(`${service.url}/v3/index.php?${query}`, method, body)
}

/** Sends a call of the UGC family with a signature made before. */
export async function callUgc(
  service: Pick<TestService, 'url'>,
  action: string,
  signature: string,
  params: Record<string, string | number> = {},
  { body, method = 'POST' }: { body?: Buffer; method?: 'GET' | 'POST' } = {},
): Promise<Answer> {
  const pairs = Object.entries({ Action: action, ...params, signature }).map(
    ([name, value]) => [name, String(value)] as const,
  )
  return send(`${service.url}/v2/index.php?${encodeQuery(pairs)}`, method, body)
}

/** Signs a UGC signature for a file. */
export function grant(service: Pick<TestService, 'now'>, fileSha: string, granted: Partial<UgcGrant> = {}): string {
  const signedAtS = Math.floor(service.now() / 1000)
  return signUgc({ ...keyPair, fileSha, fileName: 'my video', fileType: 'mp4', signedAtS, ...granted })
}

async function send(url: string, method: string, body: Buffer | undefined): Promise<Answer> {
  const response = await fetch(url, { method, ...(body ? { body: new Uint8Array(body) } : {}) })
  if (response.status !== 200) throw new Error(`status ${response.status}`)
  return (await response.json()) as Answer
}

/** The parameters of InitUpload for a file. */
export function initParams(file: SampleFile, dataSize = 524_288): Record<string, string | number> {
  return { fileName: 'my video', fileSha: file.fileSha, fileSize: file.bytes.length, fileType: 'mp4', dataSize }
}

/** The offsets of a file's parts. */
export function offsetsOf(file: SampleFile, dataSize = 524_288): number[] {
  return Array.from({ length: Math.ceil(file.bytes.length / dataSize) }, (_, index) => index * dataSize)
}

/** Sends one part through the server family. */
export function sendPart(service: TestService, file: SampleFile, offset: number, dataSize = 524_288): Promise<Answer> {
  const body = file.bytes.subarray(offset, offset + dataSize)
  const params = { fileSha: file.fileSha, offset, dataSize: body.length, dataMd5: file.md5(offset, body.length) }
  return callServer(service, 'UploadPart', params, { body })
}

/** Uploads a whole file through the server family and returns the answer to FinishUpload. */
export async function uploadWhole(service: TestService, file: SampleFile, dataSize = 524_288): Promise<Answer> {
  await callServer(service, 'InitUpload', initParams(file, dataSize))
  for (const offset of offsetsOf(file, dataSize)) await sendPart(service, file, offset, dataSize)
  return callServer(service, 'FinishUpload', { fileSha: file.fileSha })
}
