import type { Cover, StoredFile } from '../metadata/metadata.ts'

/** Makes the public addresses of files. The base has no slash at its end; `{appId}` in it is the app's, as the old service had it. */
export function fileUrls(base: () => string) {
  const of = (appId: number) => `${base().replaceAll('{appId}', String(appId))}/vod${appId}`
  return {
    file: ({ appId, fileId, fileType }: Pick<StoredFile, 'appId' | 'fileId' | 'fileType'>): string =>
      `${of(appId)}/${fileId}/f0.${fileType}`,
    cover: ({ appId, fileId, coverId, fileType }: Pick<Cover, 'appId' | 'fileId' | 'coverId' | 'fileType'>): string =>
      `${of(appId)}/${fileId}/${coverId}.${fileType}`,
  }
}

export type FileUrls = ReturnType<typeof fileUrls>
