import type { ErrorName, ProtocolError } from './errors.ts'

/** The closed table of what a management action can answer besides success; `docs/errors.md` is kept equal to it by a test. */
export const vodErrorTable = {
  parameters: { code: 4000, codeDesc: 'InvalidParameter', meaning: 'a parameter is missing or malformed' },
  authentication: { code: 4100, codeDesc: 'AuthFailure', meaning: 'the signature check failed' },
  blocked: { code: 4300, codeDesc: 'AccessDenied', meaning: 'the app is blocked, or the action not open to it' },
  rateLimited: { code: 4400, codeDesc: 'QuotaExceeded', meaning: 'too many calls' },
  replay: { code: 4500, codeDesc: 'ReplayAttack', meaning: 'the request came before, or its time is off' },
  method: { code: 4600, codeDesc: 'UnsupportedProtocol', meaning: 'the HTTP method is not one of the action' },
  internal: { code: 6000, codeDesc: 'InternalError', meaning: 'internal error' },
  elsewhere: { code: 6100, codeDesc: 'UnsupportedVersion', meaning: 'this service has no such action' },
  unavailable: { code: 6200, codeDesc: 'Unavailable', meaning: 'the service is in maintenance' },
  store: { code: 1001, codeDesc: 'StoreFailure', meaning: 'the service could not read or write' },
  value: { code: 1000, codeDesc: 'InvalidValue', meaning: 'a value does not fit what is there' },
  pullsWaiting: { code: 1018, codeDesc: 'TooManyPulls', meaning: 'too many files wait to be pulled' },
  watermark: { code: 1163, codeDesc: 'NoWatermark', meaning: 'there is no watermark to put in' },
  defaultClass: { code: 1903, codeDesc: 'DefaultClass', meaning: 'the default class has no subclasses' },
  classMissing: { code: 1905, codeDesc: 'ClassNotFound', meaning: 'there is no such class' },
  fileMissing: { code: 10008, codeDesc: 'FileNotFound', meaning: 'there is no such file' },
  fileState: { code: 10009, codeDesc: 'FileState', meaning: 'the file is gone, or never was' },
} as const satisfies Record<string, VodErrorRow>

export interface VodErrorRow {
  readonly code: number
  /** The same in a word, for people and logs; the old pages give none but "Success". */
  readonly codeDesc: string
  readonly meaning: string
}

export type VodErrorName = keyof typeof vodErrorTable

/** The one error that management actions throw: a row of the table, and a message that says what was expected and found. */
export class VodError extends Error {
  readonly errorName: VodErrorName
  readonly code: number
  readonly codeDesc: string

  constructor(errorName: VodErrorName, message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'VodError'
    this.errorName = errorName
    this.code = vodErrorTable[errorName].code
    this.codeDesc = vodErrorTable[errorName].codeDesc
  }
}

/** The row for what the shared layers throw: signatures, parameters, rates, the stores. Uploads' own faults are none here. */
const names: Record<ErrorName, VodErrorName> = {
  commonParameters: 'parameters',
  signature: 'authentication',
  parameters: 'parameters',
  writeFailed: 'store',
  stateMissing: 'internal',
  readFailed: 'store',
  body: 'parameters',
  content: 'parameters',
  blocked: 'blocked',
  rateLimited: 'rateLimited',
  internal: 'internal',
  unavailable: 'unavailable',
}

/** What the shared layers threw, as the management API says it. On the upload host the common code stands in `codeDesc`. */
export function toVodError(error: ProtocolError): VodError {
  const errorName = error.codeDesc === '4500' ? 'replay' : names[error.errorName]
  return new VodError(errorName, error.message, error)
}
