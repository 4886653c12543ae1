import { errorTable, limits, phpUrlencode, splitQuery, utf8Bytes } from '@sluice/protocol'
import {
  hmac,
  readPairs,
  signedQuery,
  signServerRequest,
  timestampSeconds,
  verifyServerSignature,
} from '@sluice/protocol/signatures'
import { expect, test } from 'vitest'
import type { ServerVector } from './vector-file.ts'

/** The tests of one vector of the server family. */
export function serverVector(vector: ServerVector): void {
  const { id, title, secretKey, plainTextVariant, request } = vector
  const signingKey = vector.signedWithKey ?? secretKey

  test(`${id}: the HMAC of its plain text is its signature (${title})`, () => {
    const mac = hmac(vector.signatureMethod, signingKey, utf8Bytes(vector.plainText))
    expect(mac.toString('base64')).toBe(vector.signature)
  })

  test(`${id}: signing what the client signed gives its signature`, () => {
    const { host, path } = plainTextVariant
    const signed = { method: request.method, host, path, params: signedParams(vector), secretKey: signingKey }
    expect(signServerRequest(signed)).toBe(vector.signature)
    // The others send their values in a way of their own.
    if (plainTextVariant.values === 'decoded' && !plainTextVariant.omitAtValues && id !== 'C93') {
      expect(signedQuery({ ...signed, params: vector.params })).toBe(received(vector))
    }
  })

  test(`${id}: the request as received gets the verdict of the vector`, () => {
    const { uploadCode, generalCode, canRetry } = vector.expect
    const verdict = judge(vector)
    if (vector.expect.verdict === 'accept') {
      expect(verdict).toEqual({ accepted: named(vector.params) })
    } else {
      expect(verdict).toEqual({ code: uploadCode, canRetry, codeDesc: String(generalCode) })
    }
  })
}

/** The parameters as they stand in the text that was signed. */
function signedParams({ plainText, plainTextVariant, params, id }: ServerVector): Record<string, string> {
  if (id === 'C93') return { ...params, Nonce: /Nonce=(\d+)/.exec(plainText)?.[1] ?? '' }
  const pairs = Object.entries(params).filter(([, value]) => !plainTextVariant.omitAtValues || !value.startsWith('@'))
  if (plainTextVariant.values !== 'php-urlencoded') return Object.fromEntries(pairs)
  return Object.fromEntries(pairs.map(([name, value]) => [name, phpUrlencode(utf8Bytes(value))]))
}

function received({ request }: ServerVector): string {
  return request.query ?? request.body ?? ''
}

function named(params: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(params).map(([name, value]) => [name.replaceAll('_', '.'), value]))
}

/** What a server on the vector's clock makes of its request: the time window first, then the signature. */
function judge(vector: ServerVector): object {
  const { host, path } = vector.plainTextVariant
  const pairs = splitQuery(received(vector))
  const timestamp = timestampSeconds(readPairs(pairs, 'decoded').get('Timestamp') ?? '') ?? 0
  if (Math.abs(vector.now - timestamp) > limits.timestampWindowS) return refused('commonParameters', '4500')
  const hosts = [...new Set(['vod2.qcloud.com', 'vod2.dnsv1.com', 'vod.api.qcloud.com', host])]
  const paths = [...new Set(['/v2/index.php', '/v3/index.php', path])]
  const params = verifyServerSignature({ method: vector.request.method, hosts, paths, pairs }, vector.secretKey)
  if (!params) return refused('signature', '4100')
  return { accepted: Object.fromEntries([...params].filter(([name]) => name !== 'Signature')) }
}

function refused(name: 'commonParameters' | 'signature', codeDesc: string): object {
  return { code: errorTable[name].code, canRetry: errorTable[name].canRetry, codeDesc }
}
