import { cleanBase64, encodeQuery, limits, utf8Bytes } from '@sluice/protocol'
import { hmac, parseUgc, signUgc, type UgcGrant, verifyUgc } from '@sluice/protocol/signatures'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { anyBytes, hostileText, sha1 } from './hostile.ts'
import { codesOf, thrownBy } from './thrown.ts'

const secretKey = 'fixtureSecretKey0000000000000001'
const fileSha = '532b57da33a2d72aaf80ffcd2ee4729c71976b61'
const nowS = 1_490_000_000
const refused = { errorName: 'signature', code: -10002, canRetry: 0, codeDesc: '4100' }
const expired = { ...refused, codeDesc: '4200' }

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
    nonce: fc.nat(),
  },
  { requiredKeys: ['secretId', 'secretKey', 'fileSha', 'fileName', 'fileType', 'signedAtS'] },
)

/** Signs a text as it stands, as clients of all kinds build it. */
function signText(text: string, key = secretKey): string {
  const original = utf8Bytes(text)
  return Buffer.concat([hmac('HmacSHA1', key, original), Buffer.from(original, 'latin1')]).toString('base64')
}

/** Signs the required fields with some of them replaced or, with `undefined`, left out. */
function signFields(changed: Record<string, string | undefined> = {}): string {
  const fields = { s: 'AKID', t: String(nowS), e: String(nowS + 100), fs: fileSha, ...changed }
  return signText(encodeQuery(Object.entries(fields).flatMap(([k, v]) => (v === undefined ? [] : [[k, v] as const]))))
}

function verify(signature: string, atS = nowS, requested?: string) {
  return verifyUgc(parseUgc(signature), secretKey, { nowS: atS, fileSha: requested })
}

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
    expect(verify(signFields())).toEqual({ fileSha, signedAtS: nowS, validUntilS: nowS + 100 })
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

describe('the fields of a UGC signature', () => {
  test.each(['t', 'e', 'fs'])('must hold %s', (name) => {
    expect(codesOf(() => verify(signFields({ [name]: undefined })))).toEqual(refused)
    expect(codesOf(() => verify(signFields({ [name]: '' })))).toEqual(refused)
  })

  test.each(['1490000000.5', '-1', '1e9', 'now', ' 1490000000', '1'.repeat(18)])('hold no time %j', (time) => {
    expect(codesOf(() => verify(signFields({ t: time })))).toEqual(refused)
    expect(codesOf(() => verify(signFields({ e: time })))).toEqual(refused)
  })

  test.each([fileSha.slice(1), `${fileSha}0`, `g${fileSha.slice(1)}`])('hold no hash %j', (fs) => {
    expect(codesOf(() => verify(signFields({ fs })))).toEqual(refused)
  })

  test('may hold others, and an unencoded value is read as it stands', () => {
    const { fields } = parseUgc(signText(`x=1&f=100%+动物&uid=a+b&=&y`))
    expect(Object.fromEntries(fields)).toEqual({ x: '1', f: '100%+动物', uid: 'a b', '': '', y: '' })
  })

  test('are about one file, named in any case or not at all', () => {
    const signature = signFields({ fs: fileSha.toUpperCase() })
    for (const requested of [undefined, fileSha, fileSha.toUpperCase()]) {
      expect(verify(signature, nowS, requested).fileSha).toBe(fileSha)
    }
    for (const requested of ['', 'a'.repeat(40), `${fileSha}0`]) {
      expect(codesOf(() => verify(signature, nowS, requested))).toEqual(refused)
    }
  })
})

describe('the validity of a UGC signature', () => {
  test('reaches from one day before t to e or 90 days after t, both included', () => {
    const instant = fc.integer({ min: -2 * 86_400, max: limits.ugcMaxValidityS + 86_400 })
    const edge = fc.constantFrom(-86_401, -86_400, 0, limits.ugcMaxValidityS, limits.ugcMaxValidityS + 1)
    fc.assert(
      fc.property(fc.oneof(instant, edge), fc.oneof(instant, edge), (validS, sinceS) => {
        const signature = signFields({ e: String(nowS + validS) })
        const untilS = Math.min(validS, limits.ugcMaxValidityS)
        if (sinceS >= -limits.ugcMaxAheadS && sinceS <= untilS) {
          expect(verify(signature, nowS + sinceS).validUntilS).toBe(nowS + untilS)
        } else {
          expect(codesOf(() => verify(signature, nowS + sinceS))).toEqual(expired)
        }
      }),
      { numRuns: 300 },
    )
  })

  test('is the same for the clients that count in milliseconds', () => {
    const milliseconds = `${nowS}000`
    expect(verify(signFields({ e: `${nowS + 21_600}999` }))).toMatchObject({ validUntilS: nowS + 21_600 })
    expect(verify(signFields({ t: milliseconds, e: String(nowS * 1000 + 86_400) }))).toMatchObject({
      signedAtS: nowS,
      validUntilS: nowS + 86_400,
    })
    expect(verify(signFields({ e: `${nowS}172800` })).validUntilS).toBe(nowS + limits.ugcMaxValidityS)
  })

  test('is checked after the hash: a forged signature never learns that it expired', () => {
    const forged = signText(encodeQuery(Object.entries({ s: 'a', t: '1', e: '2', fs: fileSha })), 'other')
    expect(codesOf(() => verify(forged))).toEqual(refused)
    expect(thrownBy(() => verify(forged)).message).toBe('signature mismatch')
  })
})
