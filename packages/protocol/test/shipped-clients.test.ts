import { encodeQuery, percentEncode, phpUrlencode, utf8Bytes } from '@sluice/protocol'
import { hmac } from '@sluice/protocol/signatures'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hostileText } from './hostile.ts'
import { dotted, host, meant, path, secretKey, verify } from './server-requests.ts'

describe('what published clients sign', () => {
  const words = fc.uniqueArray(fc.tuple(fc.stringMatching(/^[a-z][A-Za-z0-9_.]{0,8}$/), hostileText), {
    selector: ([name]) => dotted(name),
    maxLength: 6,
  })

  /** Signs pairs as they stand and in this order. */
  function signAs(method: string, pairs: readonly (readonly [string, string])[]): string {
    const text = `${method}${host}${path}?${pairs.map((pair) => pair.map(utf8Bytes).join('=')).join('&')}`
    return percentEncode(hmac('HmacSHA1', secretKey, text).toString('base64'))
  }

  test('PHP SDK: sorted, then _ written as a dot, values that start with @ left out of a POST', () => {
    fc.assert(
      fc.property(words, (pairs) => {
        const kept = sorted(pairs).filter(([, value]) => !value.startsWith('@'))
        const signature = signAs(
          'POST',
          kept.map(([name, value]) => [dotted(name), value]),
        )
        expect(verify(`${encodeQuery(pairs)}&Signature=${signature}`)).toEqual(meant(Object.fromEntries(pairs)))
      }),
    )
  })

  test('PHP SDK before 2017: values urlencoded in the text, the values meant are the plain ones', () => {
    fc.assert(
      fc.property(words, (pairs) => {
        const encoded = sorted(pairs).map(([name, value]) => [name, phpUrlencode(utf8Bytes(value))] as const)
        const query = `${encodeQuery(pairs)}&Signature=${signAs('POST', encoded)}`
        expect(verify(query)).toEqual(meant(Object.fromEntries(pairs)))
      }),
    )
  })

  test('PHP SDK before 2017: a Chinese name, which it sends as it signs it, is still decoded', () => {
    const signature = signAs('POST', [['fileName', '%E5%8A%A8%E7%89%A9']])
    expect(verify(`fileName=%E5%8A%A8%E7%89%A9&Signature=${signature}`)).toEqual(meant({ fileName: '动物' }))
  })

  test('Node.js SDK: values sent and signed as they are, and meant as they are', () => {
    const unencoded = words.map((pairs) => [
      ...pairs.map(([name, value]): [string, string] => [name, value.replaceAll('&', '').toWellFormed()]),
      // It sends an address like this one: with nothing but words, unencoded could not be told from urlencoded.
      ['Notify-Url', 'http://cb.example.com/a?x=1'] satisfies [string, string],
    ])
    fc.assert(
      fc.property(unencoded, (pairs) => {
        const query = pairs.map((pair) => pair.map(utf8Bytes).join('=')).join('&')
        const signature = signAs('POST', sorted(pairs))
        expect(verify(`${query}&Signature=${signature}`)).toEqual(meant(Object.fromEntries(pairs)))
      }),
    )
  })

  test('a client that leaves + unencoded means a plus when it signs one', () => {
    const signature = signAs('GET', [['fileName', 'a+b c']])
    const query = `fileName=a+b%20c&Signature=${signature}`
    expect(verify(query, { method: 'GET' })).toEqual(meant({ fileName: 'a+b c' }))
  })

  test('a value left out for its @ is left out of a POST only', () => {
    const pairs = [['fileName', '@home'] as const]
    expect(verify(`${encodeQuery(pairs)}&Signature=${signAs('POST', [])}`)).toEqual(meant({ fileName: '@home' }))
    expect(verify(`${encodeQuery(pairs)}&Signature=${signAs('GET', [])}`, { method: 'GET' })).toBeUndefined()
  })
})

/** By the bytes of the name, as PHP's ksort orders strings. */
function sorted(pairs: readonly [string, string][]): [string, string][] {
  return pairs.toSorted(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
}
