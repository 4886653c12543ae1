import type { KeyedLock } from '../engine/keyed-lock.ts'
import type { SharedRun } from '../engine/shared-run.ts'
import type { FilesDeps } from '../files/files-deps.ts'
import type { Finished } from '../files/finished.ts'
import type { Verifier } from './verifier.ts'

/** What the upload actions work with. */
export interface UploadDeps extends FilesDeps {
  readonly verifier: Verifier
  readonly instantUpload: InstantUpload
  /** How long an untouched upload is kept, in milliseconds. */
  readonly uploadTtlMs: number
  /** Calls about the same part of the same upload go one after the other. */
  readonly partLock: KeyedLock
  /** A second Finish waits for the one that runs, and gets its answer. */
  readonly finishing: SharedRun<Finished>
}

/** What Init answers for a file that is there already. */
export interface InstantUpload {
  /**
   * `code2` tells the client that it is done; `resume` lists all parts as stored, so that it goes on to Finish; `auto` is
   * code2, but resume for the PHP SDK, which crashes after code 2 on PHP 8; `off` takes the bytes again.
   */
  readonly server: 'auto' | 'resume' | 'code2' | 'off'
  readonly ugc: 'code2' | 'off'
}
