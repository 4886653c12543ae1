import { openDigests } from '../digests/digests.ts'
import { hashBlob, md5OfBlob, md5OfBytes } from '../hash-blob.ts'
import type { HashWorker } from './hash-worker.ts'

/** The same on the page itself, for want of a worker: between two pieces it lets others have their turn. */
export function hashOnPage(): HashWorker {
  const opened = openDigests()
  return {
    hashFile: async (file, run) => hashBlob(await opened, file, run),
    md5: async (of) => (of instanceof Blob ? md5OfBlob(await opened, of) : md5OfBytes(await opened, of)),
    close() {},
  }
}
