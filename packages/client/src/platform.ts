import type { Hashing } from './hashing.ts'
import type { ResumeStore } from './resume-store.ts'
import type { Lock, Network } from './surroundings.ts'
import type { Transport } from './transport.ts'

/** What browsers and Node do each in its own way. */
export interface Platform {
  transport(): Transport
  /** For one upload. */
  hashing(): Hashing
  readonly resumeStore: ResumeStore
  readonly lock: Lock
  readonly network: Network
}
