import type { FileHash, SavedHash } from '../hashing.ts'

/** What the page asks of its worker. */
export type Ask =
  | {
      readonly id: number
      readonly file: Blob
      readonly pieceBytes: number
      readonly from: SavedHash | undefined
    }
  | { readonly id: number; readonly part: Blob | Uint8Array }
  | { readonly id: number; readonly stop: true }

/** What the worker tells: first that it runs; then of each question how it goes, and its answer. */
export type Tell =
  | { readonly ready: true }
  | { readonly id: number; readonly hashed: number }
  | { readonly id: number; readonly saved: SavedHash }
  | { readonly id: number; readonly answer: FileHash | string }
  | { readonly id: number; readonly error: string }
