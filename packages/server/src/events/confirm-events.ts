import type { EventDeps } from './event-deps.ts'
import { type HeldEvent, parseHandle } from './event-handle.ts'

/** Takes events off an app's queue by their handles; returns those handles that are unknown or too old. */
export async function confirmEvents(
  { metadata, now }: Pick<EventDeps, 'metadata' | 'now'>,
  appId: number,
  handles: readonly string[],
): Promise<string[]> {
  const held = handles.map(parseHandle)
  const known = held.filter((one): one is HeldEvent => one !== undefined)
  const confirmed = await metadata.confirmEvents(appId, known, now())
  const outcomes = confirmed.values()
  return handles.filter((_, index) => held[index] === undefined || !outcomes.next().value)
}
