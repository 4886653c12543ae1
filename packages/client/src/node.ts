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
import type { UploadResult } from './upload.ts'
import { uploadWithCover } from './upload-with-cover.ts'

export { FileSource, openFile } from './node/file-source.ts'
export { fileStore } from './node/file-store.ts'
export { type HttpTransportOptions, httpTransport } from './node/http-transport.ts'
export { nodeHashing } from './node/node-hashing.ts'
export type { StreamInput } from './node/stream-source.ts'
export * from './shared-entry.ts'

/** A path, a file URL, a stream of known size, a Blob or File, or a source of one's own. */
export type UploadInput = string | URL | StreamInput | Blob | Source

/** Options of an upload in Node. */
export type NodeUploadOptions = UploadOptions & {
  /** An image, uploaded after the video as its cover; its name or media type says which kind. */
  readonly cover?: UploadInput
}

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
 * Uploads a file, and then its cover if one is given: hashes it, sends the parts the service lacks, finishes. Can be repeated
 * at any time: what is stored is not sent again. Rejects with an UploadError, or with the signal's reason when aborted.
 */
export async function upload(input: UploadInput, options: NodeUploadOptions): Promise<UploadResult> {
  const signal = options.signal ?? new AbortController().signal
  signal.throwIfAborted()
  const opened: Opened<Source>[] = []
  const openOne = async (file: UploadInput) => {
    const one = await open(file, signal)
    opened.push(one)
    return one.source
  }
  try {
    const source = await openOne(input)
    const cover = options.cover === undefined ? undefined : await openOne(options.cover)
    return await uploadWithCover(source, cover, options, platform)
  } finally {
    for (const { close } of opened) await close()
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
