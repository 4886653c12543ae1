import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Log } from '../observe/log.ts'
import { type CallDeps, handleCall } from './call.ts'
import { receiveInPlace } from './connection.ts'
import { readableByPages, replyPreflight } from './cors.ts'
import { drainable } from './drainable.ts'
import { handleMedia, type MediaDeps } from './media.ts'
import { handleHealth, handleMetrics, type OperationsDeps } from './operations.ts'
import { replyText } from './reply.ts'

export interface ListenerDeps {
  readonly calls: CallDeps
  readonly media: MediaDeps
  readonly operations: OperationsDeps
  readonly log: Log
  readonly timeLimits: TimeLimits
}

/** How long clients may take, in milliseconds; the body has limits of its own. */
export interface TimeLimits {
  /** For the head of a request. */
  readonly headersMs: number
  /** Between two requests of one connection. */
  readonly keepAliveMs: number
}

const callPaths = new Set(['/v2/index.php', '/v3/index.php'])

/** An HTTP server that does not listen yet. */
export interface Listener {
  readonly server: Server
  /** Stops listening, lets calls under way end, and cuts off what takes longer. */
  drain(timeoutMs: number): Promise<void>
}

/** Makes the HTTP server: routes by path, names every request, answers whatever goes wrong. */
export function createListener(deps: ListenerDeps): Listener {
  const { headersMs, keepAliveMs } = deps.timeLimits
  const options = {
    maxHeaderSize: 65_536, // an unwrapped UGC signature with ten tags stands in the request line
    headersTimeout: headersMs,
    keepAliveTimeout: keepAliveMs,
    highWaterMark: 16_384, // a body that waits for memory is read no further than the first chunk
    requestTimeout: 0, // a part may wait for memory; Body watches over its progress
    connectionsCheckingInterval: Math.min(headersMs, 5_000),
  }
  const server = createServer(options, (request, response) => {
    const requestId = randomBytes(8).toString('hex')
    handle(deps, request, response, requestId).catch((error: unknown) => {
      if (!response.destroyed && !isHangUp(error))
        deps.log.error({ err: error, requestId, path: splitTarget(request.url ?? '').path }, 'request failed')
      if (response.headersSent) response.destroy()
      else replyText(response, 500, `internal error ${requestId}\n`, readableByPages)
    })
  })
  const drain = drainable(server)
  receiveInPlace(server, (target) => callPaths.has(splitTarget(target).path)) // last: it gives the others its sockets
  return { server, drain }
}

async function handle(
  deps: ListenerDeps,
  request: IncomingMessage,
  response: ServerResponse,
  requestId: string,
): Promise<void> {
  const target = splitTarget(request.url ?? '')
  if (callPaths.has(target.path)) {
    if (request.method === 'OPTIONS') return replyPreflight(request, response, 'GET, POST, OPTIONS')
    return handleCall(deps.calls, request, response, target, requestId)
  }
  if (target.path.startsWith('/vod')) return handleMedia(deps.media, request, response, target)
  if (target.path === '/healthz') return handleHealth(deps.operations, response)
  if (target.path === '/metrics') return handleMetrics(deps.operations, response)
  if (target.path === '/')
    return replyText(response, 200, 'This is Sluice. Uploads go to /v2/index.php and /v3/index.php.\n')
  replyText(response, 404, 'not found\n', readableByPages)
}

/** Splits a request target, which may be a whole URL when it came through a proxy, into path and raw query. */
function splitTarget(url: string): { path: string; query: string } {
  const target = url.replace(/^https?:\/\/[^/?]*/i, '')
  const mark = target.indexOf('?')
  return mark < 0 ? { path: target, query: '' } : { path: target.slice(0, mark), query: target.slice(mark + 1) }
}

/** A player that stops in the middle is nobody's fault. */
function isHangUp(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'ECONNRESET' || code === 'EPIPE'
}
