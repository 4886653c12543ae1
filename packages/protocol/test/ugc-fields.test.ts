import { encodeQuery, limits } from '@sluice/protocol'
import { parseUgc } from '@sluice/protocol/signatures'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { codesOf, thrownBy } from './thrown.ts'
import { expired, fileSha, nowS, refused, signFields, signText, verify } from './ugc-texts.ts'

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

describe('the cover that a UGC signature grants', () => {
  const rest = `s=AKID&t=${nowS}&e=${nowS + 100}&fs=${fileSha}`

  test('is that of the video its first field names', () => {
    expect(verify(signText(`coverOf=9031868222900000001&${rest}`)).coverOf).toBe('9031868222900000001')
    expect(verify(signText(`usage=1&fileId=7&${rest}`)).coverOf).toBeUndefined()
  })

  test.each([
    ['a name pasted in unencoded', `${rest}&f=x&coverOf=7`],
    ['the same under another spelling', `%63overOf=7&${rest}`],
    ['no id', `coverOf=&${rest}`],
    ['a text', `coverOf=x7&${rest}`],
  ])('is never that of %s', (_, text) => expect(codesOf(() => verify(signText(text)))).toEqual(refused))
})

describe('the validity of a UGC signature', () => {
  test('reaches from one day before t to e or 90 days after t, both included', () => {
    const instant = fc.integer({ min: -2 * 86_400, max: limits.ugcMaxValidityS + 86_400 })
    const edge = fc.constantFrom(-86_401, -86_400, 0, limits.ugcMaxValidityS, limits.ugcMaxValidityS + 1)
    fc.assert(
      fc.property(fc.oneof(instant, edge), fc.oneof(instant, edge), (validS, sinceS) => {
        const signature = signFields({ e: String(nowS + validS) })
        const untilS = Math.min(validS, limits.ugcMaxValidityS)
        if (sinceS >= -86_400 && sinceS <= untilS) {
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
