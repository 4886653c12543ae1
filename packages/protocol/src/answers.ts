import { firstMissingOffset, type Geometry, partCount } from './geometry.ts'

/** The members every answer has; the clients of the protocol break without any one of them. */
export interface Envelope {
  /** `< 0` failed, `0` done; Init only: `1` partly present, `2` already present. */
  readonly code: number
  readonly message: string
  readonly codeDesc: string
  readonly canRetry: 0 | 1
}

/** A stored part as Init lists it. */
export interface ListedPart {
  readonly offset: number
  readonly dataSize: number
  /** The same number again: the web SDK and a third-party Java SDK read this name. */
  readonly dataLen: number
  /** MD5 of the part's bytes, 32 lower-case hex digits. */
  readonly dataMd5: string
}

export interface InitAnswer extends Envelope {
  /** The part size of the upload, which wins over the one asked for. */
  readonly dataSize?: number
  readonly listParts?: readonly ListedPart[]
  readonly fileId?: string
  readonly url?: string
}

export interface FinishAnswer extends Envelope {
  readonly fileId?: string
  readonly url?: string
  /** FinishUploadEx only: a proof for the app's backend that this service stored the file. */
  readonly verify_content?: string
  /** With -10005: the first missing byte. */
  readonly offset?: number
}

/** A successful envelope with its members. */
export function success<Members extends object>(code: 0 | 1 | 2, members: Members): Envelope & Members {
  return { code, message: '', codeDesc: '', canRetry: 0, ...members }
}

/**
 * Lists stored parts (ascending by offset) for Init. While an earlier part is missing, the file's last part is left
 * out: the web SDK ends without calling Finish when it meets a listed last part after having sent others.
 */
export function listParts(
  geometry: Geometry,
  parts: readonly { readonly offset: number; readonly dataSize: number; readonly dataMd5: string }[],
): ListedPart[] {
  const lastOffset = (partCount(geometry) - 1) * geometry.dataSize
  const offsets = parts.map((part) => part.offset)
  const complete = firstMissingOffset(geometry, offsets) === geometry.fileSize
  const listed: ListedPart[] = []
  for (const { offset, dataSize, dataMd5 } of parts) {
    if (offset === lastOffset && !complete) continue
    listed.push({ offset, dataSize, dataLen: dataSize, dataMd5 })
  }
  return listed
}
