import { createMemory, SCRATCH_BYTES, type WasmMemory } from '@sluice/md5-lanes'
import { type PartDigest, PartDigests } from './part-digests.ts'

/** Slots begin on a page, behind the room the lanes need for themselves: memory that lies so can bypass the page cache. */
const pageSize = 4096

/** A WebAssembly memory ends at 4 GiB. */
export const maxBudget = 2 ** 32 - 2 ** 20

/**
 * The memory of parts in flight: one fixed pool of equal slots. A part takes one slot from the first byte of its body
 * until nobody needs its bytes any more. When all are taken, the next request waits and its socket is not read.
 */
export class Slots {
  readonly slotSize: number
  readonly count: number
  readonly #memory: WasmMemory
  readonly #digests: PartDigests
  readonly #free: Slot[] = []
  readonly #waiting = new Set<(slot: Slot) => void>()
  #made = 0

  /** `budget` and `slotSize` in bytes; at least one slot. The system gives the memory as slots are first used. */
  constructor(budget: number, slotSize: number) {
    this.slotSize = slotSize
    this.count = Math.max(1, Math.floor(Math.min(budget, maxBudget) / slotSize))
    this.#memory = createMemory(firstSlot + this.count * slotSize)
    this.#digests = new PartDigests(this.#memory)
  }

  /** Slots nobody holds. */
  get free(): number {
    return this.count - this.#made + this.#free.length
  }

  get waiting(): number {
    return this.#waiting.size
  }

  /** Has the MD5 kernels compiled before the first parts need them; takes some tens of milliseconds in small slices. */
  warmUp(): Promise<void> {
    return this.#digests.warmUp()
  }

  /** Takes a slot, in turn. Rejects with the signal's reason when it aborts first. */
  async acquire(signal: AbortSignal): Promise<Slot> {
    signal.throwIfAborted()
    const slot = this.#free.pop() ?? this.#make()
    if (slot) return slot.taken()
    return new Promise((resolve, reject) => {
      const give = (given: Slot) => {
        signal.removeEventListener('abort', leave)
        resolve(given.taken())
      }
      const leave = () => {
        this.#waiting.delete(give)
        reject(signal.reason)
      }
      this.#waiting.add(give)
      signal.addEventListener('abort', leave, { once: true })
    })
  }

  #make(): Slot | undefined {
    if (this.#made === this.count) return undefined
    const address = firstSlot + this.#made++ * this.slotSize
    return new Slot(this.#memory, address, this.#digests, (slot) => this.#giveBack(slot))
  }

  #giveBack(slot: Slot): void {
    const [next] = this.#waiting
    if (!next) {
      this.#free.push(slot)
      return
    }
    this.#waiting.delete(next)
    next(slot)
  }
}

const firstSlot = Math.ceil(SCRATCH_BYTES / pageSize) * pageSize

/** Room for one part, with a count of its holders; the last one to release it gives it back. */
export class Slot {
  /** Bytes filled so far. */
  length = 0
  readonly #memory: WasmMemory
  readonly #all: Uint8Array
  readonly #address: number
  readonly #digests: PartDigests
  readonly #giveBack: (slot: Slot) => void
  #digest: PartDigest | undefined
  #holders = 0

  constructor(memory: WasmMemory, address: number, digests: PartDigests, giveBack: (slot: Slot) => void) {
    this.#memory = memory
    this.#all = new Uint8Array(memory.buffer)
    this.#address = address
    this.#digests = digests
    this.#giveBack = giveBack
  }

  /** The bytes filled so far; valid while held. */
  get bytes(): Buffer {
    return Buffer.from(this.#memory.buffer, this.#address, this.length)
  }

  /** The place of the next bytes, at most so many; what is put there is still to be appended. */
  room(atMost: number): Uint8Array {
    return Buffer.from(this.#memory.buffer, this.#address + this.length, atMost)
  }

  /** Appends bytes, which may stand in their place already; the caller sees to it that they fit. */
  append(chunk: Uint8Array): void {
    if (chunk.buffer !== this.#memory.buffer) this.#all.set(chunk, this.#address + this.length)
    this.length += chunk.length
    this.#digest?.append(chunk)
  }

  /** The MD5 of the bytes filled, 32 lower-case hex digits. To be asked once, when no more will come. */
  async md5(): Promise<string> {
    if (!this.#digest) throw new Error('the request that filled this slot is over')
    return this.#digest.finish()
  }

  taken(): this {
    this.length = 0
    this.#holders = 1
    this.#digest = this.#digests.begin(this.#address)
    return this
  }

  /** Keeps the bytes beyond the end of the request that filled them. */
  hold(): void {
    this.#holders++
  }

  /** Lets go: first of all the request that filled the slot, then whoever holds it. */
  release(): void {
    this.#digest?.end()
    this.#digest = undefined
    if (--this.#holders === 0) this.#giveBack(this)
  }
}
