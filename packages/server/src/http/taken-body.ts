import type { Socket } from 'node:net'
import { freeChunk } from '../engine/free-chunk.ts'
import type { Incoming, Sink } from './incoming.ts'

/** Where bytes go that have no place of their own: all connections share it, as it is dealt with before the next read. */
const anyRoom = Buffer.allocUnsafeSlow(65_536)

/** The most that is read while nobody wants it, in bytes. */
const mostEarly = 4_096

/** A body that was taken out of its connection, to be received where its sink wants it. */
export class TakenBody implements Incoming {
  readonly announced: number
  readonly #socket: Socket
  /** What came before anybody wanted it: a little, as nothing is read then. */
  #early: Buffer[]
  /** Bytes the socket is still to bring. */
  #left: number
  #sink: Sink | undefined
  #onClose: (() => void) | undefined

  constructor(socket: Socket, length: number, early: Uint8Array) {
    this.announced = length
    this.#socket = socket
    this.#early = [copyOf(early)]
    this.#left = length - early.length
  }

  get isOver(): boolean {
    return this.#left === 0 && this.#early.length === 0
  }

  /** Whether all of it has come. */
  get isReceived(): boolean {
    return this.#left === 0
  }

  get isFlowing(): boolean {
    return this.#sink !== undefined
  }

  onHangUp(listener: () => void): void {
    this.#onClose = () => {
      if (this.#left > 0) listener()
    }
    this.#socket.once('close', this.#onClose)
  }

  flow(sink: Sink): () => void {
    this.#sink = sink
    for (const bytes of this.#early.splice(0)) {
      sink.data(bytes)
      if (!sink.keeps) freeChunk(bytes)
    }
    if (this.#left > 0) this.#socket.resume()
    else this.#end()
    return () => this.#stop(sink)
  }

  /** Where to read to next: never more than is left, as the next request follows. */
  room(): Uint8Array {
    const atMost = this.#sink ? this.#left : Math.min(this.#left, mostEarly)
    return this.#sink?.room?.(atMost) ?? anyRoom.subarray(0, atMost)
  }

  /** Takes what was read. False to read no more for now. */
  receive(bytes: Buffer): boolean {
    this.#left -= bytes.length
    if (!this.#sink) {
      this.#early.push(copyOf(bytes))
      return false
    }
    this.#sink.data(this.#sink.keeps ? Buffer.from(bytes) : bytes)
    if (this.#left === 0) this.#end()
    return this.isFlowing
  }

  #end(): void {
    const sink = this.#sink
    this.#sink = undefined
    if (this.#onClose) this.#socket.off('close', this.#onClose)
    sink?.end()
  }

  #stop(sink: Sink): void {
    if (this.#sink !== sink) return
    this.#sink = undefined
    // The system may be about to read to where this sink wanted it, and that will be somebody else's.
    if (sink.room) this.#socket.destroy()
  }
}

/** In memory of its own, so that it can be freed. */
function copyOf(bytes: Uint8Array): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length)
  copy.set(bytes)
  return copy
}
