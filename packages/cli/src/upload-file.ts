import {
  type FileDescription,
  type Hashing,
  openFile,
  type PartSlots,
  type Progress,
  type ResumeStore,
  type Transport,
  type Uploader,
  type UploadResult,
  upload,
} from '@sluice/client'
import { serverCredentials } from '@sluice/client/server-credentials'
import type { Family } from '@sluice/protocol'
import { signUgc } from '@sluice/protocol/signatures'
import { fileNames } from './file-names.ts'
import type { SecretPair } from './local-credentials.ts'

/** What is the same for all files of a command. */
export interface UploadPlan {
  readonly url: string
  readonly family: Family
  readonly credentials: SecretPair
  /** Parts at a time, over all files. */
  readonly parallel: number
  readonly name: string | undefined
  /** The path of an image. */
  readonly cover: string | undefined
  readonly facts: Required<Omit<FileDescription, 'fileName' | 'fileType'>>
}

/** What the uploads of a command share. */
export interface Shared {
  readonly transport: Transport
  readonly hashing: Hashing
  readonly resumeStore: ResumeStore
  readonly slots: PartSlots
  readonly twins: Twins
  readonly signal: AbortSignal
}

/** Files of the same content: one is uploaded, then the others are there already. */
export interface Twins {
  /** Waits for those that came before. */
  wait(fileSha: string, finished: Promise<void>): Promise<void>
}

export function meetTwins(): Twins {
  const last = new Map<string, Promise<void>>()
  return {
    async wait(fileSha, finished) {
      const before = last.get(fileSha)
      last.set(fileSha, finished)
      void finished.then(() => last.get(fileSha) === finished && last.delete(fileSha))
      await before
    },
  }
}

/** Below this a file is hashed again sooner than its hash is looked up. */
const rememberedBytes = 32 * 1_048_576

/** Uploads one file. Rejects with an UploadError, another Error for a name that cannot be, or the signal's reason. */
export async function uploadFile(
  path: string,
  plan: UploadPlan,
  shared: Shared,
  onProgress: (progress: Progress) => void,
): Promise<UploadResult & { readonly bytes: number }> {
  const { transport, hashing, resumeStore, slots, signal } = shared
  const names = fileNames(path, plan)
  const file = await openFile(path)
  const { promise: finished, resolve: finish } = Promise.withResolvers<void>()
  try {
    const result = await upload(file, {
      url: plan.url,
      transport,
      hashing,
      resumeStore: file.size < rememberedBytes ? false : resumeStore,
      slots,
      ...uploaderOf(
        plan,
        once((fileSha) => shared.twins.wait(fileSha, finished)),
      ),
      file: { ...names, ...plan.facts },
      parallel: plan.parallel,
      signal,
      onProgress,
      ...(plan.cover !== undefined && { cover: plan.cover }),
    })
    return { ...result, bytes: file.size }
  } finally {
    finish()
    await file.close()
  }
}

/** A signature may be made again while the upload runs. */
function once(work: (fileSha: string) => Promise<void>): (fileSha: string) => Promise<void> {
  let done: Promise<void> | undefined
  return (fileSha) => {
    done ??= work(fileSha)
    return done
  }
}

function uploaderOf({ family, credentials, facts }: UploadPlan, hashed: (fileSha: string) => Promise<void>): Uploader {
  if (family === 'server') {
    const signing = serverCredentials(credentials)
    return {
      credentials: {
        family,
        async authenticate(file, signal) {
          await hashed(file.fileSha)
          return signing.authenticate(file, signal)
        },
      },
    }
  }
  return {
    async getSignature(file) {
      await hashed(file.fileSha)
      return signUgc({ ...credentials, ...file, ...facts, signedAtS: Math.floor(Date.now() / 1000) })
    },
  }
}
