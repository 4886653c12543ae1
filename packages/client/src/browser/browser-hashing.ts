import { type BlobSource, isBlobSource } from '../blob-source.ts'
import type { Hashing } from '../hashing.ts'
import { type Source, unreadable } from '../source.ts'
import { UploadError } from '../upload-error.ts'
import { type HashWorker, startWorker } from './hash-worker.ts'
import { hashOnPage } from './page-hashing.ts'
import { workerCode } from './worker-code.ts'

/** Hashing of Blobs in a worker. The bytes of a file never come to the page: it sends slices. */
export function browserHashing(workerUrl?: string | URL): Hashing {
  let opened: Promise<HashWorker> | undefined
  const worker = () => {
    opened ??= openWorker(workerUrl)
    return opened
  }
  return {
    async hashFile(source, run) {
      const blob = blobOf(source)
      let reached = run.from?.hashedBytes ?? 0
      const onHashed = (bytes: number) => {
        reached += bytes
        run.onHashed(bytes)
      }
      try {
        return await (await worker()).hashFile(blob, { ...run, onHashed })
      } catch (cause) {
        run.signal.throwIfAborted()
        throw unreadable(reached, cause)
      }
    },
    async readPart(source, { offset, dataSize }, knownMd5) {
      const body = blobOf(source).slice(offset, offset + dataSize)
      try {
        return { body, dataMd5: knownMd5 ?? (await (await worker()).md5(body)) }
      } catch (cause) {
        throw unreadable(offset, cause)
      }
    },
    md5: async (bytes) => (await worker()).md5(bytes),
    close() {
      void opened?.then((one) => one.close())
    },
  }
}

async function openWorker(workerUrl?: string | URL): Promise<HashWorker> {
  if (workerUrl !== undefined) return (await startWorker(workerUrl)) ?? hashOnPage()
  if (workerCode === '') return hashOnPage()
  const url = URL.createObjectURL(new Blob([workerCode], { type: 'text/javascript' }))
  try {
    return (await startWorker(url)) ?? hashOnPage()
  } finally {
    URL.revokeObjectURL(url)
  }
}

function blobOf(source: Source): BlobSource['blob'] {
  if (isBlobSource(source)) return source.blob
  throw UploadError.local('argument', 'a browser uploads Blobs and Files; for another source give `hashing` as well')
}
