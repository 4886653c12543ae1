import type { Blobs } from '../blobs/blobs.ts'
import type { Metadata } from '../metadata/metadata.ts'
import type { Log } from '../observe/log.ts'
import type { FileUrls } from './file-url.ts'

/** What the work on finished files needs. */
export interface FilesDeps {
  readonly metadata: Metadata
  readonly blobs: Blobs
  readonly urls: FileUrls
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly log: Log
}

/** Names a file of an app. */
export interface FileKey {
  readonly appId: number
  readonly fileId: string
}
