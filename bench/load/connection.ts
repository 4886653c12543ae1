import { connect, type Socket } from 'node:net'

export interface HttpAnswer {
  readonly status: number
  readonly head: string
  readonly body: string
}

/** One keep-alive HTTP/1.1 connection that costs its process little: one request at a time, answers read as text. */
export class Connection {
  readonly #socket: Socket
  #received = ''
  #pending: { resolve: (answer: HttpAnswer) => void; reject: (error: Error) => void } | undefined

  constructor(port: number) {
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true })
    this.#socket.setEncoding('latin1')
    this.#socket.on('data', (text: string) => this.#take(text))
    this.#socket.on('error', (error) => this.#fail(error))
    this.#socket.on('close', () => this.#fail(new Error('the server closed the connection')))
  }

  /** `chunks` are written one after the other, waiting for the socket to take them. */
  async request(
    method: string,
    target: string,
    headers: Record<string, string>,
    chunks: Iterable<Uint8Array> = [],
  ): Promise<HttpAnswer> {
    const answer = new Promise<HttpAnswer>((resolve, reject) => {
      this.#pending = { resolve, reject }
    })
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
    this.#socket.write(`${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`)
    for (const chunk of chunks) {
      if (!this.#socket.write(chunk)) await new Promise((resolve) => this.#socket.once('drain', resolve))
    }
    return answer
  }

  close(): void {
    this.#pending = undefined
    this.#socket.destroy()
  }

  #take(text: string): void {
    this.#received += text
    const headEnd = this.#received.indexOf('\r\n\r\n')
    if (headEnd < 0) return
    const head = this.#received.slice(0, headEnd)
    const bodyStart = headEnd + 4
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0)
    if (this.#received.length < bodyStart + length) return
    const body = this.#received.slice(bodyStart, bodyStart + length)
    this.#received = this.#received.slice(bodyStart + length)
    const pending = this.#pending
    this.#pending = undefined
    pending?.resolve({ status: Number(head.slice(9, 12)), head, body })
  }

  #fail(error: Error): void {
    this.#pending?.reject(error)
    this.#pending = undefined
  }
}
