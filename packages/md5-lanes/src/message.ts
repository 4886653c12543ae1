import { hexToBytes, stateToHex } from './hex.ts'
import { BLOCK, INITIAL_STATE, tailBlocks } from './md5.ts'

/** A message whose bytes lie in the memory of an `Md5Lanes`, and come there bit by bit. */
export interface Message {
  /** `arriving` until `finish()`, `complete` until a run has its digest; `dropped` ends it earlier. */
  readonly status: 'arriving' | 'complete' | 'done' | 'dropped'
  /** Bytes that have come. */
  readonly length: number
  /** Bytes that are hashed and will not be read again; whole blocks of 64. Behind them the memory must keep its bytes. */
  readonly hashed: number
  /** Says that so many more bytes stand in memory, behind those that have come. RangeError where memory ends. */
  append(bytes: number): void
  /** Says that the bytes not hashed yet stand at another address from now on, for messages longer than their room. */
  moveTo(address: number): void
  /** Says that no more bytes will come: the next run computes the digest. */
  finish(): void
  /** Forgets the message, at any time. Its memory may be used for another at once. */
  drop(): void
  /** The MD5, 16 bytes. Throws unless done. */
  digest(): Uint8Array<ArrayBuffer>
  /** The MD5 as 32 lower-case hex digits. Throws unless done. */
  hex(): string
}

/** What a message asks of the lanes it belongs to. */
export interface Host {
  /** Throws unless the bytes lie in memory and outside the scratch area. */
  requireRoom(address: number, bytes: number): void
  completed(message: LaneMessage): void
  dropped(message: LaneMessage): void
}

/** A message as the lanes see it. */
export class LaneMessage implements Message {
  status: Message['status'] = 'arriving'
  length = 0
  hashed = 0
  /** Blocks of the padded end that are hashed. */
  tailHashed = 0
  /** Where the first byte not hashed stands. */
  address: number
  /** A, B, C and D after the hashed blocks. */
  readonly state = [...INITIAL_STATE]
  readonly #host: Host
  #hex: string | undefined

  constructor(host: Host, address: number) {
    host.requireRoom(address, 0)
    this.#host = host
    this.address = address
  }

  /** Bytes that have come and are not hashed. */
  get waiting(): number {
    return this.length - this.hashed
  }

  /** Nothing of it has been hashed here, so another MD5 may still take it over. */
  get untouched(): boolean {
    return this.hashed === 0 && this.tailHashed === 0
  }

  /** Only the padded end is left. */
  get atTail(): boolean {
    return this.status === 'complete' && this.waiting < BLOCK
  }

  /** Blocks that can be hashed in one go. */
  get blocksReady(): number {
    return this.atTail ? tailBlocks(this.waiting) - this.tailHashed : Math.floor(this.waiting / BLOCK)
  }

  /** Takes note that so many of `blocksReady` are hashed. */
  advance(blocks: number): void {
    if (this.atTail) {
      this.tailHashed += blocks
      if (this.blocksReady === 0) this.status = 'done'
    } else {
      this.hashed += blocks * BLOCK
      this.address += blocks * BLOCK
    }
  }

  /** Is done, by another's work. */
  take(hex: string): void {
    this.#hex = hex
    this.hashed = this.length
    this.status = 'done'
  }

  append(bytes: number): void {
    this.#requireArriving('append')
    if (!Number.isSafeInteger(bytes) || bytes < 0) throw new RangeError(`md5-lanes: cannot append ${bytes} bytes`)
    this.#host.requireRoom(this.address, this.waiting + bytes)
    this.length += bytes
  }

  moveTo(address: number): void {
    this.#requireArriving('moveTo')
    this.#host.requireRoom(address, this.waiting)
    this.address = address
  }

  finish(): void {
    this.#requireArriving('finish')
    this.status = 'complete'
    this.#host.completed(this)
  }

  drop(): void {
    if (this.status === 'dropped' || this.status === 'done') return
    this.#host.dropped(this)
    this.status = 'dropped'
  }

  digest(): Uint8Array<ArrayBuffer> {
    return hexToBytes(this.hex())
  }

  hex(): string {
    if (this.status !== 'done') throw new Error(`md5-lanes: no digest yet, the message is ${this.status}`)
    this.#hex ??= stateToHex(this.state)
    return this.#hex
  }

  #requireArriving(call: string): void {
    if (this.status !== 'arriving') throw new Error(`md5-lanes: ${call}() on a message that is ${this.status}`)
  }
}
