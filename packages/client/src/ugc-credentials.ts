import { cleanBase64, encodeQuery, isBase64, limits, splitQuery } from '@sluice/protocol'
import type { Credentials, HashedFile } from './credentials.ts'
import { reasonOf, UploadError } from './upload-error.ts'

/** Gets the signature for one file from the app's backend, which makes it with `signUgc`. */
export type GetSignature = (file: HashedFile, signal: AbortSignal) => Promise<string>

/** The ugc family: one signature for a whole file, made by the app's backend. Name, class and tags stand in it. */
export function ugcCredentials(getSignature: GetSignature): Credentials {
  return {
    family: 'ugc',
    async authenticate(file, signal) {
      const signature = await requireSignature(getSignature, file, signal)
      const lastsMs = validityMs(signature)
      return {
        makeQuery: ({ action, params }) =>
          encodeQuery([['Action', action], ...Object.entries(params), ['Signature', signature]]),
        ...(lastsMs !== undefined && { lastsMs }),
      }
    },
  }
}

async function requireSignature(getSignature: GetSignature, file: HashedFile, signal: AbortSignal): Promise<string> {
  let signature: unknown
  try {
    signature = await getSignature(file, signal)
  } catch (cause) {
    throw UploadError.local('signature', `getSignature failed: ${reasonOf(cause)}`, { cause })
  }
  if (typeof signature === 'string' && signature !== '') return signature
  throw UploadError.local('signature', `getSignature must return a signature, it returned ${typeof signature}`)
}

/**
 * How long a signature is valid, by the two times that stand in it: the clock of this machine, which may be wrong, is not
 * asked. Undefined for what is no signature of this kind; whether it is good the service says.
 */
function validityMs(signature: string): number | undefined {
  const clean = cleanBase64(signature)
  if (!isBase64(clean) || clean.length % 4 === 1) return undefined
  const fields = new Map(splitQuery(atob(clean).slice(20)).map(({ name, value }) => [name, Number(value)]))
  const [t, e] = [fields.get('t') ?? Number.NaN, fields.get('e') ?? Number.NaN]
  // Some clients write either time in milliseconds.
  const inMs = (time: number) => (time >= limits.millisecondsFrom ? time : time * 1000)
  const validMs = t >= limits.millisecondsFrom && e - t < limits.millisecondsFrom ? (e - t) * 1000 : inMs(e) - inMs(t)
  return validMs > 0 ? Math.min(validMs, limits.ugcMaxValidityS * 1000) : undefined
}
