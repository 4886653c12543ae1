import { randomInt } from 'node:crypto'
import { type VodActionName, type VodCalls, type VodEnvelope, vodTexts } from '@sluice/protocol'
import { signedQuery } from '@sluice/protocol/signatures'
import { BackendError, noAnswer, refused } from './backend-error.ts'
import type { Connection } from './connection.ts'
import { delayMs, mayRepeat } from './retry.ts'

export interface CallOptions {
  /** Aborting it rejects the call with its reason. What was sent may be done all the same. */
  readonly signal?: AbortSignal
  /** How long to wait for each answer, in place of the backend's `timeoutMs`. */
  readonly timeoutMs?: number
  /** How often the call is made at most. Default 4. */
  readonly attempts?: number
}

/**
 * Calls a management action. What can pass is tried again, with a new signature and Nonce each time; an action that would
 * matter twice only if it is certain that it was not done. Rejects with a BackendError, or the signal's reason.
 */
export async function call<Action extends VodActionName>(
  connection: Connection,
  action: Action,
  params: VodCalls[Action]['params'],
  { attempts = 4, ...options }: CallOptions = {},
): Promise<VodCalls[Action]['answer']> {
  for (let failures = 1; ; failures++) {
    try {
      return await callOnce(connection, action, params, options)
    } catch (error) {
      if (!(error instanceof BackendError) || failures >= attempts || !mayRepeat(action, error)) throw error
      await connection.sleep(delayMs(failures, connection.random), options.signal)
    }
  }
}

/** Makes a call a single time. */
export async function callOnce<Action extends VodActionName>(
  connection: Connection,
  action: Action,
  params: VodCalls[Action]['params'],
  { signal, timeoutMs = connection.timeoutMs }: Omit<CallOptions, 'attempts'> = {},
): Promise<VodCalls[Action]['answer']> {
  signal?.throwIfAborted()
  const form = signedForm(connection, action, params)
  let status: number
  let text: string
  try {
    ;[status, text] = await within(timeoutMs, signal, (limited) => post(connection.url, form, limited))
  } catch (cause) {
    signal?.throwIfAborted()
    throw noAnswer(action, connection.url.host, cause)
  }
  if (status !== 200) {
    const canRetry = status >= 500 || status === 429
    const message = `${action} was answered HTTP ${status} by ${connection.url.host}`
    throw new BackendError('http', message, { action, canRetry, mayBeDone: canRetry })
  }
  const answer = readEnvelope(text)
  if (!answer) {
    throw new BackendError('answer', `${action} got an answer that is not of this API from ${connection.url.href}`, {
      action,
    })
  }
  if (answer.code !== 0) throw refused(action, answer)
  return answer
}

function signedForm({ url, signHost, secretId, secretKey, clock }: Connection, action: string, params: object): string {
  return signedQuery({
    method: 'POST',
    host: signHost,
    path: url.pathname,
    params: {
      ...vodTexts(params),
      Action: action,
      Nonce: String(randomInt(1, 2 ** 48 - 1)),
      SecretId: secretId,
      SignatureMethod: 'HmacSHA256',
      Timestamp: String(Math.floor(clock() / 1000)),
    },
    secretKey,
  })
}

async function post(url: URL, body: string, signal: AbortSignal): Promise<[status: number, text: string]> {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  // A POST does not survive being redirected: a redirect is an answer.
  const response = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal })
  return [response.status, await response.text()]
}

function readEnvelope(text: string): VodEnvelope | undefined {
  let answer: Partial<VodEnvelope> | null
  try {
    answer = JSON.parse(text) as Partial<VodEnvelope> | null
  } catch {
    return undefined
  }
  if (typeof answer?.code !== 'number') return undefined
  return {
    ...answer,
    code: answer.code,
    message: String(answer.message ?? ''),
    codeDesc: String(answer.codeDesc ?? ''),
  }
}

/** Not AbortSignal.any with AbortSignal.timeout: of those, one for each call would live until its time is up. */
async function within<T>(
  limitMs: number,
  signal: AbortSignal | undefined,
  work: (limited: AbortSignal) => Promise<T>,
): Promise<T> {
  const limited = new AbortController()
  const abort = () => limited.abort(signal?.reason)
  const timer = setTimeout(() => limited.abort(new Error(`nothing within ${limitMs} ms`)), limitMs)
  signal?.addEventListener('abort', abort)
  try {
    return await work(limited.signal)
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', abort)
  }
}
