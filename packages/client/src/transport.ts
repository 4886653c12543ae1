/** One POST to the upload service. */
export interface TransportRequest {
  readonly url: string
  /** The bytes of a part; no body otherwise. Once there is an answer their memory may be used for others. */
  readonly body?: Uint8Array | Blob
  readonly signal: AbortSignal
  /** Hears how many bytes of the body have been given to the network; at least once, before the answer. */
  onSent?(bytes: number): void
}

/** What came back, whatever it is. */
export interface TransportAnswer {
  /** The HTTP status. */
  readonly status: number
  readonly text: string
}

/** Sends a request. Rejects when no answer came, which makes the upload repeat it, or with the abort's reason. */
export type Transport = (request: TransportRequest) => Promise<TransportAnswer>

/** Bytes of a body. */
export function bodyBytes(body: TransportRequest['body']): number {
  return body === undefined ? 0 : body instanceof Blob ? body.size : body.length
}

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
  return ({ url, body, signal, onSent }) => {
    const limitMs = answerTimeoutMs + Math.ceil((bodyBytes(body) / slowestBytesPerS) * 1000)
    return within(limitMs, signal, async (limited) => {
      const answer = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/octet-stream' },
        ...(body && { body: body as Uint8Array<ArrayBuffer> | Blob }), // its memory is not shared, fetch's types want to know
        redirect: 'manual',
        signal: limited,
      })
      onSent?.(bodyBytes(body))
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
