import { fileURLToPath } from 'node:url'
import { openBlob } from './blob-source.ts'
import { openFile } from './node/file-source.ts'
import { httpTransport } from './node/http-transport.ts'
import { nodeHashing } from './node/node-hashing.ts'
import { type Opened, openStream, type StreamInput } from './node/stream-source.ts'
import type { UploadOptions } from './options.ts'
import type { Platform } from './platform.ts'
import { noStore } from './resume-store.ts'
import type { Source } from './source.ts'
import { alwaysOnline, noLock } from './surroundings.ts'
import { type UploadResult, uploadSource } from './upload.ts'

export { FileSource, openFile } from './node/file-source.ts'
export { fileStore } from './node/file-store.ts'
export { type HttpTransportOptions, httpTransport } from './node/http-transport.ts'
export { nodeHashing } from './node/node-hashing.ts'
export type { StreamInput } from './node/stream-source.ts'
export * from './shared-entry.ts'

/** A path, a file URL, a stream of known size, a Blob or File, or a source of one's own. */
export type UploadInput = string | URL | StreamInput | Blob | Source

let sharedTransport: ReturnType<typeof httpTransport> | undefined

const platform: Platform = {
  transport() {
    sharedTransport ??= httpTransport() // its connections serve the next upload
    return sharedTransport
  },
  hashing: nodeHashing,
  resumeStore: noStore,
  lock: noLock,
  network: alwaysOnline,
}

/**
 * Uploads a file: hashes it, sends the parts the service lacks, finishes. Can be repeated at any time: what is stored is
 * not sent again. Rejects with an UploadError, or with the signal's reason when aborted.
 */
export async function upload(input: UploadInput, options: UploadOptions): Promise<UploadResult> {
  options.signal?.throwIfAborted()
  const { source, close } = await open(input, options.signal ?? new AbortController().signal)
  try {
    return await uploadSource(source, options, platform)
  } finally {
    await close()
  }
}

async function open(input: UploadInput, signal: AbortSignal): Promise<Opened<Source>> {
  if (typeof input === 'string' || input instanceof URL) {
    const source = await openFile(typeof input === 'string' ? input : fileURLToPath(input))
    return { source, close: () => source.close() }
  }
  if (input instanceof Blob) return { source: openBlob(input), close: async () => {} }
  return 'stream' in input ? openStream(input, signal) : { source: input, close: async () => {} }
}
