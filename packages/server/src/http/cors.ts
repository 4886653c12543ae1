import type { IncomingMessage, ServerResponse } from 'node:http'

/** Lets any page read an answer. */
export const readableByPages = { 'Access-Control-Allow-Origin': '*' } as const

/** Answers a browser's preflight: any page may call, with any headers; no cookies are involved. */
export function replyPreflight(request: IncomingMessage, response: ServerResponse, methods: string): void {
  const asked = request.headers['access-control-request-headers']
  response.writeHead(204, {
    ...readableByPages,
    'Access-Control-Allow-Methods': methods,
    ...(asked === undefined ? {} : { 'Access-Control-Allow-Headers': asked }),
    'Access-Control-Max-Age': '86400',
    Vary: 'Access-Control-Request-Headers',
  })
  response.end()
}
