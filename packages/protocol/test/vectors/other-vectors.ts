import { limits, utf8, utf8Bytes } from '@sluice/protocol'
import { checkVerifyContent, hmac, makeVerifyContent, parseUgc, signHotlink } from '@sluice/protocol/signatures'
import { expect, test } from 'vitest'
import type { ClientSignatureVector, HotlinkVector, VerifyContentVector } from './vector-file.ts'

/** The tests of one verify_content vector. */
export function verifyContentVector(vector: VerifyContentVector): void {
  const { id, title, verifyKey, plainText, verifyContent } = vector
  const fields = new URLSearchParams(plainText)
  const fileId = fields.get('FileId') ?? ''
  const expiresAtS = Number(fields.get('ExpTime'))

  test(`${id}: its hash and its text make it (${title})`, () => {
    const mac = hmac('HmacSHA1', verifyKey, plainText)
    expect(mac.toString('hex')).toBe(vector.hmacSha1Hex)
    const hash = vector.layout === 'raw20' ? mac : Buffer.from(mac.toString('hex'))
    expect(Buffer.concat([hash, Buffer.from(plainText)]).toString('base64')).toBe(verifyContent)
    if (vector.expect) expect(verifyContent).toBe(vector.expect.equalsPublished)
  })

  test(`${id}: it is good until its time, for its file and key only`, () => {
    const claim = { verifyKey, fileId, nowS: expiresAtS }
    expect(checkVerifyContent(verifyContent, claim)).toBe(true)
    expect(checkVerifyContent(verifyContent, { ...claim, nowS: expiresAtS + 1 })).toBe(false)
    expect(checkVerifyContent(verifyContent, { ...claim, fileId: `${fileId}0` })).toBe(false)
    expect(checkVerifyContent(verifyContent, { ...claim, verifyKey: `${verifyKey}0` })).toBe(false)
  })

  if (vector.layout === 'raw20') {
    test(`${id}: it is what Sluice makes one hour before its time`, () => {
      expect(makeVerifyContent(verifyKey, fileId, expiresAtS - limits.verifyContentS)).toBe(verifyContent)
    })
  }
}

/** The tests of one newer client signature: built like a UGC signature, so it can be taken apart, never verified as one. */
export function clientSignatureVector(vector: ClientSignatureVector): void {
  const { id, title, secretKey } = vector

  test(`${id}: its HMAC and its text make it (${title})`, () => {
    const original = utf8Bytes(vector.original)
    const mac = hmac('HmacSHA1', secretKey, original)
    expect(mac.toString('hex')).toBe(vector.hmacSha1Hex)
    expect(Buffer.concat([mac, Buffer.from(original, 'latin1')]).toString('base64')).toBe(vector.signature)
  })

  test(`${id}: it can be taken apart and has no field s`, () => {
    const parsed = parseUgc(vector.signature)
    expect(utf8(parsed.original)).toBe(vector.original)
    expect(Object.fromEntries(parsed.fields)).toEqual(Object.fromEntries(new URLSearchParams(vector.original)))
    expect(parsed.fields.get('secretId')).toBe(vector.secretId)
    expect(parsed.fields.has('s')).toBe(false)
  })
}

/** The test of one protected play address. */
export function hotlinkVector({ id, title, sign, expect: expected, ...rest }: HotlinkVector): void {
  test(`${id}: its sign is the published one (${title})`, () => {
    expect(signHotlink(rest)).toBe(sign)
    expect(sign).toBe(expected?.equalsPublished)
  })
}
