import type { RecordedEvent } from '../metadata/metadata.ts'
import { outboundRequest } from '../outbound/outbound-request.ts'
import { signCallback } from './callback-signature.ts'
import type { EventSettings } from './event-settings.ts'

/** What came of sending an event. */
export interface CallbackOutcome {
  /** The status answered; `undefined` when nothing was. */
  readonly status: number | undefined
  /** The same in words: `status 200`, or why there was none. */
  readonly outcome: string
}

export interface Callback extends Pick<EventSettings, 'allowPrivate' | 'secrets'> {
  readonly url: string
  readonly event: Pick<RecordedEvent, 'eventId' | 'content' | 'sends'>
  readonly nowS: number
  /** How long the head of the answer may take. */
  readonly timeoutMs: number
}

/** Sends an event once. Resolves with the head of the answer: what follows is of no interest, nor where it redirects to. */
export async function sendCallback(callback: Callback): Promise<CallbackOutcome> {
  const { url, event, allowPrivate, secrets, nowS, timeoutMs } = callback
  const body = JSON.stringify(event.content)
  const headers = {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(body),
    'User-Agent': 'Sluice',
    'X-Sluice-Event-Id': event.eventId,
    'X-Sluice-Attempt': event.sends + 1,
    ...(secrets.length > 0 && { 'X-Sluice-Signature': signCallback(secrets, body, nowS) }),
  }
  const tooLate = new AbortController()
  const timer = setTimeout(() => tooLate.abort(), timeoutMs)
  try {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const request = outboundRequest(url, { method: 'POST', headers, allowPrivate, signal: tooLate.signal })
      request.on('error', reject).on('response', (response) => {
        resolve(response.statusCode)
        request.destroy()
      })
      request.end(body)
    })
    return { status, outcome: `status ${status}` }
  } catch (error) {
    const outcome = tooLate.signal.aborted ? `no answer in ${timeoutMs / 1000} s` : reasonOf(error)
    return { status: undefined, outcome }
  } finally {
    clearTimeout(timer)
  }
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EPIPE: 'connection reset',
  ENOTFOUND: 'the name is unknown',
  EAI_AGAIN: 'the name could not be resolved',
  EHOSTUNREACH: 'the host is unreachable',
  ENETUNREACH: 'the network is unreachable',
}

function reasonOf(error: unknown): string {
  // A name with several addresses fails with one error for each of them.
  const one = error instanceof AggregateError ? error.errors[0] : error
  const { code, message } = one as NodeJS.ErrnoException
  return reasons[code ?? ''] ?? message
}
