import { openBlob } from './blob-source.ts'
import { browserPlatform } from './browser/browser-platform.ts'
import type { UploadOptions } from './options.ts'
import type { Source } from './source.ts'
import type { UploadResult } from './upload.ts'
import { uploadWithCover } from './upload-with-cover.ts'

export { indexedDbStore } from './browser/indexed-db-store.ts'
export { type XhrTransportOptions, xhrTransport } from './browser/xhr-transport.ts'
export * from './shared-entry.ts'

/** A Blob or File, or a source of one's own. */
export type UploadInput = Blob | Source

/** Options of an upload in a browser. */
export type BrowserUploadOptions = UploadOptions & {
  /** An image, uploaded after the video as its cover; its name or media type says which kind. */
  readonly cover?: UploadInput
  /**
   * Where the page serves `@sluice/client/worker`, for a content security policy that forbids workers from `blob:`. Where
   * neither is possible the page hashes by itself, a little at a time.
   */
  readonly workerUrl?: string | URL
}

/**
 * Uploads a file, and then its cover if one is given: hashes it, sends the parts the service lacks, finishes. Can be repeated
 * at any time: what is stored is not sent again. Rejects with an UploadError, or with the signal's reason when aborted.
 */
export async function upload(input: UploadInput, options: BrowserUploadOptions): Promise<UploadResult> {
  const open = (file: UploadInput) => (file instanceof Blob ? openBlob(file) : file)
  const cover = options.cover && open(options.cover)
  return uploadWithCover(open(input), cover, options, browserPlatform(options.workerUrl))
}
