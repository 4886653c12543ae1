import type { AuthDeps } from '../auth/authenticate.ts'
import type { RateLimits } from '../auth/rate-limits.ts'

/** What stands between a call and its action, in both APIs. */
export interface AdmissionDeps extends AuthDeps {
  readonly rateLimits: RateLimits
  /** Whether calls that change something are refused for now, with -6200 or 6200. */
  readonly maintenance: boolean
}
