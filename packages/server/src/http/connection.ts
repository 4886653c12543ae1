import type { Server } from 'node:http'
import { Socket, type SocketConstructorOpts } from 'node:net'
import type { DuplexOptions } from 'node:stream'
import type { Incoming } from './incoming.ts'
import { type RequestHead, readHead, withoutBody } from './request-head.ts'
import { TakenBody } from './taken-body.ts'

/** All connections read into the same memory: what has come is dealt with before anything else is read. */
const headRoom = Buffer.allocUnsafeSlow(4_096)
const passingRoom = Buffer.allocUnsafeSlow(65_536)

/** Bodies from this length on are taken out, in bytes: they end in a later read than the head. */
const smallestTaken = 65_536

/** More than node:http accepts as a head; it says so itself. */
const longestHead = 131_072

const endOfHead = '\r\n\r\n'

const connections = new WeakMap<Socket, Connection>()

/**
 * Has a server, which does not listen yet, receive the large bodies of POSTs to some targets in place: node:http copies a
 * body twice and makes an object of every 64 KiB, which costs three times what the system takes to deliver it. In its
 * request listener `takeBody` is such a body then, and the request itself has none.
 */
export function receiveInPlace(server: Server, isWanted: (target: string) => boolean): void {
  const listeners = server.listeners('connection')
  server.removeAllListeners('connection')
  server.on('connection', (accepted: Socket) => {
    const socket = replace(accepted, isWanted)
    for (const listener of listeners) listener.call(server, socket)
  })
}

/** The body of the request that its listener is just told of, if it was taken out of the connection. */
export function takeBody(socket: Socket): Incoming | undefined {
  return connections.get(socket)?.takeBody()
}

/** What is used here of a socket's handle, which Node.js does not document. */
interface Handle {
  readonly useUserBuffer?: unknown
  /** Has node:http take what it parses from the socket, not from the handle. */
  _consumed?: boolean
}

/** The socket to use from now on. It is the accepted one where Node.js does not have what is needed. */
function replace(accepted: Socket, isWanted: (target: string) => boolean): Socket {
  const owner = accepted as unknown as { _handle: Handle | null }
  const handle = owner._handle
  if (typeof handle?.useUserBuffer !== 'function') return accepted
  owner._handle = null
  accepted.destroy()
  handle._consumed = true
  const connection = new Connection(handle, accepted.readableHighWaterMark, isWanted)
  connections.set(connection.socket, connection)
  return connection.socket
}

/**
 * Stands between a socket and node:http. A head that announces a large body is passed on with a Content-Length of 0, and
 * the body is received where it is wanted. All else is passed on as it came, and so is everything after a head that is
 * not plain: node:http remains the one that knows HTTP.
 */
class Connection {
  readonly socket: Socket
  readonly #isWanted: (target: string) => boolean
  /** What has come of a head and did not end it. */
  #head = ''
  /** Bytes to come that are passed on, whatever they are, before the next head; for ever after a head that is not plain. */
  #passing = 0
  #body: TakenBody | undefined
  #offered: TakenBody | undefined

  constructor(handle: Handle, highWaterMark: number, isWanted: (target: string) => boolean) {
    this.#isWanted = isWanted
    const options: Omit<SocketConstructorOpts, 'handle'> & DuplexOptions & { readonly handle: Handle } = {
      handle, // nor does it document this
      highWaterMark,
      allowHalfOpen: true,
      onread: {
        buffer: () => this.#room(),
        callback: (length, room) => this.#receive(Buffer.from(room.buffer, room.byteOffset, length)),
      },
    }
    this.socket = new Socket(options as unknown as SocketConstructorOpts) // whose types know what is documented
  }

  takeBody(): Incoming | undefined {
    const body = this.#offered
    this.#offered = undefined
    return body
  }

  /** Where to read to next; asked after every read. */
  #room(): Uint8Array {
    if (this.#body) return this.#body.room()
    return this.#passing > 0 ? passingRoom : headRoom
  }

  /** Deals with what was read. False to read no more for now. */
  #receive(bytes: Buffer): boolean {
    if (this.#body) return this.#receiveBody(this.#body, bytes)
    let goOn = true
    for (let rest = bytes; rest.length > 0; ) {
      if (this.#passing === 0) {
        const text = this.#head + rest.toString('latin1')
        const end = text.indexOf(endOfHead)
        if (end < 0 && text.length < longestHead) {
          this.#head = text
          return this.#pass(rest)
        }
        const head = readHead(text.slice(0, Math.max(0, end)))
        const headLength = end + endOfHead.length - this.#head.length
        if (head && this.#isToTake(head)) {
          return this.#take(text.slice(0, end), new TakenBody(this.socket, head.length, rest.subarray(headLength)))
        }
        this.#head = ''
        this.#passing = head ? headLength + head.length : Number.POSITIVE_INFINITY
      }
      goOn = this.#pass(rest.subarray(0, this.#passing))
      const length = Math.min(rest.length, this.#passing)
      this.#passing -= length
      rest = rest.subarray(length)
    }
    return goOn
  }

  #receiveBody(body: TakenBody, bytes: Buffer): boolean {
    const goOn = body.receive(bytes)
    if (!body.isReceived) return goOn
    this.#body = undefined
    return true
  }

  /** Hands bytes to node:http, which may keep them. */
  #pass(bytes: Uint8Array): boolean {
    return this.socket.push(Buffer.from(bytes))
  }

  /** Only when nothing of the head was passed on yet, and node:http is sure to ask for the body before this goes on. */
  #isToTake({ method, target, length }: RequestHead): boolean {
    if (method !== 'POST' || length < smallestTaken || this.#head !== '') return false
    return this.socket.readableFlowing === true && this.socket.readableLength === 0 && this.#isWanted(target)
  }

  #take(head: string, body: TakenBody): boolean {
    this.#body = body
    this.#offered = body
    this.socket.push(Buffer.from(withoutBody(head) + endOfHead, 'latin1'))
    this.#offered = undefined // what nobody took belongs to a request that node:http refuses, and then it hangs up
    return body.isFlowing
  }
}
