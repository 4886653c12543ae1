import { encodeQuery, utf8Bytes } from '@sluice/protocol'
import { hmac, parseUgc, type UgcVerdict, verifyUgc } from '@sluice/protocol/signatures'

export const secretKey = 'fixtureSecretKey0000000000000001'
export const fileSha = '532b57da33a2d72aaf80ffcd2ee4729c71976b61'
/** The clock of these tests. */
export const nowS = 1_490_000_000
export const refused = { errorName: 'signature', code: -10002, canRetry: 0, codeDesc: '4100' }
export const expired = { ...refused, codeDesc: '4200' }

/** Signs a text as it stands, as clients of all kinds build it. */
export function signText(text: string, key = secretKey): string {
  const original = utf8Bytes(text)
  return Buffer.concat([hmac('HmacSHA1', key, original), Buffer.from(original, 'latin1')]).toString('base64')
}

/** Signs the required fields with some of them replaced or, with `undefined`, left out. */
export function signFields(changed: Record<string, string | undefined> = {}): string {
  const fields = { s: 'AKID', t: String(nowS), e: String(nowS + 100), fs: fileSha, ...changed }
  return signText(encodeQuery(Object.entries(fields).flatMap(([k, v]) => (v === undefined ? [] : [[k, v] as const]))))
}

/** What a server makes of a signature and of the file that the request names. */
export function verify(signature: string, atS = nowS, requested?: string): UgcVerdict {
  return verifyUgc(parseUgc(signature), secretKey, { nowS: atS, fileSha: requested })
}
