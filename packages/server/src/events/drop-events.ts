import { limits } from '@sluice/protocol'
import type { Metadata } from '../metadata/metadata.ts'
import type { Log } from '../observe/log.ts'

const batch = 1_000

export interface DropDeps {
  readonly metadata: Pick<Metadata, 'dropEvents'>
  readonly now: () => number
  readonly log: Log
}

/** Forgets events that have been kept for seven days, delivered or not. */
export async function dropEvents({ metadata, now, log }: DropDeps): Promise<void> {
  for (;;) {
    const recordedBefore = now() - limits.eventRetentionMs
    const settledBefore = now() - limits.handleMemoryMs
    const { dropped, queued } = await metadata.dropEvents({ recordedBefore, settledBefore, limit: batch })
    if (queued > 0) log.warn({ events: queued }, 'events were forgotten that nobody took')
    if (dropped < batch) return
  }
}
