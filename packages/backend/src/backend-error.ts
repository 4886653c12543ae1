import type { VodActionName, VodEnvelope } from '@sluice/protocol'

/**
 * What went wrong on this side of the wire: `network` no answer came; `http` an answer that is not HTTP 200; `answer` one
 * that is not of this API; `argument` an option or a value to sign is wrong; `callback` a callback is not proven.
 */
export type LocalCode = 'network' | 'http' | 'answer' | 'argument' | 'callback'

interface Detail {
  readonly action?: VodActionName | undefined
  readonly codeDesc?: string
  readonly canRetry?: boolean
  readonly mayBeDone?: boolean
  readonly cause?: unknown
}

/** The one error of this package; an abort keeps its own reason instead. */
export class BackendError extends Error {
  /** The positive code the service answered, or what went wrong on this side. */
  readonly code: number | LocalCode
  /** The service's code in a word, such as `FileNotFound`; `""` if it did not answer. */
  readonly codeDesc: string
  /** The call that failed, if it was one. */
  readonly action: VodActionName | undefined
  /** Whether the same call can succeed later. */
  readonly canRetry: boolean
  /** Whether the service may have done what it was asked to, although no answer says so. */
  readonly mayBeDone: boolean

  constructor(code: number | LocalCode, message: string, detail: Detail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause })
    this.name = 'BackendError'
    this.code = code
    this.codeDesc = detail.codeDesc ?? ''
    this.action = detail.action
    this.canRetry = detail.canRetry ?? false
    this.mayBeDone = detail.mayBeDone ?? false
  }
}

/** Codes that pass by themselves, with whether the work may be done all the same. */
const passing: ReadonlyMap<number, { readonly mayBeDone: boolean }> = new Map([
  [1001, { mayBeDone: true }],
  [4400, { mayBeDone: false }],
  [6000, { mayBeDone: true }],
  [6200, { mayBeDone: false }],
])

/** The service refused a call. */
export function refused(action: VodActionName, { code, codeDesc, message }: VodEnvelope): BackendError {
  const why = `${message || 'no reason given'} (${code}${codeDesc === '' ? '' : `, ${codeDesc}`})`
  const { mayBeDone } = passing.get(code) ?? {}
  const canRetry = mayBeDone !== undefined
  return new BackendError(code, `${action} was refused: ${why}`, {
    action,
    codeDesc,
    canRetry,
    mayBeDone: mayBeDone ?? false,
  })
}

/** Failures of a connection before a byte was sent. */
const unsent = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
])

/** No answer came. Only when there was no connection is it certain that nothing was done. */
export function noAnswer(action: VodActionName, host: string, cause: unknown): BackendError {
  const { code, reason } = deepest(cause)
  return new BackendError('network', `${action} got no answer from ${host}: ${reason}`, {
    action,
    canRetry: true,
    mayBeDone: !unsent.has(code),
    cause,
  })
}

/** Fetch says `fetch failed` and has the reason below; a name with several addresses has one for each of them. */
function deepest(cause: unknown): { code: string; reason: string } {
  if (cause instanceof AggregateError && cause.errors.length > 0) return deepest(cause.errors[0])
  if (!(cause instanceof Error)) return { code: '', reason: String(cause) }
  if (cause.cause instanceof Error) return deepest(cause.cause)
  const { code = '' } = cause as NodeJS.ErrnoException
  return { code, reason: cause.message || code || cause.name }
}
