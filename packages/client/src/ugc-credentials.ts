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
      const fields = readFields(signature)
      requireSameUse(file, fields.get('coverOf'))
      const lastsMs = validityMs(fields)
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

/** A backend that knows nothing of covers would have the image stored as a video. */
function requireSameUse({ coverOf }: HashedFile, signed: string | undefined): void {
  if (signed === coverOf) return
  const use = (fileId: string | undefined) => (fileId === undefined ? 'a video' : `the cover of ${fileId}`)
  throw UploadError.local('signature', `getSignature was asked for ${use(coverOf)} and signed ${use(signed)}`)
}

/** The fields of a signature; none of what is no signature of this kind: whether it is good the service says. */
function readFields(signature: string): ReadonlyMap<string, string> {
  const clean = cleanBase64(signature)
  if (!isBase64(clean) || clean.length % 4 === 1) return new Map()
  return new Map(splitQuery(atob(clean).slice(20)).map(({ name, value }) => [name, value]))
}

/**
 * How long a signature is valid, by the two times that stand in it: the clock of this machine, which may be wrong, is not
 * asked. Undefined if it has none.
 */
function validityMs(fields: ReadonlyMap<string, string>): number | undefined {
  const [t, e] = [Number(fields.get('t') ?? Number.NaN), Number(fields.get('e') ?? Number.NaN)]
  // Some clients write either time in milliseconds.
  const inMs = (time: number) => (time >= limits.millisecondsFrom ? time : time * 1000)
  const validMs = t >= limits.millisecondsFrom && e - t < limits.millisecondsFrom ? (e - t) * 1000 : inMs(e) - inMs(t)
  return validMs > 0 ? Math.min(validMs, limits.ugcMaxValidityS * 1000) : undefined
}
