import { readCover, readOptions, type UploadOptions } from './options.ts'
import type { Platform } from './platform.ts'
import type { Progress } from './progress.ts'
import type { Source } from './source.ts'
import { type UploadResult, uploadFile } from './upload.ts'
import { UploadError } from './upload-error.ts'

/**
 * Uploads a video, and once it is stored the image that is to be its cover, if there is one. Can be repeated at any time.
 * Rejects with an UploadError, whose `stored` is the video when its cover alone failed, or with the signal's reason.
 */
export async function uploadWithCover(
  source: Source,
  cover: Source | undefined,
  options: UploadOptions,
  platform: Platform,
): Promise<UploadResult> {
  const settings = readOptions(source, options, platform)
  try {
    if (!cover) return await uploadFile(source, settings)
    const file = readCover(cover)
    let shown: Progress | undefined
    const onProgress = (progress: Progress) => {
      shown = progress
      settings.onProgress(progress)
    }
    const video = await uploadFile(source, { ...settings, onProgress })
    // The numbers are the video's and complete; what the cover may wait for is news all the same.
    const onCoverProgress = ({ waitingFor }: Progress) => {
      if (shown && shown.waitingFor !== waitingFor) onProgress({ ...shown, waitingFor })
    }
    const { fileId: coverOf, verifyContent } = video
    const { url: coverUrl } = await uploadFile(cover, {
      ...settings,
      file,
      video: { coverOf, ...(verifyContent !== undefined && { verifyContent }) },
      onProgress: onCoverProgress,
    }).catch((error: unknown) => {
      throw error instanceof UploadError ? UploadError.ofCover(error, video) : error
    })
    return { ...video, coverUrl }
  } finally {
    settings.hashing.close()
  }
}
