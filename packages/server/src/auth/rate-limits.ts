import { setTimeout as sleep } from 'node:timers/promises'
import { ProtocolError, type Rate } from '@sluice/protocol'

/** Longest wait before a call is refused: well below the 30 s after which the most impatient client gives up. */
const maxDelayMs = 10_000

/** Takes one call of an app, of a kind that has this rate; waits for its turn, or throws `rateLimited` (-4400). */
export type RateLimits = (appId: number, rate: Rate | undefined, signal: AbortSignal) => Promise<void>

/** No limits. */
export const unlimited: RateLimits = async () => {}

/**
 * The documented limits: so many calls of a kind a minute and app, the minute's worth allowed at once. Past that a call
 * waits for its turn, and is refused only when that is more than ten seconds away.
 */
export function documentedRates(now: () => number = () => performance.now()): RateLimits {
  /** When the next call of an app and kind would be due if all came evenly spaced. */
  const due = new Map<string, number>()
  return async (appId, rate, signal) => {
    if (!rate) return
    const { bucket, perMinute } = rate
    const key = `${appId}:${bucket}`
    const spacing = 60_000 / perMinute
    const start = Math.max(due.get(key) ?? 0, now())
    const delay = start - now() - (60_000 - spacing)
    if (delay > maxDelayMs) {
      throw new ProtocolError('rateLimited', `more than ${perMinute} calls of this kind a minute`, { codeDesc: '4400' })
    }
    due.set(key, start + spacing)
    // A client that hangs up meanwhile is the signal's reason, not an AbortError of the timer.
    if (delay > 0) await sleep(delay, undefined, { signal }).catch(() => signal.throwIfAborted())
  }
}
