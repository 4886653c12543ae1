import http from 'node:http'
import https from 'node:https'
import { isIP } from 'node:net'
import { hostNameOf } from './reach.ts'

/** One request, on a connection of its own. */
export interface Question {
  readonly method?: 'GET' | 'POST' | 'OPTIONS'
  readonly headers?: http.OutgoingHttpHeaders
  readonly body?: Uint8Array
  /** Bytes of a body that is announced as so long, and left unfinished after `body`. */
  readonly announcedBytes?: number
  /** Whether it is only for who has a certificate that is trusted. */
  readonly isSecret?: boolean
  /** How long it may take in all, in milliseconds. */
  readonly timeoutMs?: number
}

/** What came back, whatever it is. */
export interface Answer {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  /** Names and values in turn, as they came: a browser minds a header that is there twice. */
  readonly rawHeaders: readonly string[]
  readonly body: Buffer
}

/** Nothing came that is HTTP. `cause` says why. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer'
  /** Whether there was a connection at all. */
  readonly connected: boolean
  /** What the system or TLS calls it, such as ECONNREFUSED; `timeout` when the time was over. */
  readonly code: string

  constructor(host: string, cause: unknown, { connected, timeoutMs }: { connected: boolean; timeoutMs: number }) {
    const { name, code = '' } = cause as NodeJS.ErrnoException // what node:http rejects with
    const isLate = name === 'AbortError' || name === 'TimeoutError'
    super(isLate ? `no answer from ${host} within ${timeoutMs / 1000} s` : `no answer from ${host} (${code})`, {
      cause,
    })
    this.code = isLate ? 'timeout' : code
    this.connected = connected
  }
}

/** More of an answer than this is nothing of Sluice's. */
const maxAnswerBytes = 1_048_576

/**
 * Asks, and takes any HTTP answer. Redirects are not followed, certificates not looked at unless it is secret: that is for
 * the TLS check. Rejects with NoAnswer.
 */
export function ask(url: URL, question: Question = {}): Promise<Answer> {
  const { method = 'GET', headers = {}, body, announcedBytes, isSecret = false, timeoutMs = 5_000 } = question
  const length = announcedBytes ?? body?.length ?? (method === 'POST' ? 0 : undefined)
  return new Promise((resolve, reject) => {
    let connected = false
    const fail = (cause: unknown) => reject(new NoAnswer(url.host, cause, { connected, timeoutMs }))
    const request = (url.protocol === 'https:' ? https : http).request(url, {
      method,
      headers: { ...headers, ...(length !== undefined && { 'content-length': length }) },
      agent: false,
      rejectUnauthorized: isSecret,
      servername: isIP(hostNameOf(url)) === 0 ? url.hostname : '', // not what the Host header says
      signal: AbortSignal.timeout(timeoutMs),
    })
    request.on('socket', (socket) => socket.once('connect', () => (connected = true)))
    request.on('error', fail)
    request.on('response', (response) => {
      readAnswer(response)
        .then(resolve, fail)
        .finally(() => request.destroy())
    })
    if (announcedBytes === undefined) request.end(body)
    else request.write(body)
  })
}

async function readAnswer(response: http.IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of response) {
    chunks.push(chunk)
    bytes += chunk.length
    if (bytes > maxAnswerBytes) break
  }
  const { statusCode: status = 0, headers, rawHeaders } = response
  return { status, headers, rawHeaders, body: Buffer.concat(chunks) }
}

/** Reads an answer of an upload action; `undefined` when it is none. */
export function envelopeOf({ status, body }: Answer): { code: number; codeDesc: string; message: string } | undefined {
  if (status !== 200) return undefined
  try {
    const { code, codeDesc, message } = JSON.parse(body.toString('utf8'))
    return typeof code === 'number' ? { code, codeDesc: String(codeDesc), message: String(message) } : undefined
  } catch {
    return undefined
  }
}

/** Who answered and what, for people: `404 of nginx/1.22.1`. */
export function describe({ status, headers }: Answer): string {
  const to = headers.location === undefined ? '' : ` to ${headers.location}`
  return `${status}${to}${headers['server'] === undefined ? '' : ` of ${headers['server']}`}`
}
