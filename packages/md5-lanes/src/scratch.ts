import { BLOCK, INITIAL_STATE, pad } from './md5.ts'
import type { LaneMessage } from './message.ts'

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
   * Puts messages into the lanes of a kernel, of which those from `swiftFrom` on are swift. Lanes without one read what
   * others read, to no effect; swift ones this scratch area, when there is none but them.
   */
  writeLanes(lanes: readonly (LaneMessage | undefined)[], swiftFrom: number): void {
    const addresses = lanes.map((message, lane) => message && this.#addressOf(message, lane))
    const swift = addresses.slice(swiftFrom).find((address) => address !== undefined) ?? this.base
    const other = addresses.find((address) => address !== undefined) ?? this.base
    for (const [lane, message] of lanes.entries()) {
      this.#writeWord(at.pointers, lane, addresses[lane] ?? (lane < swiftFrom ? other : swift))
      const state = message?.state ?? INITIAL_STATE
      for (let word = 0; word < 4; word++) this.#writeWord(at.state, word * lanes.length + lane, state[word] as number)
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
