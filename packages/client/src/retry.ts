import type { Network } from './surroundings.ts'
import { hasCode, UploadError } from './upload-error.ts'

/**
 * How long to wait before a request is repeated, in milliseconds; `undefined` to give up. `attempt` counts the failures
 * in a row without a byte acknowledged between them, from 1; `random` yields numbers from 0 up to 1.
 */
export type Retry = (attempt: number, failure: UploadError, random: () => number) => number | undefined

const baseMs = 300
const capMs = 10_000
const maxAttempts = 8

/**
 * The default policy: full jitter below 300 ms, doubled each time up to 10 s, eight attempts. Only what can pass by
 * itself is repeated: no answer, HTTP 5xx or 429, an answer with canRetry 1.
 */
export const retryDelayMs: Retry = (attempt, failure, random) => {
  if (failure.canRetry !== 1 || attempt >= maxAttempts) return undefined
  return Math.floor(random() * Math.min(capMs, baseMs * 2 ** (attempt - 1)))
}

/** What a repeated request needs to know. */
export interface RetryRun {
  readonly retry: Retry
  readonly random: () => number
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>
  readonly signal: AbortSignal
  readonly network: Network
  /** Waits for the network to come back. */
  readonly online: (signal: AbortSignal) => Promise<void>
  /** Bytes acknowledged so far, by any request of the upload; when it grew, attempts count from 1 again. */
  readonly acknowledged: () => number
}

/**
 * Does `request` until it succeeds, fails for good, or is given up; a failure while there is no
 * network at all is waited out and does not count. Rejects with the last failure, or the abort's reason.
 */
export async function repeat<T>(request: () => Promise<T>, run: RetryRun): Promise<T> {
  let attempt = 0
  let acknowledged = run.acknowledged()
  for (;;) {
    run.signal.throwIfAborted()
    try {
      return await request()
    } catch (error) {
      run.signal.throwIfAborted()
      if (!(error instanceof UploadError)) throw error
      attempt = run.acknowledged() > acknowledged ? 1 : attempt + 1
      acknowledged = run.acknowledged()
      if (hasCode(error, 'network') && run.network.isOffline()) {
        await run.online(run.signal)
        attempt = 1
      }
      const delayMs = run.retry(attempt, error, run.random)
      if (delayMs === undefined) throw error
      await run.sleep(delayMs, run.signal)
    }
  }
}
