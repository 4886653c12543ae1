import type { PieceHash, PiecePlace } from '../hash-pieces.ts'

/** Bytes that change hands with their memory: whoever has them is alone with them. */
export type Bytes = Uint8Array<ArrayBuffer>

/**
 * One piece of hashing. `md5`: of a part. `both`: of the next piece of a file, whose SHA-1 so far is in its `place`. `sha1`:
 * of the next piece of a file, faster; what it comes to so far the thread alone has, under the number `run`.
 */
export type Job =
  | { readonly what: 'md5'; readonly bytes: Bytes }
  | { readonly what: 'both'; readonly bytes: Bytes; readonly place: PiecePlace }
  | { readonly what: 'sha1'; readonly bytes: Bytes; readonly run: number; readonly isLast: boolean }

/** What a thread is asked: a job, or to forget a run that was given up. */
export type Ask = { readonly id: number; readonly job: Job } | { readonly forget: number }

/** What a thread tells: first that it runs; then of each job its outcome, with the bytes back. */
export type Tell =
  | { readonly ready: true }
  | { readonly id: number; readonly hash: PieceHash; readonly bytes: Bytes }
  | { readonly id: number; readonly error: string }
