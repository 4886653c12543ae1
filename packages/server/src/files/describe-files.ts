import { VodError } from '@sluice/protocol'
import type { FileSearch, StoredFile } from '../metadata/metadata.ts'
import { defaultClass } from './classes.ts'
import type { FileKey, FilesDeps } from './files-deps.ts'

/** A file with what is told about it. */
export interface DescribedFile {
  readonly file: StoredFile
  readonly url: string
  /** Empty when it has no cover. */
  readonly coverUrl: string
  readonly classId: number
  readonly className: string
}

/** Finds a file of an app. Throws `fileMissing` (10008). */
export async function requireFile({ metadata }: FilesDeps, { appId, fileId }: FileKey): Promise<StoredFile> {
  const file = await metadata.findFile(fileId)
  if (file?.appId !== appId) throw new VodError('fileMissing', `there is no file ${fileId}`)
  return file
}

/** Tells about a file of an app. Throws `fileMissing` (10008). */
export async function describeFile(deps: FilesDeps, key: FileKey): Promise<DescribedFile> {
  const file = await requireFile(deps, key)
  const [described] = await describe(deps, key.appId, [file])
  return described as DescribedFile // one for each file
}

/** Tells about a page of the files that are searched for. Throws `fileMissing` (10008) when none of the ids asked for is there. */
export async function searchFiles(
  deps: FilesDeps,
  search: FileSearch,
): Promise<{ readonly totalCount: number; readonly files: DescribedFile[] }> {
  const { totalCount, files } = await deps.metadata.findFiles(search)
  if (search.fileIds !== undefined && totalCount === 0)
    throw new VodError('fileMissing', 'there is none of these files')
  return { totalCount, files: await describe(deps, search.appId, files) }
}

async function describe(
  { metadata, urls }: FilesDeps,
  appId: number,
  files: readonly StoredFile[],
): Promise<DescribedFile[]> {
  const classes = await metadata.listClasses(appId)
  const coverIds = files.map((file) => file.coverId).filter((coverId) => coverId !== null)
  const covers = coverIds.length === 0 ? [] : await metadata.listCovers(coverIds)
  return files.map((file) => {
    const { classId, name } = classes.find((one) => one.classId === file.classId) ?? defaultClass
    const cover = covers.find(({ coverId }) => coverId === file.coverId)
    return { file, url: urls.file(file), coverUrl: cover ? urls.cover(cover) : '', classId, className: name }
  })
}
