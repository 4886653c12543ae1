import { openFile, type Transport, type Uploader, upload } from '@sluice/client'
import { serverCredentials } from '@sluice/client/server-credentials'
import type { Family } from '@sluice/protocol'
import { signUgc } from '@sluice/protocol/signatures'
import { fileNames } from './file-names.ts'
import type { SecretPair } from './local-credentials.ts'
import { displayProgress } from './progress-display.ts'
import { formatBytes, formatSeconds } from './quantities.ts'

/** What is the same for all files of a command. */
export interface UploadPlan {
  readonly url: string
  readonly transport: Transport
  readonly family: Family
  readonly credentials: SecretPair
  readonly parallel: number
  readonly classId: number
  readonly tags: readonly string[]
  readonly name: string | undefined
}

/** What `--json` prints of a file. */
export interface UploadedFile {
  /** The path as given. */
  readonly file: string
  readonly fileId: string
  readonly url: string
  readonly instant: boolean
  readonly bytes: number
  readonly seconds: number
}

/** Uploads one file, showing its progress on `display`. Every error's message names the file. */
export async function uploadFile(
  path: string,
  plan: UploadPlan,
  { display, signal }: { readonly display: NodeJS.WriteStream; readonly signal: AbortSignal },
): Promise<UploadedFile> {
  const names = fileNames(path, plan)
  const label = `${names.fileName}.${names.fileType}`
  const startedAt = performance.now()
  const source = await openFile(path)
  const progress = displayProgress(display, label)
  try {
    const { fileId, url, instant } = await upload(source, {
      url: plan.url,
      transport: plan.transport,
      ...uploaderOf(plan),
      file: { ...names, classId: plan.classId, tags: plan.tags },
      parallel: plan.parallel,
      signal,
      onProgress: progress.update,
    })
    progress.stop()
    const seconds = Math.round(performance.now() - startedAt) / 1000
    const how = instant ? 'was stored already' : `stored in ${formatSeconds(seconds)}`
    display.write(`${label}: ${formatBytes(source.size)} ${how}\n`)
    return { file: path, fileId, url, instant, bytes: source.size, seconds }
  } catch (cause) {
    throw new Error(`${path}: ${cause instanceof Error ? cause.message : cause}`, { cause })
  } finally {
    progress.stop()
    await source.close()
  }
}

function uploaderOf({ family, credentials, classId, tags }: UploadPlan): Uploader {
  if (family === 'server') return { credentials: serverCredentials(credentials) }
  return {
    getSignature: async (file) =>
      signUgc({ ...credentials, ...file, classId, tags, signedAtS: Math.floor(Date.now() / 1000) }),
  }
}
