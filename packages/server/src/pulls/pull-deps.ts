import type { LookupFunction } from 'node:net'
import type { Slots } from '../engine/slots.ts'
import type { FilesDeps } from '../files/files-deps.ts'

/** What pulling files from elsewhere needs. */
export interface PullDeps extends FilesDeps {
  readonly slots: Pick<Slots, 'acquire' | 'slotSize'>
  /** Files fetched at the same time; 0 for none, and then none are accepted. */
  readonly workers: number
  /** Files of one app that may wait or be fetched. */
  readonly maxWaiting: number
  /** Largest file taken, in bytes. */
  readonly maxFileSize: number
  /** Longest time for one attempt, and without a byte, in milliseconds. */
  readonly totalMs: number
  readonly idleMs: number
  /** Whether sources may be on this machine or its network. */
  readonly allowPrivate: boolean
  /** Resolves names, in place of the system's way. */
  readonly lookup?: LookupFunction
}
