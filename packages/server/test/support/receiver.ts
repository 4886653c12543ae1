import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

/** A callback as it came. */
export interface Received {
  readonly method: string | undefined
  readonly path: string | undefined
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface Receiver {
  readonly url: string
  readonly received: Received[]
  /** Hangs up on everybody. */
  readonly close: () => void
}

/** An app's backend: takes callbacks, and answers as it is told to; it ends with the test. */
export async function startReceiver(
  answer: (response: ServerResponse, received: Received) => void = (response) => response.end('thanks'),
  port = 0,
): Promise<Receiver> {
  const received: Received[] = []
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = []
    request
      .on('data', (chunk: Buffer) => chunks.push(chunk))
      .on('end', () => {
        const { method, url: path, headers } = request
        const one = { method, path, headers, body: String(Buffer.concat(chunks)) }
        received.push(one)
        answer(response, one)
      })
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const close = () => {
    server.close()
    server.closeAllConnections()
  }
  onTestFinished(close)
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`, received, close }
}
