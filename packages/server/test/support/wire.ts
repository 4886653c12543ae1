import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { expect, onTestFinished } from 'vitest'
import type { Answer, TestService } from './service.ts'

/** One HTTP response, as it came. */
export interface WireResponse {
  readonly status: number
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/** A connection on which a test writes every byte itself. */
export interface Wire {
  readonly socket: Socket
  /** Resolves when the operating system has taken the bytes; a text is sent as latin1, one byte a character. */
  send(bytes: string | Uint8Array): Promise<void>
  /** The next response. Its body is there unless `bodyless` says that it has none in spite of its Content-Length (HEAD). */
  response(options?: { bodyless?: boolean }): Promise<WireResponse>
  /** The next response of an upload action: what every one of them has is checked here. */
  answer(): Promise<Answer>
  /** Waits until the service has closed the connection, and returns what came before that and was not read. */
  closed(): Promise<Buffer>
  /** Leaves without a word. */
  hangUp(): void
}

/** Connects to a service; the connection ends with the test. */
export async function openWire({ url }: Pick<TestService, 'url'>): Promise<Wire> {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true })
  onTestFinished(() => void socket.destroy())
  const pending = new Pending(socket)
  await once(socket, 'connect')
  const response = async ({ bodyless = false } = {}): Promise<WireResponse> => {
    const head = (await pending.upTo('\r\n\r\n')).toString('latin1')
    const [statusLine = '', ...lines] = head.trimEnd().split('\r\n')
    const headers = Object.fromEntries(
      lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
    )
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(statusLine)?.[1])
    const hasBody = !bodyless && status >= 200 && status !== 204 && status !== 304
    return { status, headers, body: await pending.take(hasBody ? Number(headers['content-length'] ?? 0) : 0) }
  }
  return {
    socket,
    send: (bytes) =>
      new Promise((resolve, reject) => {
        socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes, (error) =>
          error ? reject(error) : resolve(),
        )
      }),
    response,
    answer: async () => readAnswer(await response()),
    closed: () => pending.rest(),
    hangUp: () => socket.destroy(),
  }
}

/** Reads the answer of an upload action: status 200, readable from any page, JSON with the four members whatever happened. */
export function readAnswer({ status, headers, body }: WireResponse): Answer {
  expect({ status, ...headers }).toMatchObject({
    status: 200,
    'content-type': 'application/json; charset=utf-8',
    'access-control-allow-origin': '*',
  })
  const answer = JSON.parse(body.toString()) as Answer
  const members = { code: expect.any(Number), message: expect.any(String), codeDesc: expect.any(String) }
  expect(answer).toMatchObject({ ...members, canRetry: expect.toBeOneOf([0, 1]) })
  expect(typeof (answer.fileId ?? '')).toBe('string')
  return answer
}

/** What a socket has received and nobody has read. */
class Pending {
  #bytes = Buffer.alloc(0)
  #ended: Error | 'end' | undefined
  #wake = () => {}

  constructor(socket: Socket) {
    socket.on('data', (chunk: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk])
      this.#wake()
    })
    const end = (ended: Error | 'end') => {
      this.#ended ??= ended
      this.#wake()
    }
    socket.on('end', () => end('end')).on('error', end)
    socket.on('close', () => end('end'))
  }

  async upTo(mark: string): Promise<Buffer> {
    for (;;) {
      const at = this.#bytes.indexOf(mark)
      if (at >= 0) return this.take(at + mark.length)
      await this.#more()
    }
  }

  async take(length: number): Promise<Buffer> {
    while (this.#bytes.length < length) await this.#more()
    const taken = this.#bytes.subarray(0, length)
    this.#bytes = this.#bytes.subarray(length)
    return taken
  }

  async rest(): Promise<Buffer> {
    while (!this.#ended) await this.#woken()
    return this.#bytes
  }

  async #more(): Promise<void> {
    if (this.#ended) {
      const why = this.#ended === 'end' ? 'the service closed the connection' : this.#ended.message
      throw new Error(`${why} after "${this.#bytes.toString('latin1').slice(0, 200)}"`)
    }
    await this.#woken()
  }

  #woken(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }
}
