/**
 * The closed table of what an upload action can answer besides success. `docs/errors.md` is kept equal to it by a test.
 *
 * `canRetry: 1` promises that the same request can succeed later. It is never set for a fault that lasts: the web SDK
 * repeats such a part every second without end, the PHP SDK 1.4 loses it.
 */
export const errorTable = {
  commonParameters: { code: -10001, canRetry: 0, meaning: 'common parameters are wrong' },
  signature: { code: -10002, canRetry: 0, meaning: 'the signature check failed' },
  parameters: { code: -10003, canRetry: 0, meaning: 'protocol parameters are wrong' },
  writeFailed: { code: -10004, canRetry: 1, meaning: 'the service could not write' },
  stateMissing: { code: -10005, canRetry: 0, meaning: 'no such upload, or parts of it are missing' },
  readFailed: { code: -10005, canRetry: 1, meaning: 'the service could not read its state' },
  body: { code: -10006, canRetry: 1, meaning: 'the body of a part is damaged' },
  content: { code: -10006, canRetry: 0, meaning: 'the whole file is not what was announced' },
  blocked: { code: -4300, canRetry: 0, meaning: 'the app is blocked' },
  rateLimited: { code: -4400, canRetry: 1, meaning: 'too many calls' },
  internal: { code: -6000, canRetry: 1, meaning: 'internal error' },
  unavailable: { code: -6200, canRetry: 1, meaning: 'the service is in maintenance' },
} as const satisfies Record<string, ErrorRow>

export interface ErrorRow {
  /** The negative `code` of the answer: the clients of the protocol take every positive one for a success. */
  readonly code: number
  readonly canRetry: 0 | 1
  readonly meaning: string
}

export type ErrorName = keyof typeof errorTable

/** What an error adds to its row. */
export interface ErrorDetail {
  /** For the operator; on the upload host the common code (4100, 4200, 4500 …) stands here. */
  readonly codeDesc?: string
  /** Members the answer carries beside the envelope, such as the first missing `offset`. */
  readonly members?: Readonly<Record<string, number | string>>
  readonly cause?: unknown
}

/** The one error that actions throw: a row of the table, a message that says what was expected and found, a detail. */
export class ProtocolError extends Error {
  readonly errorName: ErrorName
  readonly code: number
  readonly canRetry: 0 | 1
  readonly codeDesc: string
  readonly members: Readonly<Record<string, number | string>>

  constructor(errorName: ErrorName, message: string, detail: ErrorDetail = {}) {
    super(message, { cause: detail.cause })
    this.name = 'ProtocolError'
    this.errorName = errorName
    this.code = errorTable[errorName].code
    this.canRetry = errorTable[errorName].canRetry
    this.codeDesc = detail.codeDesc ?? ''
    this.members = detail.members ?? {}
  }
}
