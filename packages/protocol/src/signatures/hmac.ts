import { createHmac, timingSafeEqual } from 'node:crypto'

/** The algorithms of a server signature, as `SignatureMethod` names them. */
export type SignatureMethod = 'HmacSHA1' | 'HmacSHA256'

/** HMAC over bytes given one per character. The key is the UTF-8 text of the SecretKey, not decoded in any way. */
export function hmac(method: SignatureMethod, secretKey: string, bytes: string): Buffer {
  return createHmac(method === 'HmacSHA256' ? 'sha256' : 'sha1', secretKey)
    .update(bytes, 'latin1')
    .digest()
}

/** Compares in a time that does not tell where two values differ. */
export function equalBytes(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}
