import {
  cleanBase64,
  encodeQuery,
  isBase64,
  percentDecode,
  percentEncode,
  phpUrlencode,
  splitQuery,
  utf8,
  utf8Bytes,
} from '@sluice/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { anyBytes, hostileText } from './hostile.ts'

describe('a query is split', () => {
  test('at & and then at the first =, empty pieces left out', () => {
    expect(splitQuery('a=1&&b=x=y&c&=d&e=&')).toEqual([
      { name: 'a', value: '1' },
      { name: 'b', value: 'x=y' },
      { name: 'c', value: '' },
      { name: '', value: 'd' },
      { name: 'e', value: '' },
    ])
    expect(splitQuery('')).toEqual([])
  })

  test('into the very pairs that were encoded, whatever they hold', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(hostileText, hostileText), { maxLength: 6 }), (params) => {
        const read = splitQuery(encodeQuery(params)).map(({ name, value }) => [name, value].map(decoded))
        expect(read).toEqual(params.map((pair) => pair.map((text) => text.toWellFormed())))
      }),
    )
  })
})

describe('percent-encoding', () => {
  test('leaves only unreserved characters and is undone by decoding, with + read either way', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        const encoded = percentEncode(text)
        expect(encoded).toMatch(/^([A-Za-z0-9\-_.~]|%[0-9A-F]{2})*$/)
        expect(utf8(percentDecode(encoded, true))).toBe(text.toWellFormed())
        expect(utf8(percentDecode(encoded, false))).toBe(text.toWellFormed())
      }),
    )
  })

  test('encodes what encodeURIComponent leaves', () => {
    expect(percentEncode("a b!'()*~-_.é")).toBe('a%20b%21%27%28%29%2A~-_.%C3%A9')
  })

  test('reads + as a space only when asked to', () => {
    expect(percentDecode('a+b%2B%20c', true)).toBe('a b+ c')
    expect(percentDecode('a+b%2B%20c', false)).toBe('a+b+ c')
  })

  test('takes lower-case digits and yields bytes, not text', () => {
    expect(percentDecode('%c3%A9', true)).toBe('\xc3\xa9')
  })

  test.each(['100%', '100%+a', '%zz+%41', '%4', 'a+b%2'])('leaves the value %j, which was never encoded', (value) => {
    expect(percentDecode(value, true)).toBe(value)
    expect(percentDecode(value, false)).toBe(value)
  })

  test('decodes any bytes into bytes, never more of them', () => {
    fc.assert(
      fc.property(anyBytes, fc.boolean(), (bytes, plusIsSpace) => {
        const decodedBytes = percentDecode(bytes, plusIsSpace)
        expect(decodedBytes.length).toBeLessThanOrEqual(bytes.length)
        expect(Buffer.from(decodedBytes, 'latin1').toString('latin1')).toBe(decodedBytes)
      }),
    )
  })

  test('as PHP does it is undone by decoding with + as a space', () => {
    expect(phpUrlencode(utf8Bytes('my video (1)*~é'))).toBe('my+video+%281%29%2A%7E%C3%A9')
    fc.assert(
      fc.property(hostileText.map(utf8Bytes), (bytes) => {
        expect(percentDecode(phpUrlencode(bytes), true)).toBe(bytes)
      }),
    )
  })
})

describe('text and its bytes', () => {
  test('are each other, a byte order mark included; what is not well-formed becomes U+FFFD', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        expect(utf8(utf8Bytes(text))).toBe(text.toWellFormed())
      }),
    )
    expect(utf8Bytes('é\ud800')).toBe('\xc3\xa9\xef\xbf\xbd')
    expect(utf8('\xef\xbb\xbfa')).toBe('\ufeffa')
    expect(utf8('a\xff')).toBe('a\ufffd')
  })

  test('any bytes have a text', () => {
    fc.assert(fc.property(anyBytes, (bytes) => utf8(bytes).isWellFormed()))
  })
})

describe('base64', () => {
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 200 }).map((array) => Buffer.from(array))

  test('survives line wraps, spaces for +, the URL-safe alphabet and lost padding', () => {
    fc.assert(
      fc.property(bytes, fc.constantFrom('\n', '\r\n', '\r', '\t'), (data, lineBreak) => {
        const plain = data.toString('base64')
        const wrapped = plain.replace(/.{76}(?=.)/g, `$&${lineBreak}`)
        const damaged = [plain, wrapped, `${wrapped}${lineBreak}`, plain.replaceAll('+', ' '), plain.replace(/=+$/, '')]
        for (const text of [...damaged, data.toString('base64url'), wrapped.replaceAll('+', ' ')]) {
          const clean = cleanBase64(text)
          expect(isBase64(clean)).toBe(true)
          expect(Buffer.from(clean, 'base64').equals(data)).toBe(true)
        }
      }),
    )
  })

  test.each(['', 'ab=c', 'ab.c', 'é', 'ab%2B', 'a,b', '\0'])('is not %j', (text) => {
    expect(isBase64(cleanBase64(text))).toBe(false)
  })
})

function decoded(bytes: string): string {
  return utf8(percentDecode(bytes, true))
}
