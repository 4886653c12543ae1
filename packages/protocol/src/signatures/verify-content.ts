import { limits } from '../limits.ts'
import { equalBytes, hmac } from './hmac.ts'

/** Makes the proof FinishUploadEx hands to a client for its backend: valid one hour from `nowS` (Unix seconds). */
export function makeVerifyContent(verifyKey: string, fileId: string, nowS: number): string {
  const text = `ExpTime=${nowS + limits.verifyContentS}&FileId=${fileId}`
  return Buffer.concat([hmac('HmacSHA1', verifyKey, text), Buffer.from(text, 'latin1')]).toString('base64')
}

/**
 * Checks a verify_content in an app's backend: made with this key, about this file, not expired at `nowS`. The hash may
 * be 20 raw bytes, as the service sends it, or 40 hex digits, as the page's example has it.
 */
export function checkVerifyContent(
  verifyContent: string,
  { verifyKey, fileId, nowS }: { readonly verifyKey: string; readonly fileId: string; readonly nowS: number },
): boolean {
  const bytes = Buffer.from(verifyContent, 'base64').toString('latin1')
  const start = bytes.indexOf('ExpTime=')
  const match = /^ExpTime=(\d{1,12})&FileId=(\d{1,20})$/.exec(bytes.slice(Math.max(start, 0)))
  if (!match || match[2] !== fileId || nowS > Number(match[1])) return false
  const mac = hmac('HmacSHA1', verifyKey, match[0])
  const given = Buffer.from(bytes.slice(0, start), 'latin1')
  return equalBytes(mac, given) || equalBytes(Buffer.from(mac.toString('hex')), given)
}
