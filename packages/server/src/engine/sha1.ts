import { createHash } from 'node:crypto'

/** A SHA-1 that is fed over time. */
export interface Sha1 {
  /** Takes the next bytes; they may be used for something else once it resolves. */
  update(bytes: Uint8Array): Promise<void>
  /** The SHA-1 of all bytes so far, 40 lower-case hex digits. More may follow. */
  digest(): Promise<string>
  /** Forgets it. */
  close(): void
}

/** Hashes on this thread: for bytes that are at hand anyway. */
export function localSha1(): Sha1 {
  const hash = createHash('sha1')
  return {
    update: async (bytes) => {
      hash.update(bytes)
    },
    digest: async () => hash.copy().digest('hex'),
    close: () => {},
  }
}
