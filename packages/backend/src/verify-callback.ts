import { createHmac, timingSafeEqual } from 'node:crypto'
import type { AppEvent } from '@sluice/protocol'
import { BackendError } from './backend-error.ts'

export interface ReceivedCallback {
  /** The body as it came, not parsed and written again. */
  readonly body: string | Uint8Array
  /** The header `X-Sluice-Signature`. */
  readonly header: string | readonly string[] | undefined
  /** The app's callbackSecret; during a rotation also the one before or after it. */
  readonly secrets: readonly string[]
  /** How old a callback may be, and how far ahead its clock. Default 300. */
  readonly toleranceS?: number
  /** Unix seconds. Default: now. */
  readonly nowS?: number
}

/**
 * Reads the event out of a callback that is proven to come from the service. Throws `callback` when it is not: the header
 * is missing or no such, too old, made with another secret or about another body.
 */
export function verifyCallback({
  body,
  header,
  secrets,
  toleranceS = 300,
  nowS = Math.floor(Date.now() / 1000),
}: ReceivedCallback): AppEvent {
  const { sentAtS, proofs } = readHeader(header)
  if (!secrets.some((secret) => isProven(body, secret, sentAtS, proofs))) {
    throw new BackendError('callback', 'X-Sluice-Signature: made with another secret, or about another body')
  }
  if (Math.abs(nowS - Number(sentAtS)) > toleranceS) {
    throw new BackendError('callback', `X-Sluice-Signature: of ${sentAtS}, but it is ${nowS}`)
  }
  return readEvent(body)
}

/** `t=<Unix seconds>,v1=<hex>`, with two v1 during a rotation. */
function readHeader(header: ReceivedCallback['header']): { sentAtS: string; proofs: Buffer[] } {
  const fields = (typeof header === 'string' ? header : '').split(',')
  const valuesOf = (name: string) =>
    fields.filter((field) => field.startsWith(`${name}=`)).map((field) => field.slice(name.length + 1))
  const [sentAtS = ''] = valuesOf('t')
  const proofs = valuesOf('v1').filter((proof) => /^[0-9a-f]{64}$/.test(proof))
  if (!/^\d{1,12}$/.test(sentAtS) || proofs.length === 0) {
    throw new BackendError('callback', 'X-Sluice-Signature: expected t=…,v1=…')
  }
  return { sentAtS, proofs: proofs.map((proof) => Buffer.from(proof, 'hex')) }
}

function isProven(body: string | Uint8Array, secret: string, sentAtS: string, proofs: readonly Buffer[]): boolean {
  // Anybody could prove something by an empty secret.
  if (secret === '') throw new BackendError('argument', 'secrets: expected the app’s callbackSecret, found nothing')
  const expected = createHmac('sha256', secret).update(`${sentAtS}.`).update(body).digest()
  return proofs.some((proof) => timingSafeEqual(proof, expected))
}

function readEvent(body: string | Uint8Array): AppEvent {
  try {
    const event = JSON.parse(typeof body === 'string' ? body : Buffer.from(body).toString('utf8')) as AppEvent
    if (typeof event.eventType === 'string') return event
  } catch {}
  throw new BackendError('callback', 'the body: expected an event')
}
