import { type Kernel, kernelsOn } from './kernels.ts'
import { BLOCK } from './md5.ts'
import { LaneMessage, type Message } from './message.ts'
import { planPasses, USUAL_COSTS } from './plan.ts'
import { nodeMd5, type WasmMemory, type WholeMd5 } from './platform.ts'
import { Queue } from './queue.ts'
import { SCRATCH_BYTES, Scratch } from './scratch.ts'
import { seat } from './seats.ts'
import { measure, warm } from './warm-up.ts'
import type { Width } from './width.ts'
import { constantTable } from './words.ts'

export interface Md5LanesOptions {
  /** Where the messages are: any WebAssembly.Memory that is not shared. */
  readonly memory: WasmMemory
  /** Address of `SCRATCH_BYTES` bytes that belong to the lanes alone. Default 0. */
  readonly scratchAddress?: number
  /** A message still arriving joins a pass when at least so many of its bytes wait. Default 16 KiB. */
  readonly rideFrom?: number
  /** The kernels to choose from, for tests and measurements. Default: all; those that cannot run here are left out. */
  readonly widths?: readonly Width[]
  /** Whether node:crypto may take a message that is alone. Default true; without effect where there is none. */
  readonly nodeCrypto?: boolean
}

export interface RunOptions {
  /**
   * `ride`: messages still arriving fill the lanes that complete ones leave empty. `drive`: they are hashed as far as
   * they have come even when no message is complete. Default `ride`.
   */
  readonly arriving?: 'ride' | 'drive'
  /** Returns after about so many bytes, over all lanes; the next run goes on. Default: when all is done. */
  readonly maxBytes?: number
}

/** MD5 of many messages in one WebAssembly.Memory, several at once. */
export class Md5Lanes {
  /** Messages a pass takes at most; 0 where there are no kernels and node:crypto does it all. */
  readonly widest: number
  readonly #memory: WasmMemory
  readonly #rideFrom: number
  readonly #kernels: ReadonlyMap<Width, Kernel>
  readonly #wholeMd5: WholeMd5 | undefined
  readonly #arriving = new Set<LaneMessage>()
  readonly #complete = new Queue<LaneMessage>((message) => message.status === 'complete')
  #completeCount = 0
  #plan: readonly Width[]
  #scratch: Scratch

  constructor(options: Md5LanesOptions) {
    const { memory, scratchAddress = 0, rideFrom = 16384, widths, nodeCrypto = true } = options
    if (isShared(memory.buffer)) throw new TypeError('md5-lanes: shared memory is not supported')
    requireInside(memory, scratchAddress, SCRATCH_BYTES)
    this.#memory = memory
    this.#rideFrom = Math.max(rideFrom, BLOCK)
    this.#kernels = new Map([...kernelsOn(memory)].filter(([width]) => widths?.includes(width) ?? true))
    this.#wholeMd5 = nodeCrypto ? nodeMd5 : undefined
    if (this.#kernels.size === 0 && !this.#wholeMd5) throw new Error('md5-lanes: neither a kernel nor node:crypto here')
    this.widest = Math.max(0, ...this.#kernels.keys())
    this.#plan = planPasses(new Map([...USUAL_COSTS].filter(([width]) => this.#kernels.has(width))))
    this.#scratch = new Scratch(memory.buffer, scratchAddress)
    this.#scratch.writeConstants(constantTable)
  }

  /** Messages whose bytes still come. */
  get arriving(): number {
    return this.#arriving.size
  }

  /** Messages that wait for a run. */
  get complete(): number {
    return this.#completeCount
  }

  /** A new message, empty yet, whose first byte will stand at `address`. */
  begin(address: number): Message {
    const message = new LaneMessage(this.#host, address)
    this.#arriving.add(message)
    return message
  }

  /** Hashes until no complete message is left. Returns those that are done now, in the order in which they came to be. */
  run({ arriving = 'ride', maxBytes = Number.POSITIVE_INFINITY }: RunOptions = {}): Message[] {
    const done: Message[] = []
    for (let bytes = 0; bytes < maxBytes; ) {
      const messages = this.#nextMessages(arriving)
      const [first] = messages
      if (!first) break
      const alone = messages.length === 1 && first.status === 'complete' && first.untouched
      bytes += alone && this.#wholeMd5 ? this.#hashWhole(first, this.#wholeMd5) : this.#pass(messages, maxBytes - bytes)
      done.push(...messages.filter((message) => message.status === 'done'))
    }
    this.#completeCount -= done.length
    return done
  }

  /**
   * Has the engine compile the kernels with its best compiler, and measures which of them are worth using for how many
   * messages on this machine. Takes about 0.1 s in slices of a few ms; runs may come in between.
   */
  async warmUp(): Promise<void> {
    await warm(this.#kernels, () => this.#currentScratch())
    const costs = await measure(this.#kernels, () => this.#currentScratch())
    if (costs) this.#plan = planPasses(costs)
  }

  readonly #host = {
    requireRoom: (address: number, bytes: number) => {
      requireInside(this.#memory, address, bytes)
      const { base } = this.#scratch
      if (address < base + SCRATCH_BYTES && address + bytes > base) {
        throw new RangeError(`md5-lanes: ${bytes} bytes at ${address} reach into the scratch area at ${base}`)
      }
    },
    completed: (message: LaneMessage) => {
      this.#arriving.delete(message)
      this.#complete.push(message)
      this.#completeCount++
    },
    dropped: (message: LaneMessage) => {
      if (message.status === 'complete') this.#completeCount--
      this.#arriving.delete(message)
    },
  }

  /** The messages of the next pass: complete ones, oldest first, then those arriving that have most to hash. */
  #nextMessages(arriving: 'ride' | 'drive'): LaneMessage[] {
    const messages = this.#complete.first(this.widest || 1)
    const free = this.widest - messages.length
    if (free <= 0 || (messages.length === 0 && arriving === 'ride')) return messages
    const enough = arriving === 'drive' ? BLOCK : this.#rideFrom
    const riders = [...this.#arriving].filter((message) => message.waiting >= enough)
    riders.sort((x, y) => y.waiting - x.waiting)
    return [...messages, ...riders.slice(0, free)]
  }

  /** Takes the first of the messages further, as many as the kernel takes that suits their number. Returns bytes. */
  #pass(messages: readonly LaneMessage[], maxBytes: number): number {
    const scratch = this.#currentScratch()
    const width = this.#plan[messages.length] as Width
    const seats = seat(messages.slice(0, width), width)
    const speed = seats.reduce((sum, { speed }) => sum + speed, 0)
    const turns = Math.min(Math.ceil(maxBytes / BLOCK / speed), ...seats.map(({ turns }) => turns))
    const kernel = this.#kernels.get(width) as Kernel
    scratch.writeLanes(width, seats)
    kernel(scratch.base, turns)
    for (const { lane, message, speed } of seats) {
      scratch.readState(width, lane, message.state)
      message.advance(turns * speed)
    }
    return turns * BLOCK * speed
  }

  #hashWhole(message: LaneMessage, wholeMd5: WholeMd5): number {
    message.take(wholeMd5(new Uint8Array(this.#memory.buffer, message.address, message.length)))
    return message.length
  }

  /** Memory that has grown has another buffer. */
  #currentScratch(): Scratch {
    if (this.#scratch.buffer !== this.#memory.buffer) {
      this.#scratch = new Scratch(this.#memory.buffer, this.#scratch.base)
    }
    return this.#scratch
  }
}

function requireInside({ buffer }: WasmMemory, address: number, bytes: number): void {
  if (!Number.isSafeInteger(address) || address < 0) throw new RangeError(`md5-lanes: ${address} is not an address`)
  if (address + bytes > buffer.byteLength) {
    throw new RangeError(`md5-lanes: ${bytes} bytes at ${address} reach past the end of memory at ${buffer.byteLength}`)
  }
}

function isShared(buffer: ArrayBufferLike): boolean {
  return typeof SharedArrayBuffer === 'function' && buffer instanceof SharedArrayBuffer
}
