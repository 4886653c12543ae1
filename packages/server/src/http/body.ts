import { limits, ProtocolError } from '@sluice/protocol'
import type { Slot, Slots } from '../engine/slots.ts'
import type { Incoming, Sink } from './incoming.ts'

export interface BodyLimits {
  /** Longest time without a byte of a body, in milliseconds. */
  readonly idleMs: number
  /** Longest time for a whole body, in milliseconds, from the moment it is read. */
  readonly totalMs: number
}

/** Most bytes read of a body nobody wants, before the connection is given up. */
const maxDrained = limits.maxDataSize + limits.bodySlack

/** Says that the sender is gone or too slow: there is nobody to answer. */
export class BodyAborted extends Error {
  override readonly name = 'BodyAborted'
}

/**
 * A request's body. It is not read before somebody asks for it; what nobody asked for is drained before the answer, so
 * that clients which send it all before they listen see the answer and not a broken pipe.
 */
export class Body {
  readonly #incoming: Incoming
  readonly #slots: Slots
  readonly #limits: BodyLimits
  readonly #gone = new AbortController()
  #received = 0

  constructor(incoming: Incoming, slots: Slots, bodyLimits: BodyLimits) {
    this.#incoming = incoming
    this.#slots = slots
    this.#limits = bodyLimits
    incoming.onHangUp(() => this.#gone.abort(new BodyAborted('the client hung up')))
  }

  /** Aborts when the client hangs up before its request is complete. */
  get gone(): AbortSignal {
    return this.#gone.signal
  }

  /** Receives exactly `length` bytes into a slot, which the caller releases. Waits while no slot is free, reading nothing. */
  async read(length: number): Promise<Slot> {
    const { announced } = this.#incoming
    if (announced !== undefined && announced !== length) throw wrongLength(length, announced)
    const slot = await this.#slots.acquire(this.#gone.signal)
    try {
      await this.#receive(length + limits.bodySlack, {
        room: (atMost) => slot.room(atMost),
        data: (chunk) => {
          if (this.#received <= length) slot.append(chunk)
        },
      })
      if (this.#received !== length) throw wrongLength(length, this.#received)
      return slot
    } catch (error) {
      slot.release()
      throw error
    }
  }

  /** Receives a text, one character a byte; `undefined` when it is longer than `maxLength`. */
  async readText(maxLength: number): Promise<string | undefined> {
    const chunks: Buffer[] = []
    const isWhole = await this.#receive(maxLength, { keeps: true, data: (chunk) => chunks.push(chunk) })
    return isWhole ? Buffer.concat(chunks).toString('latin1') : undefined
  }

  /** Reads what is left and throws it away. False when that was too much or too slow: the connection is then of no use. */
  async drain(): Promise<boolean> {
    if (this.#incoming.isOver) return true
    try {
      return await this.#receive(maxDrained, { data: () => {} })
    } catch (error) {
      if (error instanceof BodyAborted) return false
      throw error
    }
  }

  /** Reads to the end, or until more than `maxBytes` have come in all: false. Rejects with BodyAborted. */
  async #receive(maxBytes: number, { data, ...sink }: Omit<Sink, 'end'>): Promise<boolean> {
    const gone = this.#gone.signal
    gone.throwIfAborted()
    const { promise, resolve, reject } = Promise.withResolvers<boolean>()
    const onGone = () => reject(gone.reason)
    gone.addEventListener('abort', onGone, { once: true })
    const tooSlow = () => reject(new BodyAborted('the body came too slowly'))
    let heardOf = this.#received
    const idle = setInterval(() => {
      if (heardOf === this.#received) tooSlow()
      heardOf = this.#received
    }, this.#limits.idleMs)
    const total = setTimeout(tooSlow, this.#limits.totalMs)
    const stop = this.#incoming.flow({
      ...sink,
      data: (chunk) => {
        this.#received += chunk.length
        data(chunk)
        if (this.#received > maxBytes) resolve(false)
      },
      end: () => resolve(true),
    })
    try {
      return await promise
    } finally {
      stop()
      clearInterval(idle)
      clearTimeout(total)
      gone.removeEventListener('abort', onGone)
    }
  }
}

function wrongLength(expected: number, found: number): ProtocolError {
  return new ProtocolError('body', `the body must have dataSize = ${expected} bytes, it has ${found}`)
}
