import { type AppEvent, limits, type VodCalls } from '@sluice/protocol'
import { BackendError } from './backend-error.ts'
import { call, callOnce } from './call.ts'
import type { Connection } from './connection.ts'
import { eventKey } from './event-key.ts'
import type { EventsOptions } from './events.ts'
import { delayMs } from './retry.ts'

/** An event that is ours for a while. */
export interface HeldEvent {
  readonly key: string
  readonly event: AppEvent
  readonly msgHandle: string
  readonly beginBy: number
}

/** Past this much of a handle's time an event is not begun: it comes again, and may go to somebody with more time. */
const beginWithinMs = (limits.handleMs * 2) / 3
/** How long a confirmation waits for others to go along with it. */
const confirmWithinMs = 200
/** A poll is held for 5 s. One that comes back empty sooner than this is not followed by another at once. */
const soonMs = 1_000
/** Events handled but not confirmed that are remembered. */
const maxRemembered = 10_000

/**
 * Events on their way from the service to their handlers and back as confirmations. An event whose handling outlived its
 * handle is remembered: when it comes again it is confirmed, and not handled twice.
 */
export class EventQueue {
  readonly #connection: Connection
  readonly #signal: AbortSignal
  readonly #onTrouble: NonNullable<EventsOptions['onTrouble']>
  readonly #waiting: HeldEvent[] = []
  readonly #begun = new Set<string>()
  readonly #handled = new Set<string>()
  #toConfirm: HeldEvent[] = []
  #confirming: Promise<void> = Promise.resolve()
  #confirmTimer: NodeJS.Timeout | undefined
  #pulling: Promise<void> | undefined

  constructor(connection: Connection, { signal, onTrouble }: Required<EventsOptions>) {
    this.#connection = connection
    this.#signal = signal
    this.#onTrouble = onTrouble
  }

  /** The next event to handle; waits for one. `undefined` once the signal aborted. Rejects when pulling is refused. */
  async take(): Promise<HeldEvent | undefined> {
    while (!this.#signal.aborted) {
      const held = this.#next()
      if (held) return held
      this.#pulling ??= this.#pull().finally(() => {
        this.#pulling = undefined
      })
      await this.#pulling
    }
    return undefined
  }

  /** Says that an event was handled: it is confirmed, alone or with others. */
  done(held: HeldEvent): void {
    this.#begun.delete(held.key)
    this.#remember(held.key)
    this.#confirmSoon(held)
  }

  /** Says that an event was not handled: it comes again. */
  failed({ key }: HeldEvent): void {
    this.#begun.delete(key)
  }

  /** Confirms what was handled. */
  async close(): Promise<void> {
    while (this.#toConfirm.length > 0) await this.#confirmNow()
    await this.#confirming
  }

  #next(): HeldEvent | undefined {
    for (let held = this.#waiting.shift(); held; held = this.#waiting.shift()) {
      if (this.#handled.has(held.key)) this.#confirmSoon(held)
      else if (!this.#begun.has(held.key) && this.#connection.clock() < held.beginBy) {
        this.#begun.add(held.key)
        return held
      }
    }
    return undefined
  }

  /** Waits for events, as long as it takes. */
  async #pull(): Promise<void> {
    const { clock, random, sleep, timeoutMs } = this.#connection
    const signal = this.#signal
    for (let failures = 0; !signal.aborted; ) {
      const askedAt = clock()
      let waitMs: number
      try {
        const options = { signal, timeoutMs: limits.pullHoldMs + timeoutMs }
        const pulled = readPulled(await callOnce(this.#connection, 'PullEvent', {}, options))
        const now = clock()
        this.#waiting.push(...pulled.map((one) => ({ ...one, beginBy: now + beginWithinMs })))
        if (pulled.length > 0 || now - askedAt >= soonMs) return
        waitMs = Math.floor(random() * soonMs)
        failures = 0
      } catch (error) {
        if (signal.aborted) return
        if (!(error instanceof BackendError && error.canRetry)) throw error
        this.#onTrouble(error)
        waitMs = delayMs(++failures, random)
      }
      await sleep(waitMs, signal).catch(() => undefined) // the signal is looked at above
    }
  }

  #remember(key: string): void {
    this.#handled.add(key)
    const [oldest] = this.#handled
    if (this.#handled.size > maxRemembered && oldest !== undefined) this.#handled.delete(oldest)
  }

  #confirmSoon(held: HeldEvent): void {
    this.#toConfirm.push(held)
    if (this.#toConfirm.length >= limits.maxConfirmedEvents) void this.#confirmNow()
    else this.#confirmTimer ??= setTimeout(() => void this.#confirmNow(), confirmWithinMs)
  }

  #confirmNow(): Promise<void> {
    clearTimeout(this.#confirmTimer)
    this.#confirmTimer = undefined
    const batch = this.#toConfirm
    this.#toConfirm = []
    this.#confirming = this.#confirming.then(() => this.#confirm(batch))
    return this.#confirming
  }

  /** Never rejects: an event that cannot be confirmed comes again. */
  async #confirm(batch: readonly HeldEvent[]): Promise<void> {
    try {
      const msgHandle = batch.map((held) => held.msgHandle)
      await call(this.#connection, 'ConfirmEvent', { msgHandle }, { attempts: 3 })
      for (const { key } of batch) this.#handled.delete(key)
    } catch (error) {
      // One handle that is too old makes the answer a refusal, though the others are confirmed.
      if (error instanceof BackendError && error.code === 4000 && batch.length > 1) {
        for (const held of batch) await this.#confirm([held])
      } else this.#onTrouble(error)
    }
  }
}

type Pulled = Omit<HeldEvent, 'beginBy'>

/** Throws `answer` when an event is none. */
function readPulled({ eventList }: VodCalls['PullEvent']['answer']): Pulled[] {
  const list: unknown = eventList
  if (!Array.isArray(list)) throw notEvents('it has no eventList')
  return list.map((one: { msgHandle?: unknown; eventContent?: Partial<AppEvent> } | null) => {
    const { msgHandle, eventContent } = one ?? {}
    if (typeof msgHandle !== 'string') throw notEvents('an event has no msgHandle')
    if (typeof eventContent?.eventType !== 'string' || !eventContent.data) throw notEvents('an event has no content')
    const event = eventContent as AppEvent // types of a later service come through as they are
    return { key: eventKey(event), event, msgHandle }
  })
}

function notEvents(what: string): BackendError {
  return new BackendError('answer', `PullEvent got an answer that is not of this API: ${what}`, { action: 'PullEvent' })
}
