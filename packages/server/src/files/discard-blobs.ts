import type { FilesDeps } from './files-deps.ts'

const batch = 100

type DiscardDeps = Pick<FilesDeps, 'metadata' | 'blobs' | 'log'>

/**
 * Removes the bytes of blobs that the store lists as discards: their rows are gone. What fails here stays listed, and is
 * tried again every minute.
 */
export async function discardBlobs({ metadata, blobs, log }: DiscardDeps, blobIds: readonly string[]): Promise<void> {
  for (const blobId of blobIds) {
    try {
      await blobs.discard(blobId)
      await metadata.dropDiscard(blobId)
    } catch (error) {
      log.error({ err: error, fileId: blobId }, 'bytes could not be removed')
    }
  }
}

/** Removes what a crash, or a failure that passes, left between the rows of a blob and its bytes. */
export async function removeDiscards(deps: DiscardDeps): Promise<void> {
  await discardBlobs(deps, await deps.metadata.listDiscards(batch))
}
