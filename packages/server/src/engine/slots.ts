/**
 * The memory of parts in flight: one fixed pool of equal buffers. A part takes one slot from the first byte of its body
 * until nobody needs its bytes any more. When all are taken, the next request waits and its socket is not read.
 */
export class Slots {
  readonly slotSize: number
  readonly count: number
  readonly #free: Slot[] = []
  readonly #waiting = new Set<(slot: Slot) => void>()
  #made = 0

  /** `budget` and `slotSize` in bytes; at least one slot. Memory is taken when a slot is first used. */
  constructor(budget: number, slotSize: number) {
    this.slotSize = slotSize
    this.count = Math.max(1, Math.floor(budget / slotSize))
  }

  /** Slots nobody holds. */
  get free(): number {
    return this.count - this.#made + this.#free.length
  }

  get waiting(): number {
    return this.#waiting.size
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
    this.#made++
    return new Slot(Buffer.allocUnsafeSlow(this.slotSize), (slot) => this.#giveBack(slot))
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

/** A buffer of the pool, with a count of its holders; the last one to release it gives it back. */
export class Slot {
  /** Bytes filled so far. */
  length = 0
  readonly #buffer: Buffer
  readonly #giveBack: (slot: Slot) => void
  #holders = 0

  constructor(buffer: Buffer, giveBack: (slot: Slot) => void) {
    this.#buffer = buffer
    this.#giveBack = giveBack
  }

  /** The bytes filled so far; valid while held. */
  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.length)
  }

  /** Appends bytes; the caller sees to it that they fit. */
  append(chunk: Uint8Array): void {
    this.#buffer.set(chunk, this.length)
    this.length += chunk.length
  }

  taken(): this {
    this.length = 0
    this.#holders = 1
    return this
  }

  hold(): void {
    this.#holders++
  }

  release(): void {
    if (--this.#holders === 0) this.#giveBack(this)
  }
}
