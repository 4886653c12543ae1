import type { Range } from '@sluice/protocol'
import type { Sha1State } from './digests/digests.ts'
import type { Source } from './source.ts'

/** How far a file is hashed: enough to go on with it later, elsewhere. */
export interface SavedHash {
  readonly hashedBytes: number
  readonly sha1: Sha1State
  /** The MD5 of each piece so far, 32 digits each, one behind the other. */
  readonly md5s: string
}

/** A file, hashed. */
export interface FileHash {
  /** SHA-1, 40 digits. */
  readonly fileSha: string
  /** The MD5 of each piece, 32 digits each; empty where they are not made on the way. */
  readonly md5s: string
}

export interface HashRun {
  /** The part size asked for: the MD5 of each piece of this length is made on the way, where that is cheap. */
  readonly pieceBytes: number
  /** Where an earlier run of the same file and piece length stopped. */
  readonly from?: SavedHash
  /** Hears of every stretch of bytes done. */
  onHashed(bytes: number): void
  /** Hears now and then what to go on with, where the platform can tell. Without it the platform may take a faster way that cannot. */
  onSave?(saved: SavedHash): void
  readonly signal: AbortSignal
}

/** A part, ready to be sent. */
export interface PartBytes {
  readonly body: Uint8Array | Blob
  /** MD5, 32 digits. */
  readonly dataMd5: string
  /** To be called once the part is stored, if at all: its memory serves the next. */
  stored?(): void
}

/** Hashing, as the platform does it best. All hashes are lower-case hex. */
export interface Hashing {
  /** Rejects with an UploadError, or the signal's reason. */
  hashFile(source: Source, run: HashRun): Promise<FileHash>
  /** Reads a part. With `knownMd5` its MD5 is not computed, and its bytes are read as late as may be. */
  readPart(source: Source, range: Range, knownMd5?: string): Promise<PartBytes>
  /** MD5 of a few bytes. */
  md5(bytes: Uint8Array): string | Promise<string>
  /** Ends what it has running; called once. */
  close(): void
}
