import type { EventSettings } from './event-settings.ts'

/** What the policies go by: an event's sends so far, the last of which has just failed. */
export interface FailedSends {
  readonly sends: number
  readonly firstSentAt: number
  readonly now: number
  /** From 0 to 1. */
  readonly random: () => number
}

/** The page promises three sends and no spacing between them. */
const documentedSpacingMs = [1_000, 5_000]

const persistent = { firstMs: 2_000, longestMs: 3_600_000, forMs: 24 * 3_600_000 }

/** When an event is sent again; `undefined` when it is given up. */
export function nextSend(policy: EventSettings['policy'], failed: FailedSends): number | undefined {
  const delayMs = policy === 'documented' ? documentedSpacingMs[failed.sends - 1] : backoffMs(failed)
  if (delayMs === undefined) return undefined
  const dueAt = failed.now + delayMs
  return policy === 'persistent' && dueAt > failed.firstSentAt + persistent.forMs ? undefined : dueAt
}

/** Twice as long each time, up to an hour; a random half of it apart, so that a receiver does not get everything at once. */
function backoffMs({ sends, random }: FailedSends): number {
  const longest = Math.min(persistent.firstMs * 2 ** (sends - 1), persistent.longestMs)
  return Math.round(longest * (0.5 + random() / 2))
}
