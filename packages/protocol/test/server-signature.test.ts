import { encodeQuery, limits, splitQuery } from '@sluice/protocol'
import { readPairs, signedQuery, signServerRequest, timestampSeconds } from '@sluice/protocol/signatures'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { anyBytes, hostileParams, hostileText } from './hostile.ts'
import { host, meant, path, request, secretKey, verify } from './server-requests.ts'

const somePairs = { Action: 'FinishUpload', Timestamp: '1490000000', fileSha: 'a' }

describe('a signed request', () => {
  const methods = fc.constantFrom('GET' as const, 'POST' as const)
  const algorithms = fc.constantFrom({}, { SignatureMethod: 'HmacSHA256' }, { SignatureMethod: 'HmacSHA1' })

  test('verifies as the parameters that were signed, whatever their names, values and key', () => {
    fc.assert(
      fc.property(methods, hostileParams, algorithms, hostileText, (method, names, algorithm, key) => {
        const params = { ...names, ...algorithm }
        const query = signedQuery({ ...request, method, params, secretKey: key })
        expect(verify(query, { method, key })).toEqual(meant(params))
      }),
      { numRuns: 200 },
    )
  })

  test('is refused when one parameter is altered, added, left out or renamed', () => {
    const altered = hostileParams.chain((params) => {
      const [name = 'a', value = ''] = Object.entries(params)[0] ?? []
      const { [name]: _, ...others } = params
      return fc.record({
        params: fc.constant({ ...others, [name]: value }),
        altered: fc.constantFrom(
          others,
          { ...others, [name]: `${value}x` },
          { ...others, [`${name}x`]: value },
          { ...params, [`added${name}`]: value },
        ),
      })
    })
    fc.assert(
      fc.property(altered, ({ params, altered }) => {
        const signature = signServerRequest({ ...request, method: 'GET', params })
        const query = encodeQuery([...Object.entries(altered), ['Signature', signature]])
        expect(verify(query, { method: 'GET' })).toBeUndefined()
      }),
      { numRuns: 200 },
    )
  })

  test('is refused when one bit of the signature is flipped', () => {
    fc.assert(
      fc.property(hostileParams, fc.nat({ max: 159 }), (params, bit) => {
        const mac = Buffer.from(signServerRequest({ ...request, params }), 'base64')
        mac.writeUInt8(mac.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
        const query = encodeQuery([...Object.entries(params), ['Signature', mac.toString('base64')]])
        expect(verify(query)).toBeUndefined()
      }),
    )
  })

  test('is refused for another method, host, path or key', () => {
    const query = signedQuery({ ...request, params: somePairs })
    expect(verify(query)).toEqual(meant(somePairs))
    expect(verify(query, { method: 'GET' })).toBeUndefined()
    expect(verify(query, { hosts: ['vod.api.qcloud.com', `${host}:443`] })).toBeUndefined()
    expect(verify(query, { paths: ['/v2/index.php'] })).toBeUndefined()
    expect(verify(query, { key: `${secretKey}x` })).toBeUndefined()
  })

  test('verifies against any of the hosts and paths', () => {
    const query = signedQuery({ ...request, params: somePairs })
    const hosts = ['vod.api.qcloud.com', 'upload.example.com:8443', host]
    expect(verify(query, { hosts, paths: ['/v2/index.php', path] })).toEqual(meant(somePairs))
  })

  test('is tried against so many texts and no more', () => {
    const query = signedQuery({ ...request, params: somePairs })
    const others = Array.from({ length: limits.maxSignatureAttempts }, (_, n) => `h${n}.example.com`)
    expect(verify(query, { hosts: [...others.slice(1), host] })).toEqual(meant(somePairs))
    expect(verify(query, { hosts: [...others, host] })).toBeUndefined()
  })

  test('may carry its signature with spaces for +, line breaks, URL-safe or without padding', () => {
    const { Nonce, signature } = Array.from({ length: 99 }, (_, n) => ({ ...somePairs, Nonce: String(n) }))
      .map((params) => ({ Nonce: params.Nonce, signature: signServerRequest({ ...request, params }) }))
      .find(({ signature }) => signature.includes('+') && signature.includes('/')) ?? { Nonce: '', signature: '' }
    const urlSafe = signature.replaceAll('+', '-').replaceAll('/', '_')
    for (const damaged of [signature.replaceAll('+', ' '), `${signature}\n`, urlSafe, signature.replace('=', '')]) {
      const query = encodeQuery([...Object.entries({ ...somePairs, Nonce }), ['Signature', damaged]])
      expect(verify(query), damaged).toEqual(meant({ ...somePairs, Nonce }))
    }
  })

  test.each(['', '%', 'AAAA', '=', 'ab*c', 'é'])('is refused with the signature %j', (signature) => {
    expect(verify(encodeQuery([...Object.entries(somePairs), ['Signature', signature]]))).toBeUndefined()
  })

  test('is refused without a signature', () => {
    expect(verify(encodeQuery(Object.entries(somePairs)))).toBeUndefined()
  })

  test('can be any garbage, which is refused and never throws', () => {
    fc.assert(
      fc.property(anyBytes, anyBytes, (query, signature) => {
        expect(verify(`${query}&Signature=${signature}`)).toBeUndefined()
      }),
    )
  })
})

describe('names are read', () => {
  test('with _ as a dot, but for a leading one, and decoded', () => {
    const pairs = splitQuery('extra_usage=1&_a_b=2&t%61gs_1=%E6%B5%8B+x&')
    expect(Object.fromEntries(readPairs(pairs, 'decoded'))).toEqual({
      'extra.usage': '1',
      '_a.b': '2',
      'tags.1': '测 x',
    })
    expect(readPairs(pairs, 'plus-kept').get('tags.1')).toBe('测+x')
    expect(readPairs(pairs, 'raw').get('tags.1')).toBe('%E6%B5%8B+x')
  })
})

describe('a timestamp', () => {
  test.each([
    ['1490000000', 1_490_000_000],
    ['1490000000999', 1_490_000_000],
    ['99999999999', 99_999_999_999],
    ['100000000000', 100_000_000],
    ['0', 0],
  ])('%j is second %d', (timestamp, seconds) => expect(timestampSeconds(timestamp)).toBe(seconds))

  test.each(['', '-1', '1.5', '1e9', ' 1', 'now', '1'.repeat(17)])('%j is none', (timestamp) => {
    expect(timestampSeconds(timestamp)).toBeUndefined()
  })
})
