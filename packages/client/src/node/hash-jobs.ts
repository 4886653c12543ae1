import { createHash, type Hash } from 'node:crypto'
import { type Digests, openDigests } from '../digests/digests.ts'
import { hashPiece, type PieceHash } from '../hash-pieces.ts'
import type { Job } from './thread-messages.ts'

/** Does jobs on the thread it is called on, each at once and without a pause. */
export interface HashJobs {
  hash(job: Job): Promise<PieceHash>
  /** A run that was given up before its last piece. */
  forget(run: number): void
}

export function hashJobs(): HashJobs {
  const runs = new Map<number, Hash>()
  let opened: Promise<Digests> | undefined
  return {
    async hash(job) {
      if (job.what === 'md5') return { md5: md5(job.bytes) }
      if (job.what === 'both') {
        opened ??= openDigests()
        return hashPiece(await opened, job.bytes, job.place)
      }
      const sha1 = runs.get(job.run) ?? createHash('sha1')
      sha1.update(job.bytes)
      if (!job.isLast) {
        runs.set(job.run, sha1)
        return { md5: '' }
      }
      runs.delete(job.run)
      return { md5: '', fileSha: sha1.digest('hex') }
    },
    forget: (run) => void runs.delete(run),
  }
}

/** MD5 by node:crypto. */
export function md5(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('hex')
}
