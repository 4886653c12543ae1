import { limits, type Params, VodError } from '@sluice/protocol'
import { timestampSeconds } from '@sluice/protocol/signatures'

/** Requests remembered; past that the oldest are forgotten first. About 30 MB. */
const maxRemembered = 100_000

/** Takes note of a request whose signature was found right. Throws `replay` (4500) when it may not be answered (again). */
export type ReplayGuard = (params: Params, options: { readonly readsOnly: boolean }) => void

/**
 * Remembers each SecretId, Timestamp and Nonce for as long as that Timestamp is accepted, four hours at most. The very
 * same request may come again if it only reads; a Nonce of another request, or a change asked for twice, may not.
 */
export function replayGuard(now: () => number): ReplayGuard {
  const seen = new Map<string, { readonly signature: string; readonly until: number }>()
  return (params, { readsOnly }) => {
    const timestamp = params.get('Timestamp') ?? ''
    const signature = params.get('Signature') ?? ''
    const key = JSON.stringify([params.get('SecretId'), timestamp, params.get('Nonce')])
    const before = seen.get(key)
    if (before && !(readsOnly && before.signature === signature)) {
      throw new VodError('replay', 'Nonce: this one came before with the same Timestamp')
    }
    if (before) return
    forgetPast(now())
    const until = ((timestampSeconds(timestamp) ?? 0) + limits.timestampWindowS + 1) * 1000
    seen.set(key, { signature, until })
  }

  /** They stand in the order they came, about that of their Timestamps: one that is behind a later one waits for it. */
  function forgetPast(at: number): void {
    for (const [key, { until }] of seen) {
      if (until > at && seen.size < maxRemembered) return
      seen.delete(key)
    }
  }
}
