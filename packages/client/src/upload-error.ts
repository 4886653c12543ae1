import type { ActionName, Envelope } from '@sluice/protocol'
import { advice } from './advice.ts'
import type { UploadResult } from './upload.ts'

/**
 * What went wrong on this side of the wire: `network` no answer came; `http` an answer that is not HTTP 200; `answer` one
 * that is not of this protocol; `source` the file cannot be read; `changed` it was written to meanwhile; `signature` the
 * app's getSignature failed; `argument` an option is wrong.
 */
export type LocalCode = 'network' | 'http' | 'answer' | 'source' | 'changed' | 'signature' | 'argument'

interface Detail {
  readonly action?: ActionName | undefined
  readonly canRetry?: 0 | 1
  readonly cause?: unknown
  readonly stored?: UploadResult
}

/** The one error of an upload; an abort keeps its own reason instead. The message says what to do. */
export class UploadError extends Error {
  /** The negative code the service answered, or what went wrong on this side. */
  readonly code: number | LocalCode
  /** The service's detail for the operator, `""` if none. */
  readonly codeDesc: string
  /** 1 when the same request can succeed later; it was repeated as often as the retry policy allows. */
  readonly canRetry: 0 | 1
  /** The call that failed, if it was one. */
  readonly action: ActionName | undefined
  /** The video, which is stored, when it was its cover that failed. */
  readonly stored: UploadResult | undefined

  private constructor(code: number | LocalCode, codeDesc: string, message: string, detail: Detail) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause })
    this.name = 'UploadError'
    this.code = code
    this.codeDesc = codeDesc
    this.canRetry = detail.canRetry ?? 0
    this.action = detail.action
    this.stored = detail.stored
  }

  /** Something went wrong on this side. */
  static local(code: LocalCode, message: string, detail: Detail = {}): UploadError {
    return new UploadError(code, '', message, detail)
  }

  /** The cover of a stored video failed. */
  static ofCover(cause: UploadError, stored: UploadResult): UploadError {
    const { code, codeDesc, action, canRetry } = cause
    const message = `the video is stored, its cover is not: ${cause.message}`
    return new UploadError(code, codeDesc, message, { action, canRetry, cause, stored })
  }

  /** The service refused a call. */
  static refused(action: ActionName, { code, message, codeDesc, canRetry }: Envelope): UploadError {
    const why = `${message || 'no reason given'} (${codeDesc === '' ? code : `${code}, ${codeDesc}`})`
    return new UploadError(code, codeDesc, `${action} was refused: ${why}; ${advice(action, { code, codeDesc })}`, {
      action,
      canRetry,
    })
  }
}

/** Whether a thrown value is an UploadError with this code. */
export function hasCode(error: unknown, code: UploadError['code']): error is UploadError {
  return error instanceof UploadError && error.code === code
}

/** Why something failed, as the innermost cause says it: fetch says `fetch failed` and hides the reason below. */
export function reasonOf(cause: unknown): string {
  let deepest = cause
  while (deepest instanceof Error && deepest.cause instanceof Error) deepest = deepest.cause
  if (!(deepest instanceof Error)) return String(deepest)
  return deepest.message || ('code' in deepest ? String(deepest.code) : deepest.name)
}
