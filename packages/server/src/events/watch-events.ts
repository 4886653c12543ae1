import { setTimeout as sleep } from 'node:timers/promises'
import type { Metadata } from '../metadata/metadata.ts'
import type { Log } from '../observe/log.ts'
import type { DeliverCallbacks } from './deliver-callbacks.ts'
import type { PullEvents } from './pull-events.ts'

export interface WatchDeps {
  readonly metadata: Pick<Metadata, 'listApps' | 'whichHaveEvents'>
  readonly pulls: PullEvents
  readonly callbacks: DeliverCallbacks
  readonly now: () => number
  readonly log: Log
}

const watchEveryMs = 1_000

/**
 * Once a second, in all: takes up the apps' settings, and looks for what no commit of this process speaks of: events
 * that are due again, whose lease has run out, or that another process has recorded.
 */
export async function watchEvents(deps: WatchDeps, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await lookOnce(deps)
    } catch (error) {
      deps.log.error({ err: error }, 'events could not be looked for')
    }
    await sleep(watchEveryMs, undefined, { signal }).catch(() => undefined)
  }
}

export async function lookOnce({ metadata, pulls, callbacks, now }: Omit<WatchDeps, 'log'>): Promise<void> {
  const sentTo = callbacks.know(await metadata.listApps())
  for (const appId of await metadata.whichHaveEvents([...new Set([...sentTo, ...pulls.appIds])], now())) {
    pulls.ring(appId)
    callbacks.ring(appId)
  }
}
