import type { Upload } from '../metadata/metadata.ts'
import type { UploadDeps } from './upload-deps.ts'

/**
 * Ends an upload that becomes no file: first its rows, so that no part is promised whose bytes are gone, then its bytes.
 * False when it was not in that state any more. What a crash leaves in between, the next start removes.
 */
export async function forgetUpload(
  deps: Pick<UploadDeps, 'metadata' | 'blobs' | 'verifier'>,
  upload: Upload,
): Promise<boolean> {
  if (!(await deps.metadata.dropUpload(upload.fileId, upload.state))) return false
  deps.verifier.forget(upload.fileId)
  await deps.blobs.discard(upload.fileId)
  return true
}
