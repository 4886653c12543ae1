import { setTimeout as delay } from 'node:timers/promises'
import { BackendError } from './backend-error.ts'

/** The world, passed in; each has a default that is the real one. */
export interface Ports {
  /** Milliseconds since 1970. */
  readonly clock?: () => number
  /** From 0 up to 1. */
  readonly random?: () => number
  /** Waits; rejects with the signal's reason when aborted. */
  readonly sleep?: (ms: number, signal?: AbortSignal) => Promise<void>
}

export interface BackendOptions extends Ports {
  /** Where the service is: `https://host[:port]`, with a path if a proxy puts it under one. */
  readonly url: string
  readonly secretId: string
  readonly secretKey: string
  /**
   * The name to sign when it is not the one in `url`, as with an address inside one's network: one of the service's
   * public hosts, with its port if it names one.
   */
  readonly signHost?: string
  /** How long to wait for an answer. Default 10 000. */
  readonly timeoutMs?: number
}

/** Options checked and completed. */
export interface Connection extends Required<Ports> {
  readonly url: URL
  readonly signHost: string
  readonly secretId: string
  readonly secretKey: string
  readonly timeoutMs: number
}

/** Checks options and fills in the defaults. Throws `argument` naming what is wrong. */
export function readOptions(options: BackendOptions): Connection {
  const url = readUrl(options.url)
  for (const name of ['secretId', 'secretKey'] as const) {
    if (!options[name]) throw new BackendError('argument', `${name}: expected the app's ${name}, found nothing`)
  }
  const { timeoutMs = 10_000 } = options
  if (!(timeoutMs > 0)) throw new BackendError('argument', `timeoutMs: expected more than 0, found ${timeoutMs}`)
  return {
    url,
    signHost: options.signHost ?? url.host,
    secretId: options.secretId,
    secretKey: options.secretKey,
    timeoutMs,
    clock: options.clock ?? Date.now,
    random: options.random ?? Math.random,
    sleep: options.sleep ?? sleep,
  }
}

function readUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new BackendError('argument', `url: expected http://… or https://…, found "${text}"`)
  }
  if (url.username !== '' || url.password !== '') throw new BackendError('argument', 'url: it must not hold a password')
  const path = url.pathname.endsWith('/index.php') ? url.pathname : `${url.pathname.replace(/\/$/, '')}/v2/index.php`
  return new URL(path, url.origin)
}

async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, signal && { signal })
  } catch (error) {
    signal?.throwIfAborted()
    throw error
  }
}
