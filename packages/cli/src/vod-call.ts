import { randomInt } from 'node:crypto'
import type { VodEnvelope } from '@sluice/protocol'
import { signedQuery } from '@sluice/protocol/signatures'
import type { SecretPair } from './local-credentials.ts'

/** A service and an app of it. */
export interface Remote {
  /** The service's address, or that of its index.php. */
  readonly url: string
  readonly credentials: SecretPair
  readonly signal: AbortSignal
}

/** How long an answer may take: the service holds a PullEvent for 5 s. */
const timeoutMs = 15_000

/** Calls an action of the management API. Rejects when it fails, saying why in one line. */
export async function callVod<Answer extends VodEnvelope>(
  { url: base, credentials: { secretId, secretKey }, signal }: Remote,
  action: string,
  params: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const url = new URL(base)
  const path = url.pathname.endsWith('/index.php') ? url.pathname : `${url.pathname.replace(/\/$/, '')}/v2/index.php`
  const all = {
    ...params,
    Action: action,
    SecretId: secretId,
    Timestamp: String(Math.floor(Date.now() / 1000)),
    Nonce: String(randomInt(1, 2 ** 31)),
  }
  const query = signedQuery({ method: 'GET', host: url.host, path, params: all, secretKey })
  const answer = await ask(`${url.origin}${path}?${query}`, signal)
  if (answer.code !== 0) throw new Error(`${action} was answered ${answer.code}: ${answer.message}`)
  return answer as Answer
}

async function ask(url: string, signal: AbortSignal): Promise<VodEnvelope> {
  const { host } = new URL(url)
  let response: Response
  try {
    response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]) })
  } catch (cause) {
    signal.throwIfAborted()
    throw new Error(`no answer from ${host}; check that the service runs and can be reached`, { cause })
  }
  const text = await response.text()
  try {
    const answer = JSON.parse(text) as VodEnvelope
    if (typeof answer.code === 'number') return answer
  } catch {}
  throw new Error(`${host} answered with status ${response.status} and no answer of this protocol`)
}
