import { once } from 'node:events'
import http, {
  type IncomingMessage,
  type OutgoingHttpHeader,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from 'node:http'
import https from 'node:https'
import { type AddressInfo, createServer } from 'node:net'
import { onTestFinished } from 'vitest'

/** What a proxy does besides passing on. */
export interface ProxyRules {
  readonly tls?: https.ServerOptions
  /** Longer bodies are answered 413. */
  readonly maxBodyBytes?: number
  /** Longer request lines are answered 414. */
  readonly maxTargetBytes?: number
  /** Whether it waits for the whole body. */
  readonly buffers?: true
  /** What it writes as Host. */
  readonly host?: string
  /** What it takes away from the start of the path. */
  readonly strips?: string
  /** Answers by itself, and says so. */
  readonly answers?: (request: IncomingMessage, response: ServerResponse) => boolean
  /** Changes the head of what it passes on. */
  readonly passes?: (headers: OutgoingHttpHeaders) => OutgoingHttpHeaders
  /** Changes the head of an answer. */
  readonly returns?: (headers: OutgoingHttpHeaders) => OutgoingHttpHeaders | OutgoingHttpHeader[]
}

/** Puts a proxy before a service until the test ends. Resolves to its address. */
export async function proxyTo(url: string, rules: ProxyRules = {}): Promise<string> {
  return serveHttp((request, response) => {
    const refusal = refuses(rules, request)
    if (refusal !== undefined) response.writeHead(refusal, { server: 'proxy' }).end()
    else if (!rules.answers?.(request, response)) passOn(url, rules, request, response)
  }, rules.tls)
}

/** Serves HTTP, or HTTPS, until the test ends. Resolves to the address. */
export async function serveHttp(listener: http.RequestListener, tls?: https.ServerOptions): Promise<string> {
  const options = { maxHeaderSize: 65_536 }
  const server = tls ? https.createServer({ ...options, ...tls }, listener) : http.createServer(options, listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `${tls ? 'https://localhost' : 'http://127.0.0.1'}:${(server.address() as AddressInfo).port}`
}

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

function refuses(
  { maxBodyBytes = Infinity, maxTargetBytes = Infinity }: ProxyRules,
  { headers, url = '' }: IncomingMessage,
) {
  if (url.length > maxTargetBytes) return 414
  return Number(headers['content-length'] ?? 0) > maxBodyBytes ? 413 : undefined
}

function passOn(url: string, rules: ProxyRules, request: IncomingMessage, response: ServerResponse): void {
  const { host, strips = '', passes = (headers) => headers, returns = (headers) => headers } = rules
  const path = request.url?.startsWith(strips) ? request.url.slice(strips.length) : request.url
  const headers = passes({ ...request.headers, ...(host !== undefined && { host }) })
  const onward = () => {
    const call = http.request(url, { method: request.method, path, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, returns(answer.headers))
      answer.pipe(response)
    })
    call.on('error', () => response.headersSent || response.writeHead(502).end())
    return call
  }
  if (rules.buffers)
    void request.toArray().then(
      (chunks) => onward().end(Buffer.concat(chunks)),
      () => {},
    )
  else request.pipe(onward())
}
