import { discardBlobs } from '../files/discard-blobs.ts'
import type { Upload } from '../metadata/metadata.ts'
import type { UploadDeps } from './upload-deps.ts'

/**
 * Ends an upload that becomes no file: first its rows, so that no part is promised whose bytes are gone, then its bytes.
 * False when it was not in that state any more. What a crash leaves in between stays listed, and is removed later.
 */
export async function forgetUpload(
  deps: Pick<UploadDeps, 'metadata' | 'blobs' | 'verifier' | 'log'>,
  { fileId, state }: Pick<Upload, 'fileId' | 'state'>,
): Promise<boolean> {
  if (!(await deps.metadata.dropUpload(fileId, state))) return false
  deps.verifier.forget(fileId)
  await discardBlobs(deps, [fileId])
  return true
}
