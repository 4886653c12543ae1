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
    const end = this.#bodyEnd(head, headEnd + 4)
    if (end === undefined || this.#received.length < end) return
    const body = this.#received.slice(headEnd + 4, end)
    this.#received = this.#received.slice(end)
    const pending = this.#pending
    this.#pending = undefined
    pending?.resolve({ status: Number(head.slice(9, 12)), head, body })
  }

  /** Where the answer ends; undefined while a chunked one is not complete. The chunks of a body are not taken apart. */
  #bodyEnd(head: string, start: number): number | undefined {
    if (!/\r\ntransfer-encoding: *chunked/i.test(head)) {
      return start + Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0)
    }
    const last = this.#received.indexOf('0\r\n\r\n', start)
    return last < 0 ? undefined : last + 5
  }

  #fail(error: Error): void {
    this.#pending?.reject(error)
    this.#pending = undefined
  }
}
