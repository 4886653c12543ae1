import { BLOCK, pad } from './md5.ts'
import type { LaneMessage } from './message.ts'
import type { Seat } from './seats.ts'
import { swiftLanes, type Width } from './width.ts'

/** The widest kernel: so many messages advance in one pass. */
const MOST_LANES = 12

/** Where things are in the scratch area, in bytes from its start. All words are little-endian, as MD5's own are. */
export const at = {
  /** The constants of the 64 steps, one word each; written once. */
  constants: 0,
  /** For each four lanes: the 16 words of the current block, each as a vector of the four lanes' words. */
  words: 256,
  /** For each lane: the address of its next block, one word. */
  pointers: 1024,
  /** A of every lane, then B, C and D of every lane. */
  state: 1088,
  /** For each lane: room for the one or two padded blocks that end a message. */
  tails: 1280,
} as const

const TAIL_ROOM = 2 * BLOCK

/** Bytes the scratch area takes. */
export const SCRATCH_BYTES = at.tails + MOST_LANES * TAIL_ROOM

/** The scratch area: what a kernel is told and what it leaves. Addresses are those of `buffer`. */
export class Scratch {
  readonly buffer: ArrayBufferLike
  readonly base: number
  readonly #bytes: Uint8Array
  readonly #view: DataView

  constructor(buffer: ArrayBufferLike, base: number) {
    this.buffer = buffer
    this.base = base
    this.#bytes = new Uint8Array(buffer)
    this.#view = new DataView(buffer)
  }

  /** `constants`: of the 64 steps. */
  writeConstants(constants: readonly number[]): void {
    for (const [index, constant] of constants.entries()) this.#writeWord(at.constants, index, constant)
  }

  /**
   * Puts messages into the lanes of a kernel. A lane without one reads what others read, to no effect; a swift one, where
   * others read too little, this scratch area.
   */
  writeLanes(width: Width, seats: readonly Seat[]): void {
    const swiftFrom = width - swiftLanes(width)
    const addresses = new Array<number | undefined>(width).fill(undefined)
    for (const { lane, message } of seats) {
      addresses[lane] = this.#addressOf(message, lane)
      for (const [word, value] of message.state.entries()) this.#writeWord(at.state, word * width + lane, value)
    }
    const any = addresses.find((address) => address !== undefined) ?? this.base
    const swift = addresses.slice(swiftFrom).find((address) => address !== undefined) ?? this.base
    for (const [lane, address] of addresses.entries()) {
      this.#writeWord(at.pointers, lane, address ?? (lane < swiftFrom ? any : swift))
    }
  }

  /** Lets all lanes read from one address. */
  pointAllAt(address: number): void {
    for (let lane = 0; lane < MOST_LANES; lane++) this.#writeWord(at.pointers, lane, address)
  }

  /** Takes over what the kernel has left of the state of the message in a lane. */
  readState(width: number, lane: number, state: number[]): void {
    for (let word = 0; word < 4; word++) {
      state[word] = this.#view.getUint32(this.base + at.state + 4 * (word * width + lane), true)
    }
  }

  #writeWord(start: number, index: number, value: number): void {
    this.#view.setUint32(this.base + start + 4 * index, value, true)
  }

  /** Where the blocks of a message are that come next: its padded end is put together here. */
  #addressOf(message: LaneMessage, lane: number): number {
    if (!message.atTail) return message.address
    const tail = this.base + at.tails + lane * TAIL_ROOM
    const bytes = message.waiting
    this.#bytes.copyWithin(tail, message.address, message.address + bytes)
    pad(this.#bytes, this.#view, tail, bytes, message.length)
    return tail + message.tailHashed * BLOCK
  }
}
