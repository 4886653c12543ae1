import { VodError } from '@sluice/protocol'
import type { StoredFile } from '../metadata/metadata.ts'
import type { FilesDeps } from './files-deps.ts'

/** Finds a file of an app. Throws `fileMissing` (10008). */
export async function requireFile({ metadata }: FilesDeps, appId: number, fileId: string): Promise<StoredFile> {
  const file = await metadata.findFile(fileId)
  if (file?.appId !== appId) throw new VodError('fileMissing', `there is no file ${fileId}`)
  return file
}
