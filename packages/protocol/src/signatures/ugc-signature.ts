import { randomInt } from 'node:crypto'
import { ProtocolError } from '../errors.ts'
import { limits } from '../limits.ts'
import { cleanBase64, encodeQuery, isBase64, percentDecode, splitQuery, utf8 } from '../query.ts'
import { equalBytes, hmac } from './hmac.ts'

const macLength = 20
/** Counts as the first field alone: a name or type that a backend pastes in unencoded cannot get there. */
const coverField = 'coverOf'

/** What a backend signs for one file of one user. */
export interface UgcGrant {
  readonly secretId: string
  readonly secretKey: string
  /** SHA-1 of the file, 40 hex digits. */
  readonly fileSha: string
  readonly fileName: string
  /** Extension without dot. */
  readonly fileType: string
  /** The user inside the app; uploads of different users never meet. */
  readonly uid?: string
  readonly classId?: number
  readonly tags?: readonly string[]
  readonly transcode?: boolean
  readonly screenshot?: boolean
  readonly watermark?: boolean
  /** The id of the video whose cover the file is to be. Ours: the old service takes the file for a video. */
  readonly coverOf?: string
  /** Unix seconds. */
  readonly signedAtS: number
  /** Seconds, at most 90 days. Default one day. */
  readonly validS?: number
  /** Anything that makes two signatures differ; default a random number below 2^32. */
  readonly nonce?: number
}

/** Signs a UGC signature: base64 of the HMAC-SHA1 followed by the very text it covers. One serves a whole file. */
export function signUgc(grant: UgcGrant): string {
  const fields: [string, string][] = [
    ...(grant.coverOf === undefined ? [] : [[coverField, grant.coverOf] as [string, string]]),
    ['s', grant.secretId],
    ['t', String(grant.signedAtS)],
    ['e', String(grant.signedAtS + (grant.validS ?? 86_400))],
    ['f', grant.fileName],
    ['fs', grant.fileSha],
    ['ft', grant.fileType],
    ['r', String(grant.nonce ?? randomInt(2 ** 32))],
    ['uid', grant.uid ?? ''],
  ]
  if (grant.transcode) fields.push(['tc', '1'])
  if (grant.screenshot) fields.push(['ss', '1'])
  if (grant.watermark) fields.push(['wm', '1'])
  if (grant.classId) fields.push(['cid', String(grant.classId)])
  for (const [index, tag] of (grant.tags ?? []).entries()) fields.push([`tag.${index + 1}`, tag])
  const original = encodeQuery(fields)
  return Buffer.concat([hmac('HmacSHA1', grant.secretKey, original), Buffer.from(original, 'latin1')]).toString(
    'base64',
  )
}

/** A UGC signature taken apart; nothing in it is to be believed before `verifyUgc`. */
export interface UgcSignature {
  readonly mac: Buffer
  /** The bytes the HMAC covers, one per character. */
  readonly original: string
  readonly fields: ReadonlyMap<string, string>
}

/** Takes a UGC signature apart. Throws `signature` (-10002) when it is not one, or names a field twice. */
export function parseUgc(text: string): UgcSignature {
  const clean = cleanBase64(text)
  const bytes = Buffer.from(clean, 'base64')
  if (!isBase64(clean) || bytes.length <= macLength) throw refuse('is not base64 of an HMAC and a text', '4100')
  const original = bytes.toString('latin1', macLength)
  const fields = new Map<string, string>()
  for (const pair of splitQuery(original)) {
    const name = utf8(percentDecode(pair.name, true))
    if (fields.has(name)) throw refuse(`holds the field ${name} twice`, '4100')
    fields.set(name, utf8(percentDecode(pair.value, true)))
  }
  return { mac: bytes.subarray(0, macLength), original, fields }
}

/** What a good UGC signature grants. */
export interface UgcVerdict {
  /** Lower-case hex. */
  readonly fileSha: string
  /** When it was signed and until when it is valid, Unix seconds, after the clients' quirks are undone. */
  readonly signedAtS: number
  readonly validUntilS: number
  /** The id of the video whose cover the file is. */
  readonly coverOf: string | undefined
}

/**
 * Checks a UGC signature: HMAC, required fields, validity at `nowS` (Unix seconds), and that it is about `fileSha`, the
 * file the request names, if it names one. Throws `signature` (-10002; codeDesc 4100, or 4200 when expired).
 */
export function verifyUgc(
  signature: UgcSignature,
  secretKey: string,
  { nowS, fileSha }: { readonly nowS: number; readonly fileSha?: string | undefined },
): UgcVerdict {
  if (!equalBytes(hmac('HmacSHA1', secretKey, signature.original), signature.mac)) {
    throw new ProtocolError('signature', 'signature mismatch', { codeDesc: '4100' })
  }
  const signed = signature.fields.get('fs') ?? ''
  if (!/^[0-9a-fA-F]{40}$/.test(signed)) throw refuse('has no fs of 40 hex digits', '4100')
  const { signedAtS, validUntilS } = validity(timeField(signature, 't'), timeField(signature, 'e'))
  if (nowS > validUntilS) throw refuse(`expired at ${validUntilS}, it is ${nowS}`, '4200')
  if (signedAtS > nowS + limits.ugcMaxAheadS) throw refuse(`was signed at ${signedAtS}, it is ${nowS}`, '4200')
  if (fileSha !== undefined && fileSha.toLowerCase() !== signed.toLowerCase()) {
    throw refuse('is about another file than fileSha', '4100')
  }
  return { fileSha: signed.toLowerCase(), signedAtS, validUntilS, coverOf: coverOf(signature) }
}

function coverOf({ fields, original }: UgcSignature): string | undefined {
  const fileId = fields.get(coverField)
  if (fileId === undefined) return undefined
  if (!original.startsWith(`${coverField}=`)) throw refuse(`holds ${coverField} elsewhere than first`, '4100')
  if (!/^\d{1,20}$/.test(fileId)) throw refuse(`holds no id of a video as ${coverField}`, '4100')
  return fileId
}

/**
 * Undoes what published clients do to times: the first Node.js sample gives `t` in milliseconds and adds seconds to it,
 * the web SDK gives `e` in milliseconds, the C# sample writes `t` and the validity next to each other.
 */
function validity(t: number, e: number): { signedAtS: number; validUntilS: number } {
  const inMilliseconds = t >= limits.millisecondsFrom
  const signedAtS = inMilliseconds ? Math.floor(t / 1000) : t
  const claimed = inMilliseconds ? signedAtS + (e - t) : e >= limits.millisecondsFrom ? Math.floor(e / 1000) : e
  return { signedAtS, validUntilS: Math.min(claimed, signedAtS + limits.ugcMaxValidityS) }
}

function timeField({ fields }: UgcSignature, name: string): number {
  const value = fields.get(name) ?? ''
  if (!/^\d{1,17}$/.test(value)) throw refuse(`has no ${name} in whole seconds`, '4100')
  return Number(value)
}

function refuse(what: string, codeDesc: '4100' | '4200'): ProtocolError {
  return new ProtocolError('signature', `the signature ${what}`, { codeDesc })
}
