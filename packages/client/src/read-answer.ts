import { type ActionName, type Envelope, limits } from '@sluice/protocol'
import type { TransportAnswer } from './transport.ts'
import { UploadError } from './upload-error.ts'

/** A part the service says it has, with the length the web SDK reads. */
export interface StoredPart {
  readonly dataLen: number
  readonly dataMd5: string
}

/** What the service has, by offset. */
export type StoredParts = ReadonlyMap<number, StoredPart>

/**
 * What Init says: the file is there already, or it is to be sent in parts of `dataSize` bytes (undefined: as asked for),
 * some of which may be present.
 */
export type InitOutcome =
  | { readonly stored: FinishedFile }
  | { readonly stored: undefined; readonly dataSize: number | undefined; readonly parts: StoredParts }

export interface FinishedFile {
  readonly fileId: string
  readonly url: string
  readonly verifyContent?: string
}

type Members = Readonly<Record<string, unknown>>

/** Reads what InitUpload or InitUploadEx answered. Throws an UploadError for all but codes 0, 1 and 2. */
export function readInit(action: ActionName, answer: TransportAnswer): InitOutcome {
  const { envelope, members } = readEnvelope(action, answer)
  if (envelope.code === 2) return { stored: readFile(action, members) }
  if (envelope.code > 2) throw foreign(action, `the code ${envelope.code}`)
  return { stored: undefined, dataSize: readDataSize(action, members), parts: readParts(members['listParts']) }
}

/** Reads what UploadPart or UploadPartEx answered. Throws an UploadError for all but code 0. */
export function readPart(action: ActionName, answer: TransportAnswer): void {
  requireDone(action, readEnvelope(action, answer).envelope)
}

/** Reads what FinishUpload or FinishUploadEx answered. Throws an UploadError for all but code 0. */
export function readFinish(action: ActionName, answer: TransportAnswer): FinishedFile {
  const { envelope, members } = readEnvelope(action, answer)
  requireDone(action, envelope)
  return readFile(action, members)
}

function readEnvelope(action: ActionName, { status, text }: TransportAnswer): { envelope: Envelope; members: Members } {
  if (status !== 200) {
    const canRetry = status >= 500 || status === 429 ? 1 : 0
    const todo = canRetry ? 'try again later' : 'check that the URL is that of an upload service'
    throw UploadError.local('http', `${action} was answered with HTTP ${status}; ${todo}`, { action, canRetry })
  }
  const members = parseObject(text)
  if (!members || !isInteger(members['code'])) throw foreign(action, 'something else than an answer of the protocol')
  const envelope = {
    code: members['code'],
    message: textOf(members['message']),
    codeDesc: textOf(members['codeDesc']),
    canRetry: members['canRetry'] === 1 ? (1 as const) : (0 as const),
  }
  if (envelope.code < 0) throw UploadError.refused(action, envelope)
  return { envelope, members }
}

function readDataSize(action: ActionName, { dataSize }: Members): number | undefined {
  if (dataSize === undefined) return undefined
  if (isInteger(dataSize) && dataSize >= limits.minDataSize && dataSize <= limits.maxDataSize) return dataSize
  throw foreign(action, `a dataSize that is not from ${limits.minDataSize} to ${limits.maxDataSize}`)
}

/** Parts that are not described as the protocol has it are as good as missing: they are sent again. */
function readParts(listed: unknown): StoredParts {
  const parts = new Map<number, StoredPart>()
  for (const part of Array.isArray(listed) ? listed : []) {
    if (typeof part !== 'object' || part === null) continue
    const { offset, dataLen, dataSize, dataMd5 } = part as Members
    const length = dataLen ?? dataSize
    if (isInteger(offset) && isInteger(length) && typeof dataMd5 === 'string') {
      parts.set(offset, { dataLen: length, dataMd5: dataMd5.toLowerCase() })
    }
  }
  return parts
}

function readFile(action: ActionName, { fileId, url, verify_content }: Members): FinishedFile {
  if (typeof fileId !== 'string' || fileId === '') throw foreign(action, 'no fileId')
  return {
    fileId,
    url: textOf(url),
    ...(typeof verify_content === 'string' && { verifyContent: verify_content }),
  }
}

function requireDone(action: ActionName, { code }: Envelope): void {
  if (code !== 0) throw foreign(action, `the code ${code}`)
}

function foreign(action: ActionName, what: string): UploadError {
  const message = `${action} was answered with ${what}; check that the URL is that of an upload service`
  return UploadError.local('answer', message, { action })
}

function parseObject(text: string): Members | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Members) : undefined
  } catch {
    return undefined
  }
}

function isInteger(value: unknown): value is number {
  return Number.isSafeInteger(value)
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
