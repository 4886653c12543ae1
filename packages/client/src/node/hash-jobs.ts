import { createHash, type Hash } from 'node:crypto'
import { md5Many } from '@sluice/md5-lanes'
import { type Digests, openDigests } from '../digests/digests.ts'
import { hashPiece, type PieceHash, type PiecePlace } from '../hash-pieces.ts'
import type { Bytes, Job } from './thread-messages.ts'

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
      const pieces = cut(job.bytes, job.pieceBytes)
      if (job.what === 'both') {
        opened ??= openDigests()
        return hashInOnePass(await opened, pieces, job.place)
      }
      const sha1 = runs.get(job.run) ?? createHash('sha1')
      sha1.update(job.bytes)
      const md5s = md5Many(pieces).join('')
      if (!job.isLast) {
        runs.set(job.run, sha1)
        return { md5: md5s }
      }
      runs.delete(job.run)
      return { md5: md5s, fileSha: sha1.digest('hex') }
    },
    forget: (run) => void runs.delete(run),
  }
}

/** MD5 by node:crypto. */
export function md5(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('hex')
}

async function hashInOnePass(digests: Digests, pieces: readonly Bytes[], { sha1, fileBytes }: PiecePlace) {
  let hash: PieceHash = { md5: '', ...(sha1 && { sha1 }) }
  for (const [index, piece] of pieces.entries()) {
    const isLast = index === pieces.length - 1
    const next = await hashPiece(digests, piece, { sha1: hash.sha1, fileBytes: isLast ? fileBytes : undefined })
    hash = { ...next, md5: hash.md5 + next.md5 }
  }
  return hash
}

function cut(bytes: Bytes, pieceBytes: number): Bytes[] {
  const count = Math.ceil(bytes.length / pieceBytes)
  return Array.from({ length: count }, (_, index) => bytes.subarray(index * pieceBytes, (index + 1) * pieceBytes))
}
