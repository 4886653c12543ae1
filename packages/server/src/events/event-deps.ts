import type { App, Metadata } from '../metadata/metadata.ts'
import type { EventSettings } from './event-settings.ts'
import type { PullEvents } from './pull-events.ts'

/** What the actions about events work with. */
export interface EventDeps {
  readonly metadata: Pick<Metadata, 'confirmEvents'>
  readonly pulls: PullEvents
  readonly settingsOf: (app: App) => EventSettings
  readonly now: () => number
}
