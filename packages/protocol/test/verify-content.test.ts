import { checkVerifyContent, hmac, makeVerifyContent } from '@sluice/protocol/signatures'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hostileText } from './hostile.ts'

const verifyKey = '6367c48dd193d56ea7b0baad25b19455e529f5ee'
const fileId = '7031868222808505913'
const nowS = 1_490_000_000

describe('a verify_content', () => {
  test('is good for one hour, for its file and key', () => {
    const text = makeVerifyContent(verifyKey, fileId, nowS)
    const check = (changed: object) => checkVerifyContent(text, { verifyKey, fileId, nowS, ...changed })
    expect(check({})).toBe(true)
    expect(check({ nowS: nowS + 3600 })).toBe(true)
    expect(check({ nowS: nowS + 3601 })).toBe(false)
    expect(check({ fileId: '7031868222808505914' })).toBe(false)
    expect(check({ verifyKey: 'other' })).toBe(false)
  })

  test('is refused when one bit of it is flipped', () => {
    fc.assert(
      fc.property(fc.nat({ max: (20 + 'ExpTime=1490003600&FileId=7031868222808505913'.length) * 8 - 1 }), (bit) => {
        const bytes = Buffer.from(makeVerifyContent(verifyKey, fileId, nowS), 'base64')
        bytes.writeUInt8(bytes.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
        expect(checkVerifyContent(bytes.toString('base64'), { verifyKey, fileId, nowS })).toBe(false)
      }),
    )
  })

  test('with a right hash over another text is refused', () => {
    for (const text of [
      `FileId=${fileId}`,
      `ExpTime=${nowS}`,
      `ExpTime=${nowS}&FileId=${fileId}&x=1`,
      `ExpTime=&FileId=1`,
    ]) {
      const forged = Buffer.concat([hmac('HmacSHA1', verifyKey, text), Buffer.from(text)]).toString('base64')
      expect(checkVerifyContent(forged, { verifyKey, fileId, nowS }), text).toBe(false)
    }
  })

  test('that is garbage is refused and never throws', () => {
    fc.assert(
      fc.property(fc.oneof(hostileText, fc.base64String()), (text) => {
        expect(checkVerifyContent(text, { verifyKey, fileId, nowS })).toBe(false)
      }),
    )
  })
})
