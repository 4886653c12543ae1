import { cleanBase64, limits } from '@sluice/protocol'
import { hmac, parseUgc, signUgc, type UgcGrant, verifyUgc } from '@sluice/protocol/signatures'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { anyBytes, hostileText, sha1 } from './hostile.ts'
import { codesOf } from './thrown.ts'
import { fileSha, nowS, refused, secretKey, signFields, signText, verify } from './ugc-texts.ts'

const grants: fc.Arbitrary<UgcGrant> = fc.record(
  {
    secretId: hostileText,
    secretKey: hostileText,
    fileSha: sha1,
    fileName: hostileText,
    fileType: hostileText,
    signedAtS: fc.integer({ min: nowS - 1000, max: nowS }),
    validS: fc.integer({ min: 1000, max: limits.ugcMaxValidityS }),
    uid: hostileText,
    classId: fc.integer({ min: 1, max: 1e6 }),
    tags: fc.array(hostileText, { maxLength: 10 }),
    transcode: fc.boolean(),
    screenshot: fc.boolean(),
    watermark: fc.boolean(),
    coverOf: fc.stringMatching(/^\d{1,20}$/),
    nonce: fc.nat(),
  },
  { requiredKeys: ['secretId', 'secretKey', 'fileSha', 'fileName', 'fileType', 'signedAtS'] },
)

describe('a UGC signature', () => {
  test('gives back what was granted, whatever the texts and the key', () => {
    fc.assert(
      fc.property(grants, (grant) => {
        const signature = parseUgc(signUgc(grant))
        const { fields } = signature
        const text = (value: string | undefined) => value?.toWellFormed() ?? ''
        expect(fields.get('s')).toBe(text(grant.secretId))
        expect(fields.get('f')).toBe(text(grant.fileName))
        expect(fields.get('ft')).toBe(text(grant.fileType))
        expect(fields.get('uid')).toBe(text(grant.uid))
        expect(fields.get('cid')).toBe(grant.classId?.toString())
        expect([fields.get('tc'), fields.get('ss'), fields.get('wm')]).toEqual(
          [grant.transcode, grant.screenshot, grant.watermark].map((flag) => (flag ? '1' : undefined)),
        )
        const tags = grant.tags ?? []
        expect(tags.map((_, index) => fields.get(`tag.${index + 1}`))).toEqual(tags.map(text))
        expect(verifyUgc(signature, grant.secretKey, { nowS, fileSha: grant.fileSha })).toEqual({
          fileSha: grant.fileSha.toLowerCase(),
          signedAtS: grant.signedAtS,
          validUntilS: grant.signedAtS + (grant.validS ?? 86_400),
          coverOf: grant.coverOf,
        })
      }),
      { numRuns: 200 },
    )
  })

  test('is refused when one bit of it is flipped, in the hash or in the text', () => {
    fc.assert(
      fc.property(grants, fc.nat(), (grant, position) => {
        const bytes = Buffer.from(signUgc(grant), 'base64')
        const bit = position % (bytes.length * 8)
        bytes.writeUInt8(bytes.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
        const check = () => verifyUgc(parseUgc(bytes.toString('base64')), grant.secretKey, { nowS })
        expect(codesOf(check)).toEqual(refused)
      }),
      { numRuns: 200 },
    )
  })

  test('is refused under another key', () => {
    expect(codesOf(() => verify(signText('s=a', 'other')))).toEqual(refused)
    expect(verify(signFields())).toEqual({ fileSha, signedAtS: nowS, validUntilS: nowS + 100, coverOf: undefined })
  })

  test('reads the same after line wraps, with spaces for +, URL-safe or without padding', () => {
    fc.assert(
      fc.property(grants, fc.constantFrom('\n', '\r\n'), (grant, lineBreak) => {
        const plain = signUgc(grant)
        const wrapped = `${plain.replace(/.{76}/g, `$&${lineBreak}`)}`
        const urlSafe = Buffer.from(plain, 'base64').toString('base64url')
        for (const travelled of [wrapped, plain.replaceAll('+', ' '), urlSafe, wrapped.replace(/=+$/, lineBreak)]) {
          expect(cleanBase64(travelled)).toBe(cleanBase64(plain))
          expect(parseUgc(travelled)).toEqual(parseUgc(plain))
        }
      }),
    )
  })

  test('that was given no nonce differs from the next one', () => {
    const grant = { secretId: 'a', secretKey, fileSha, fileName: 'f', fileType: 'mp4', signedAtS: nowS }
    expect(signUgc(grant)).not.toBe(signUgc(grant))
    expect(signUgc({ ...grant, nonce: 7 })).toBe(signUgc({ ...grant, nonce: 7 }))
  })
})

describe('what is not a UGC signature', () => {
  const mac = Buffer.alloc(20).toString('base64')

  test.each(['', ' ', '=', 'abc', mac, `${mac.slice(0, -1)}*AAAA`, 'é'.repeat(40), `${mac}AAAA`])(
    'is refused: %j',
    (text) => expect(codesOf(() => parseUgc(text))).toEqual(refused),
  )

  test('is refused with a field twice, also under two spellings of its name', () => {
    for (const text of [`fs=${fileSha}&fs=${fileSha}`, `fs=${fileSha}&%66s=${fileSha}`, 'a&a', '=1&=2']) {
      expect(
        codesOf(() => parseUgc(signText(text))),
        text,
      ).toEqual(refused)
    }
  })

  test('is refused and never breaks, whatever it is', () => {
    fc.assert(
      fc.property(fc.oneof(hostileText, anyBytes, fc.base64String()), (text) => {
        expect(codesOf(() => verify(text))).toEqual(refused)
      }),
    )
  })

  test('is refused even when its hash is right, if it says nothing', () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        const original = Buffer.from(bytes, 'latin1')
        const signature = Buffer.concat([hmac('HmacSHA1', secretKey, bytes), original]).toString('base64')
        expect(codesOf(() => verify(signature))).toEqual(refused)
      }),
    )
  })
})
