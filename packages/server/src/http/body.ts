import type { IncomingMessage } from 'node:http'
import { limits, ProtocolError } from '@sluice/protocol'
import { freeChunk } from '../engine/free-chunk.ts'
import type { Slot, Slots } from '../engine/slots.ts'

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
  readonly #request: IncomingMessage
  readonly #slots: Slots
  readonly #limits: BodyLimits
  readonly #gone = new AbortController()
  #received = 0

  constructor(request: IncomingMessage, slots: Slots, bodyLimits: BodyLimits) {
    this.#request = request
    this.#slots = slots
    this.#limits = bodyLimits
    request.once('close', () => {
      if (!request.complete) this.#gone.abort(new BodyAborted('the client hung up'))
    })
  }

  /** Aborts when the client hangs up before its request is complete. */
  get gone(): AbortSignal {
    return this.#gone.signal
  }

  /** Receives exactly `length` bytes into a slot, which the caller releases. Waits while no slot is free, reading nothing. */
  async read(length: number): Promise<Slot> {
    const announced = this.#request.headers['content-length']
    if (announced !== undefined && Number(announced) !== length) throw wrongLength(length, announced)
    const slot = await this.#slots.acquire(this.#gone.signal)
    try {
      await this.#receive(length + limits.bodySlack, (chunk) => {
        if (this.#received <= length) slot.append(chunk)
      })
      if (this.#received !== length) throw wrongLength(length, String(this.#received))
      return slot
    } catch (error) {
      slot.release()
      throw error
    }
  }

  /** Receives a text, one character a byte; `undefined` when it is longer than `maxLength`. */
  async readText(maxLength: number): Promise<string | undefined> {
    const chunks: Buffer[] = []
    const isWhole = await this.#receive(maxLength, (chunk) => chunks.push(chunk), true)
    return isWhole ? Buffer.concat(chunks).toString('latin1') : undefined
  }

  /** Reads what is left and throws it away. False when that was too much or too slow: the connection is then of no use. */
  async drain(): Promise<boolean> {
    if (this.#request.complete && this.#request.readableLength === 0) return true
    try {
      return await this.#receive(maxDrained, () => {})
    } catch (error) {
      if (error instanceof BodyAborted) return false
      throw error
    }
  }

  /**
   * Reads to the end, or until more than `maxBytes` have come in all: false. Rejects with BodyAborted. A chunk is only
   * good until the next one comes, unless it is to be kept.
   */
  #receive(maxBytes: number, take: (chunk: Buffer) => void, keep = false): Promise<boolean> {
    const request = this.#request
    return new Promise((resolve, reject) => {
      let heardOf = this.#received
      let spent: Buffer | undefined // freed when its turn is over: until then the HTTP parser may still stand in it
      const settle = (outcome: () => void) => {
        clearInterval(idle)
        clearTimeout(total)
        request.off('data', onData).off('end', onEnd)
        this.#gone.signal.removeEventListener('abort', onGone)
        outcome()
      }
      const tooSlow = () => settle(() => reject(new BodyAborted('the body came too slowly')))
      const onGone = () => settle(() => reject(this.#gone.signal.reason))
      const onEnd = () => {
        if (spent) freeChunk(spent)
        settle(() => resolve(true))
      }
      const onData = (chunk: Buffer) => {
        this.#received += chunk.length
        take(chunk)
        if (spent) freeChunk(spent)
        if (!keep) spent = chunk
        if (this.#received <= maxBytes) return
        request.pause()
        settle(() => resolve(false))
      }
      const idle = setInterval(() => {
        if (heardOf === this.#received) tooSlow()
        heardOf = this.#received
      }, this.#limits.idleMs)
      const total = setTimeout(tooSlow, this.#limits.totalMs)
      if (this.#gone.signal.aborted) return onGone()
      if (request.readableEnded) return onEnd()
      this.#gone.signal.addEventListener('abort', onGone, { once: true })
      request.on('data', onData).on('end', onEnd)
      request.resume()
    })
  }
}

function wrongLength(expected: number, found: string): ProtocolError {
  return new ProtocolError('body', `the body must have dataSize = ${expected} bytes, it has ${found}`)
}
