import { newFileUpload, partRanges } from '@sluice/protocol'
import type { App, Cover, Credential, Metadata, PartRecord, StoredFile, Upload } from '../../src/metadata/metadata.ts'

export const firstApp: App = {
  appId: 1_251_000_001,
  verifyKey: 'ab'.repeat(20),
  disabledAt: null,
  createdAt: 1_000,
  settings: {},
}
export const secondApp: App = { ...firstApp, appId: 999_999_999_999_999, createdAt: 2_000 }

export const sha = (digit: string) => digit.repeat(40)
export const md5 = (digit: string) => digit.repeat(32)

/** A key pair of the first app, unless told otherwise. */
export function credential(given: Partial<Credential> = {}): Credential {
  const pair = { secretId: 'AKID1', secretKey: 'key 1', appId: firstApp.appId }
  return { ...pair, expiresAt: null, createdAt: 1_000, ...given }
}

/** An open upload of 2500 bytes in parts of 1000, unless told otherwise. */
export function upload(given: Partial<Upload> = {}): Upload {
  return {
    fileId: '5000000000000000001',
    appId: firstApp.appId,
    uid: '',
    fileSha: sha('a'),
    family: 'server',
    fileSize: 2_500,
    dataSize: 1_000,
    fileName: 'my video',
    fileType: 'mp4',
    classId: 0,
    tags: [],
    transcode: false,
    screenshot: false,
    watermark: false,
    coverOf: undefined,
    state: 'open',
    createdAt: 10_000,
    touchedAt: 10_000,
    ...given,
  }
}

/** The record of one part of an upload. */
export function part(of: Upload, offset: number, dataMd5 = md5('1')): PartRecord {
  const dataSize = Math.min(of.dataSize, of.fileSize - offset)
  return { fileId: of.fileId, offset, dataSize, dataMd5 }
}

/** Takes an upload as far as having all its parts. */
export async function addComplete(metadata: Metadata, given: Partial<Upload> = {}): Promise<Upload> {
  const added = upload(given)
  await metadata.addUpload(added)
  await Promise.all([...partRanges(added)].map(({ offset }) => metadata.addPart(part(added, offset))))
  return added
}

/** Takes an upload as far as Finish takes it before it makes the file. */
export async function addFinishing(metadata: Metadata, given: Partial<Upload> = {}): Promise<Upload> {
  const added = await addComplete(metadata, given)
  await metadata.beginFinish(added.fileId, { facts: added, family: added.family, touchedAt: added.touchedAt })
  return { ...added, state: 'finishing' }
}

/** The file an upload becomes. */
export function fileOf(of: Upload, given: Partial<StoredFile> = {}): StoredFile {
  const { fileId, appId, fileSha, fileSize, dataSize, fileName, fileType, classId, tags } = of
  const facts = { fileId, appId, fileSha, fileSize, dataSize, fileName, fileType, classId, tags }
  const createdAt = given.createdAt ?? 20_000
  return {
    ...facts,
    coverId: null,
    description: '',
    createdAt,
    updatedAt: createdAt,
    expireAt: null,
    media: 'unprobed',
    ...given,
  }
}

/** The cover an upload becomes. */
export function coverOf(of: Upload, fileId: string, given: Partial<Cover> = {}): Cover {
  const { fileId: coverId, appId, fileSha, fileSize, dataSize, fileType } = of
  return { coverId, fileId, appId, fileSha, fileSize, dataSize, fileType, createdAt: 20_000, ...given }
}

export function eventOf({ fileId, fileName, fileSize }: StoredFile) {
  return newFileUpload({ fileId, fileName, fileUrl: `http://files.test/${fileId}`, fileSize, family: 'server' })
}

/** Makes a finished file of an upload. */
export async function addFile(
  metadata: Metadata,
  given: Partial<Upload> = {},
  createdAt = 20_000,
): Promise<StoredFile> {
  const file = fileOf(await addFinishing(metadata, given), { createdAt })
  return metadata.finishAsFile(file, eventOf(file))
}

/** Texts that are hard on a store: quotes, patterns, other scripts, controls, and a long one. */
export const hostileTexts = [
  `'; DROP TABLE uploads; --`,
  `"quoted" \\ back\\slash \${x} {{y}} $1 ? :name @p`,
  '%_%',
  ' leading and trailing ',
  'line\nfeed\r\ttab\u0001\u007f',
  '我的视频 — видео — فيديو — 🎬👩‍👩‍👧 — e\u0301 — \u2028\u2029\u202e\ufeff',
  'null',
  '0',
  '[]',
  '/../../etc/passwd',
  'long '.repeat(4_000),
]
