/** One POST to the upload service. */
export interface TransportRequest {
  readonly url: string
  /** The bytes of a part; no body otherwise. */
  readonly body?: Uint8Array
  readonly signal: AbortSignal
}

/** What came back, whatever it is. */
export interface TransportAnswer {
  /** The HTTP status. */
  readonly status: number
  readonly text: string
}

/** Sends a request. Rejects when no answer came, which makes the upload repeat it, or with the abort's reason. */
export type Transport = (request: TransportRequest) => Promise<TransportAnswer>

export interface FetchTransportOptions {
  /** How long to wait for an answer once the body is sent. Default 60 000. */
  readonly answerTimeoutMs?: number
  /** Bytes a second below which a body counts as stalled. Default 4 000: a part of 1 MiB has 4.4 minutes. */
  readonly slowestBytesPerS?: number
  readonly fetch?: typeof globalThis.fetch
}

/**
 * Sends with fetch. Fetch does not tell when a body is sent, so one time limit covers both: the time for the answer and
 * the time the body takes at the slowest rate. A redirect is an answer: a POST does not survive being redirected.
 */
export function fetchTransport({
  answerTimeoutMs = 60_000,
  slowestBytesPerS = 4_000,
  fetch = globalThis.fetch,
}: FetchTransportOptions = {}): Transport {
  return ({ url, body, signal }) => {
    const limitMs = answerTimeoutMs + Math.ceil(((body?.length ?? 0) / slowestBytesPerS) * 1000)
    return within(limitMs, signal, async (limited) => {
      const answer = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/octet-stream' },
        ...(body && { body }),
        redirect: 'manual',
        signal: limited,
      })
      return { status: answer.status, text: await answer.text() }
    })
  }
}

/** Not AbortSignal.any with AbortSignal.timeout: of those, one for each part would live until its time is up. */
async function within<T>(limitMs: number, signal: AbortSignal, work: (limited: AbortSignal) => Promise<T>): Promise<T> {
  signal.throwIfAborted()
  const limited = new AbortController()
  const abort = () => limited.abort(signal.reason)
  const timer = setTimeout(() => limited.abort(new Error(`no answer within ${limitMs} ms`)), limitMs)
  signal.addEventListener('abort', abort)
  try {
    return await work(limited.signal)
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', abort)
  }
}
