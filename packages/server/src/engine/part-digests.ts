import { createHash } from 'node:crypto'
import { Md5Lanes, type Message, type WasmMemory } from '@sluice/md5-lanes'
import { RecentPeak } from './recent-peak.ts'

/** Parts at once from which hashing them together is worth waiting for. */
const fewestTogether = 3

/**
 * Longest wait for company, in milliseconds: about half of what a part takes when six at a time keep the machine busy.
 * Longer waits fill the lanes no better, shorter ones leave half of them empty.
 */
const lingerMs = 8

/** The MD5 of one part, computed while it arrives. */
export interface PartDigest {
  /** The next bytes of the part; they stand in its slot already. */
  append(chunk: Uint8Array): void
  /** The MD5 of all bytes, 32 lower-case hex digits; no more will come. */
  finish(): Promise<string>
  /** The part is through, finished or not. */
  end(): void
}

/**
 * MD5 of the parts in flight. Where there are several at a time they are hashed together, eight for little more than the
 * price of one; those still arriving fill the lanes that complete ones leave empty. Where there are one or two, OpenSSL
 * hashes each as its bytes come, so that a lone client waits for nothing.
 */
export class PartDigests {
  readonly #lanes: Md5Lanes
  readonly #inFlight = new RecentPeak()
  readonly #complete = new Map<Message, (md5: string) => void>()
  #timer: NodeJS.Timeout | undefined
  #soon = false

  constructor(memory: WasmMemory) {
    this.#lanes = new Md5Lanes({ memory })
  }

  warmUp(): Promise<void> {
    return this.#lanes.warmUp()
  }

  /** A part whose bytes will stand in memory from `address` on. */
  begin(address: number): PartDigest {
    this.#inFlight.enter()
    return this.#inFlight.value < fewestTogether ? this.#alone() : this.#together(address)
  }

  #alone(): PartDigest {
    const hash = createHash('md5')
    return {
      append: (chunk) => hash.update(chunk),
      finish: async () => hash.digest('hex'),
      end: () => this.#inFlight.leave(),
    }
  }

  #together(address: number): PartDigest {
    const message = this.#lanes.begin(address)
    return {
      append: (chunk) => message.append(chunk.length),
      finish: () => {
        message.finish()
        return new Promise((resolve) => {
          this.#complete.set(message, resolve)
          this.#runInTime()
        })
      },
      end: () => {
        this.#inFlight.leave()
        this.#complete.delete(message)
        message.drop()
      },
    }
  }

  /** Runs when there is as much company as there was of late, or a little later. */
  #runInTime(): void {
    if (this.#soon) return
    if (this.#complete.size < Math.min(this.#lanes.widest, this.#inFlight.value)) {
      this.#timer ??= setTimeout(() => this.#run(), lingerMs)
      return
    }
    this.#soon = true
    setImmediate(() => this.#run()) // what the same turn of the event loop brings comes along
  }

  #run(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#soon = false
    for (const message of this.#lanes.run()) {
      const resolve = this.#complete.get(message)
      this.#complete.delete(message)
      resolve?.(message.hex())
    }
  }
}
