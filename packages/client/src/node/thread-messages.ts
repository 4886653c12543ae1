import type { PieceHash, PiecePlace } from '../hash-pieces.ts'

/** Bytes that change hands with their memory: whoever has them is alone with them. */
export type Bytes = Uint8Array<ArrayBuffer>

/**
 * Some hashing to do. `md5`: of a part. The others: of the next bytes of a file, SHA-1 and the MD5 of each `pieceBytes` of
 * them. `both`: in one pass of our own, where SHA-1 so far is in the `place`. `apart`: faster; what SHA-1 comes to so far the
 * thread alone has, under the number `run`.
 */
export type Job =
  | { readonly what: 'md5'; readonly bytes: Bytes }
  | { readonly what: 'both'; readonly bytes: Bytes; readonly pieceBytes: number; readonly place: PiecePlace }
  | {
      readonly what: 'apart'
      readonly bytes: Bytes
      readonly pieceBytes: number
      readonly run: number
      readonly isLast: boolean
    }

/** What a thread is asked: a job, or to forget a run that was given up. */
export type Ask = { readonly id: number; readonly job: Job } | { readonly forget: number }

/** What a thread tells: first that it runs; then of each job its outcome, with the bytes back. */
export type Tell =
  | { readonly ready: true }
  | { readonly id: number; readonly hash: PieceHash; readonly bytes: Bytes }
  | { readonly id: number; readonly error: string }
