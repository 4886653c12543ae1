import { ProtocolError } from '@sluice/protocol'

/** The ProtocolError that a call throws. Throws when it returns, and rethrows anything else that it throws. */
export function thrownBy(call: () => unknown): ProtocolError {
  let returned: unknown
  try {
    returned = call()
  } catch (error) {
    if (error instanceof ProtocolError) return error
    throw error
  }
  throw new Error(`expected a ProtocolError, got ${JSON.stringify(returned)}`)
}

/** The row and the codes of the ProtocolError that a call throws. */
export function codesOf(call: () => unknown): Pick<ProtocolError, 'errorName' | 'code' | 'canRetry' | 'codeDesc'> {
  const { errorName, code, canRetry, codeDesc } = thrownBy(call)
  return { errorName, code, canRetry, codeDesc }
}
