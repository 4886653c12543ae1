import { limits } from '@sluice/protocol'
import type { Metadata, RecordedEvent } from '../metadata/metadata.ts'
import { newLeaseId } from './event-handle.ts'

export interface PullDeps {
  readonly metadata: Pick<Metadata, 'leaseToPull' | 'endLease'>
  readonly now: () => number
  /** Told how many events a poller was given. */
  readonly onPulled: (events: number) => void
}

/** Somebody who waits for events of an app. */
interface Poller {
  readonly answer: (events: RecordedEvent[]) => void
  readonly fail: (error: unknown) => void
}

/** The pollers of one app, in order of their coming. */
interface Line {
  readonly pollers: Set<Poller>
  types: readonly string[] | undefined
  isServed: boolean
  /** Whether somebody came, or something was recorded, since the store was last asked. */
  again: boolean
}

/**
 * Gives queued events to those who ask for them. Who finds none waits in line: a waiting poller is a timer and an entry
 * in a set, and the store is asked once for all of an app's pollers, when `ring` says that something was recorded.
 */
export class PullEvents {
  readonly #deps: PullDeps
  readonly #holdMs: number
  readonly #lines = new Map<number, Line>()
  #isClosed = false

  constructor(deps: PullDeps, holdMs: number = limits.pullHoldMs) {
    this.#deps = deps
    this.#holdMs = holdMs
  }

  /** Apps that pollers wait for. */
  get appIds(): number[] {
    return [...this.#lines.keys()]
  }

  /** Pollers that wait. */
  get waiting(): number {
    let waiting = 0
    for (const { pollers } of this.#lines.values()) waiting += pollers.size
    return waiting
  }

  /**
   * Holds up to 16 of an app's queued events for 30 s: at once, or as soon as there is one; none after 5 s, when the
   * poller leaves, or when the service closes.
   */
  pull(appId: number, types: readonly string[] | undefined, left: AbortSignal): Promise<RecordedEvent[]> {
    if (this.#isClosed || left.aborted) return Promise.resolve([])
    return new Promise((resolve, reject) => {
      const line = this.#lineOf(appId, types)
      const settle = (outcome: () => void) => {
        clearTimeout(timer)
        left.removeEventListener('abort', leave)
        line.pollers.delete(poller)
        if (line.pollers.size === 0 && !line.isServed) this.#lines.delete(appId)
        outcome()
      }
      const poller: Poller = {
        answer: (events) => settle(() => resolve(events)),
        fail: (error) => settle(() => reject(error)),
      }
      const leave = () => poller.answer([])
      const timer = setTimeout(leave, this.#holdMs)
      left.addEventListener('abort', leave, { once: true })
      // While others wait there is nothing, or a ring is on its way: the store need not be asked for each who joins them.
      const isFirst = line.pollers.size === 0
      line.pollers.add(poller)
      if (isFirst) this.ring(appId)
    })
  }

  /** Says that an app may have events for its pollers. */
  ring(appId: number): void {
    const line = this.#lines.get(appId)
    if (!line) return
    line.again = true
    if (!line.isServed) void this.#serve(appId, line)
  }

  /** Sends everybody away with nothing, and whoever comes from now on. */
  close(): void {
    this.#isClosed = true
    for (const { pollers } of this.#lines.values()) for (const poller of pollers) poller.answer([])
  }

  #lineOf(appId: number, types: readonly string[] | undefined): Line {
    const line = this.#lines.get(appId) ?? { pollers: new Set(), types, isServed: false, again: false }
    line.types = types
    this.#lines.set(appId, line)
    return line
  }

  async #serve(appId: number, line: Line): Promise<void> {
    line.isServed = true
    try {
      while (line.again && line.pollers.size > 0) {
        line.again = false
        while (line.pollers.size > 0 && (await this.#serveOne(appId, line)));
      }
    } catch (error) {
      for (const poller of line.pollers) poller.fail(error)
    }
    line.isServed = false
    if (line.pollers.size === 0) this.#lines.delete(appId)
    else if (line.again) void this.#serve(appId, line)
  }

  /** Gives events to the first in line; false when there are none. Who left meanwhile is passed over. */
  async #serveOne(appId: number, { pollers, types }: Line): Promise<boolean> {
    const { metadata, onPulled } = this.#deps
    const leaseId = newLeaseId()
    const now = this.#deps.now()
    const lease = { appId, types, leaseId, now, until: now + limits.handleMs, limit: limits.maxPulledEvents }
    const events = await metadata.leaseToPull(lease)
    if (events.length === 0) return false
    const [first] = pollers
    if (first) {
      onPulled(events.length)
      first.answer(events)
    } else
      await metadata.endLease(
        leaseId,
        events.map(({ eventId }) => eventId),
      )
    return true
  }
}
