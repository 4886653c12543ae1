import type { ServerResponse } from 'node:http'
import { type Envelope, ProtocolError, toVodError, type VodEnvelope, VodError } from '@sluice/protocol'
import { readableByPages } from './cors.ts'

/** What a failed call is answered. Anything but a ProtocolError is ours to explain: it names the request in the log. */
export function errorAnswer(error: unknown, requestId: string): Envelope {
  const known =
    error instanceof ProtocolError ? error : new ProtocolError('internal', 'internal error', { cause: error })
  const { code, message, canRetry, members } = known
  const codeDesc = known.errorName === 'internal' ? requestId : known.codeDesc
  return { code, message, codeDesc, canRetry, ...members }
}

/** The same of a management action. The id of what is ours to explain stands in its message. */
export function vodErrorAnswer(error: unknown, requestId: string): VodEnvelope {
  const known =
    error instanceof VodError
      ? error
      : toVodError(error instanceof ProtocolError ? error : new ProtocolError('internal', 'internal error'))
  const { code, codeDesc, message, errorName } = known
  return { code, message: errorName === 'internal' ? `${message} ${requestId}` : message, codeDesc }
}

/** Writes the answer of an action: always status 200, always JSON, readable from any page. */
export function reply(response: ServerResponse, answer: Envelope | VodEnvelope, requestId: string): void {
  const body = JSON.stringify(answer)
  response.writeHead(200, {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
    ...readableByPages,
    'X-Request-Id': requestId,
  })
  response.end(body)
}

/** Writes a short plain answer. */
export function replyText(
  response: ServerResponse,
  status: number,
  text: string,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, {
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': Buffer.byteLength(text),
    'X-Content-Type-Options': 'nosniff',
    ...headers,
  })
  response.end(text)
}
