import type { AppEvent } from '@sluice/protocol'
import { BackendError } from './backend-error.ts'
import type { Connection } from './connection.ts'
import { EventQueue } from './event-queue.ts'

export interface EventsOptions {
  /** Aborting it ends the loop, once what is done has been confirmed. */
  readonly signal?: AbortSignal
  /**
   * Told of what goes wrong and is tried again: the service is away, a confirmation came too late, or the handler failed
   * for the event that is given. Default: a warning of the process.
   */
  readonly onTrouble?: (trouble: unknown, event?: AppEvent) => void
}

export interface HandleOptions extends EventsOptions {
  /** Events handled at a time. Default 4. */
  readonly concurrency?: number
}

/**
 * The app's events. The one before is confirmed when the next is asked for: one that is left by `break`, `return` or an
 * error comes again after 30 s. Rejects with a BackendError when asking again is no use, such as 4100 or 4300.
 */
export async function* events(
  connection: Connection,
  options: EventsOptions = {},
): AsyncGenerator<AppEvent, void, undefined> {
  const queue = new EventQueue(connection, completed(options))
  try {
    for (let held = await queue.take(); held; held = await queue.take()) {
      yield held.event
      queue.done(held)
    }
  } finally {
    await queue.close()
  }
}

/**
 * Hands events to `handle`, `concurrency` at a time, until the signal aborts; then waits for those under way. An event it
 * fails for comes again after 30 s. Events of the same file may be handled at once, and in any order.
 */
export async function handleEvents(
  connection: Connection,
  handle: (event: AppEvent) => Promise<void> | void,
  { concurrency = 4, ...options }: HandleOptions = {},
): Promise<void> {
  if (!(Number.isInteger(concurrency) && concurrency > 0)) {
    throw new BackendError('argument', `concurrency: expected a whole number above 0, found ${concurrency}`)
  }
  const { signal, onTrouble } = completed(options)
  const queue = new EventQueue(connection, { signal, onTrouble })
  const work = async () => {
    for (let held = await queue.take(); held; held = await queue.take()) {
      try {
        await handle(held.event)
        queue.done(held)
      } catch (error) {
        queue.failed(held)
        onTrouble(error, held.event)
      }
    }
  }
  const ended = await Promise.allSettled(Array.from({ length: concurrency }, work))
  await queue.close()
  for (const one of ended) if (one.status === 'rejected') throw one.reason
}

function completed({ signal = new AbortController().signal, onTrouble = warn }: EventsOptions) {
  return { signal, onTrouble }
}

function warn(trouble: unknown): void {
  process.emitWarning(trouble instanceof Error ? trouble : String(trouble))
}
