import { limits } from '@sluice/protocol'
import type { App, Metadata, RecordedEvent } from '../metadata/metadata.ts'
import type { Log } from '../observe/log.ts'
import { nextSend } from './callback-policy.ts'
import { newLeaseId } from './event-handle.ts'
import type { EventSettings } from './event-settings.ts'
import { type CallbackOutcome, sendCallback } from './send-callback.ts'

export interface CallbackDeps {
  readonly metadata: Pick<Metadata, 'leaseToSend' | 'endLease' | 'endSend'>
  readonly settingsOf: (app: App) => EventSettings
  readonly now: () => number
  readonly random: () => number
  readonly log: Log
  /** How long the head of an answer may take. */
  readonly timeoutMs: number
  /** Told of each send whether it got an answer that counts. */
  readonly onSent: (answered: boolean) => void
}

/** Callbacks of one app under way at a time. */
const maxPerApp = 16
/** Of all apps; but an app with none under way always has one: no receiver, however slow, holds up another app's. */
const maxInAll = 256
/** How long an event being sent is nobody else's: a process that ends meanwhile leaves it to be sent again after that. */
const leaseMs = 2 * limits.callbackTimeoutMs

interface Receiver {
  app: App
  underWay: number
  isClaiming: boolean
  again: boolean
}

/** Sends the queued events of apps in callback mode. Events of the same file go one after the other. */
export class DeliverCallbacks {
  readonly #deps: CallbackDeps
  readonly #receivers = new Map<number, Receiver>()
  readonly #warned = new Set<number>()
  readonly #works = new Set<Promise<void>>()
  #underWay = 0
  #isClosed = false

  constructor(deps: CallbackDeps) {
    this.#deps = deps
  }

  /** Says which apps there are, with their settings; returns those that events are sent to. */
  know(apps: readonly App[]): number[] {
    const appIds: number[] = []
    for (const app of apps) {
      const { appId } = app
      const known = this.#receivers.get(appId)
      if (this.#takesCallbacks(app)) {
        appIds.push(appId)
        if (known) known.app = app
        else this.#receivers.set(appId, { app, underWay: 0, isClaiming: false, again: false })
      } else if (known?.underWay === 0 && !known.isClaiming) this.#receivers.delete(appId)
      else if (known) known.app = app
    }
    return appIds
  }

  /** Says that an app may have events to be sent. */
  ring(appId: number): void {
    const receiver = this.#receivers.get(appId)
    if (!receiver) return
    receiver.again = true
    if (!receiver.isClaiming) this.#keep(this.#claim(receiver))
  }

  /** Sends nothing more, and waits for what is under way. */
  async close(): Promise<void> {
    this.#isClosed = true
    while (this.#works.size > 0) await Promise.all(this.#works)
  }

  /** Remembers work that the end waits for. */
  #keep(work: Promise<void>): void {
    this.#works.add(work)
    void work.finally(() => this.#works.delete(work))
  }

  #takesCallbacks(app: App): boolean {
    const { mode, url } = this.#deps.settingsOf(app)
    const isMute = mode === 'callback' && url === undefined
    if (isMute && !this.#warned.has(app.appId)) {
      this.#deps.log.warn({ appId: app.appId }, 'events are kept: the app is in callback mode and has no callbackUrl')
    }
    if (isMute) this.#warned.add(app.appId)
    else this.#warned.delete(app.appId)
    return mode === 'callback' && url !== undefined && app.disabledAt === null
  }

  async #claim(receiver: Receiver): Promise<void> {
    receiver.isClaiming = true
    try {
      while (receiver.again && !this.#isClosed) {
        receiver.again = false
        await this.#claimOnce(receiver)
      }
    } catch (error) {
      this.#deps.log.error({ err: error, appId: receiver.app.appId }, 'events could not be looked for')
    }
    receiver.isClaiming = false
  }

  async #claimOnce(receiver: Receiver): Promise<void> {
    const { app } = receiver
    const settings = this.#deps.settingsOf(app)
    const limit = this.#room(receiver)
    if (limit === 0 || !this.#takesCallbacks(app)) return
    const now = this.#deps.now()
    const lease = { appId: app.appId, types: settings.types, leaseId: newLeaseId(), now, until: now + leaseMs, limit }
    this.#count(receiver, limit) // before the store is asked: others ask at the same time
    let claimed: RecordedEvent[] = []
    try {
      claimed = await this.#deps.metadata.leaseToSend(lease)
    } finally {
      this.#count(receiver, claimed.length - limit)
    }
    if (this.#isClosed) return this.#giveBack(receiver, lease.leaseId, claimed)
    for (const event of claimed) {
      const sending = this.#send(event, lease.leaseId, settings).finally(() => {
        this.#count(receiver, -1)
        this.ring(app.appId)
      })
      this.#keep(sending)
    }
  }

  async #giveBack(receiver: Receiver, leaseId: string, events: readonly RecordedEvent[]): Promise<void> {
    this.#count(receiver, -events.length)
    const eventIds = events.map(({ eventId }) => eventId)
    await this.#deps.metadata.endLease(leaseId, eventIds)
  }

  #count(receiver: Receiver, callbacks: number): void {
    receiver.underWay += callbacks
    this.#underWay += callbacks
  }

  /** How many more callbacks an app may have under way. */
  #room({ underWay }: Receiver): number {
    const inAll = maxInAll - this.#underWay
    return underWay === 0 ? Math.max(1, Math.min(maxPerApp, inAll)) : Math.max(0, Math.min(maxPerApp - underWay, inAll))
  }

  async #send(event: RecordedEvent, leaseId: string, settings: EventSettings): Promise<void> {
    const { metadata, now, random, log, timeoutMs, onSent } = this.#deps
    const { eventId, appId } = event
    const { url = '', policy, retryOnHttpError } = settings
    const startedAt = now()
    const sent = await sendCallback({ ...settings, url, event, nowS: Math.floor(startedAt / 1000), timeoutMs })
    const endedAt = now()
    const answered = counts(sent, retryOnHttpError)
    const { outcome } = sent
    const sends = event.sends + 1
    const dueAt = nextSend(policy, { sends, firstSentAt: event.firstSentAt ?? startedAt, now: endedAt, random })
    const next = answered ? 'delivered' : dueAt === undefined ? 'dead' : { dueAt }
    onSent(answered)
    const line = { eventId, appId, fileId: event.fileId, attempt: sends, outcome }
    if (next === 'dead') log.error(line, 'event given up')
    else log[answered ? 'debug' : 'warn'](line, answered ? 'event sent' : 'event to be sent again')
    try {
      await metadata.endSend({ eventId, leaseId, startedAt, endedAt, durationMs: endedAt - startedAt, outcome, next })
    } catch (error) {
      log.error({ err: error, ...line }, 'what came of sending an event could not be written down: it is sent again')
    }
  }
}

/** Whether an event is delivered: the old service took any answer for one. */
function counts({ status }: CallbackOutcome, retryOnHttpError: boolean): boolean {
  return status !== undefined && (!retryOnHttpError || (status >= 200 && status < 300))
}
