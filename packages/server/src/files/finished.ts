import type { Cover, StoredFile } from '../metadata/metadata.ts'
import { expireFile } from './delete-file.ts'
import type { FileUrls } from './file-url.ts'
import type { FilesDeps } from './files-deps.ts'

/** What an upload has become: a file, or the cover of one. */
export interface Finished {
  /** The file's own id, or the cover's. */
  readonly fileId: string
  readonly url: string
  readonly fileSize: number
  readonly dataSize: number
}

export function finishedFile(file: StoredFile, urls: FileUrls): Finished {
  return { fileId: file.fileId, url: urls.file(file), fileSize: file.fileSize, dataSize: file.dataSize }
}

export function finishedCover(cover: Cover, urls: FileUrls): Finished {
  return { fileId: cover.coverId, url: urls.cover(cover), fileSize: cover.fileSize, dataSize: cover.dataSize }
}

export interface FinishedKey {
  readonly appId: number
  readonly fileSha: string
  /** The id of a video when that video's cover is meant. */
  readonly coverOf: string | undefined
  /** Whether the cover of any video will do when there is no file: a call that only names the SHA-1 may mean either. */
  readonly orAnyCover?: boolean
}

/** Looks for the file, or the cover, that these bytes have become. */
export async function findFinished(
  deps: FilesDeps,
  { appId, fileSha, coverOf, orAnyCover = false }: FinishedKey,
): Promise<Finished | undefined> {
  const { metadata, urls } = deps
  const file = coverOf === undefined ? await findLasting(deps, appId, fileSha) : undefined
  if (file) return finishedFile(file, urls)
  if (coverOf === undefined && !orAnyCover) return undefined
  const cover = await metadata.findCoverBySha(appId, fileSha, coverOf)
  return cover && finishedCover(cover, urls)
}

/** Looks for the file of these bytes. One whose time is over goes at once: nobody is to be told that it is there. */
export async function findLasting(deps: FilesDeps, appId: number, fileSha: string): Promise<StoredFile | undefined> {
  const file = await deps.metadata.findFileBySha(appId, fileSha)
  return file && (await expireFile(deps, file)) ? undefined : file
}
