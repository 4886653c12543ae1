import type { Source } from './source.ts'

/** Hashing, as the platform does it best. All hashes are lower-case hex. */
export interface Hashing {
  /** SHA-1 of the whole source, 40 digits. Tells `onHashed` of every stretch of bytes done; rejects when aborted. */
  fileSha(source: Source, run: { onHashed(bytes: number): void; readonly signal: AbortSignal }): Promise<string>
  /** MD5 of a part, 32 digits. */
  partMd5(bytes: Uint8Array): string | Promise<string>
}
