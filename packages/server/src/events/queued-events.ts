import type { App, Metadata } from '../metadata/metadata.ts'
import type { EventSettings } from './event-settings.ts'

export interface QueuedDeps {
  readonly metadata: Pick<Metadata, 'listApps' | 'countQueued'>
  readonly settingsOf: (app: App) => EventSettings
  readonly now: () => number
}

/** Counts the events that wait to be delivered, by app: not those of an app that is to get none, nor types it leaves out. */
export async function queuedEvents({
  metadata,
  settingsOf,
  now,
}: QueuedDeps): Promise<{ appId: number; count: number; oldestAgeMs: number }[]> {
  const counted = await metadata.countQueued()
  const apps = counted.length > 0 ? await metadata.listApps() : []
  return apps.flatMap((app) => {
    const { mode, types } = settingsOf(app)
    const wanted = counted.filter(({ appId, eventType }) => appId === app.appId && (types?.includes(eventType) ?? true))
    if (mode === 'off' || wanted.length === 0) return []
    const count = wanted.reduce((sum, one) => sum + one.count, 0)
    return [{ appId: app.appId, count, oldestAgeMs: now() - Math.min(...wanted.map(({ oldestAt }) => oldestAt)) }]
  })
}
