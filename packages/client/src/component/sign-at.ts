import type { GetSignature } from '../shared-entry.ts'

/** The longest refusal of a backend that is shown to its user. */
const maxReasonChars = 200

/**
 * Gets signatures at an address of the app's backend: the facts of the file are posted as JSON, the answer is the signature
 * as text. What another status comes with is the reason, if it is a short text.
 */
export function signAt(address: string): GetSignature {
  return async (facts, signal) => {
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(address, { method: 'POST', headers, body: JSON.stringify(facts), signal })
    const text = (await answer.text()).trim()
    if (answer.ok) return text
    const isReason =
      text !== '' && text.length <= maxReasonChars && /^text\/plain/.test(answer.headers.get('content-type') ?? '')
    throw new Error(isReason ? text : `HTTP ${answer.status}`)
  }
}
