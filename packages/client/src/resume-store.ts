import type { SavedHash } from './hashing.ts'

/** What is remembered of a file: how far it is hashed. Which parts are stored the service knows. */
export interface HashRecord extends SavedHash {
  readonly pieceBytes: number
  /** Once it is hashed to the end. */
  readonly fileSha?: string
  /** Milliseconds since 1970. */
  readonly savedAt: number
}

/**
 * Keeps records between visits. It may forget any of them at any time; what it rejects with is ignored, since an upload
 * goes on without.
 */
export interface ResumeStore {
  get(key: string): Promise<HashRecord | undefined>
  /** May drop records that were saved long ago. */
  put(key: string, record: HashRecord): Promise<void>
  delete(key: string): Promise<void>
}

/** How long a record is of use: longer than any upload that the service still knows. */
export const recordLifeMs = 30 * 86_400_000

/** Remembers nothing. */
export const noStore: ResumeStore = {
  get: async () => undefined,
  put: async () => {},
  delete: async () => {},
}
