import { encodeQuery } from '@sluice/protocol'
import type { Credentials, HashedFile } from './credentials.ts'
import { reasonOf, UploadError } from './upload-error.ts'

export interface UgcOptions {
  /** Gets the signature for one file from the app's backend, which makes it with `signUgc`. */
  getSignature(file: HashedFile, signal: AbortSignal): Promise<string>
}

/** The ugc family: one signature for a whole file, made by the app's backend. Name, class and tags stand in it. */
export function ugcCredentials({ getSignature }: UgcOptions): Credentials {
  return {
    family: 'ugc',
    async authenticate(file, signal) {
      const signature = await requireSignature(getSignature, file, signal)
      return ({ action, params }) =>
        encodeQuery([['Action', action], ...Object.entries(params), ['Signature', signature]])
    },
  }
}

async function requireSignature(
  getSignature: UgcOptions['getSignature'],
  file: HashedFile,
  signal: AbortSignal,
): Promise<string> {
  let signature: unknown
  try {
    signature = await getSignature(file, signal)
  } catch (cause) {
    throw UploadError.local('signature', `getSignature failed: ${reasonOf(cause)}`, { cause })
  }
  if (typeof signature === 'string' && signature !== '') return signature
  throw UploadError.local('signature', `getSignature must return a signature, it returned ${typeof signature}`)
}
