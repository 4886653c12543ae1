import { limits } from '../limits.ts'
import type { Params } from '../params.ts'
import {
  cleanBase64,
  encodeQuery,
  isBase64,
  percentDecode,
  phpUrlencode,
  type QueryPair,
  utf8,
  utf8Bytes,
} from '../query.ts'
import { equalBytes, hmac, type SignatureMethod } from './hmac.ts'

/** A request to sign. Host and path are what the client addresses, with `:port` when the port is part of that name. */
export interface SignableRequest {
  readonly method: 'GET' | 'POST'
  readonly host: string
  readonly path: string
  /** All parameters but Signature, as plain text. */
  readonly params: Readonly<Record<string, string>>
  readonly secretKey: string
}

/** Signs a request of the server family: base64 of an HMAC over `METHODhost/path?` and the sorted raw parameters. */
export function signServerRequest({ method, host, path, params, secretKey }: SignableRequest): string {
  const pairs = Object.entries(params).map(([name, value]) => ({ name: utf8Bytes(name), value: utf8Bytes(value) }))
  const text = `${method}${utf8Bytes(host)}${utf8Bytes(path)}?${joinPairs(byName(pairs.map(renamed)))}`
  return hmac(methodNamed(params['SignatureMethod']), secretKey, text).toString('base64')
}

/** The query of a signed request, encoded, Signature last. */
export function signedQuery(request: SignableRequest): string {
  return encodeQuery([...Object.entries(request.params), ['Signature', signServerRequest(request)]])
}

/** A request whose signature is to be checked; the query's pairs as received. */
export interface ReceivedRequest {
  readonly method: string
  /** Hosts and paths the client may have signed, most likely first. */
  readonly hosts: readonly string[]
  readonly paths: readonly string[]
  readonly pairs: readonly QueryPair[]
}

/** How the values of a received query are to be read: percent-decoded, with `+` kept, or as they stand. */
export type ValueReading = 'decoded' | 'plus-kept' | 'raw'

/**
 * Checks a server signature against the variants that real clients produce, stopping at the first that matches, and
 * returns the parameters as that client meant them; `undefined` when none matches.
 */
export function verifyServerSignature(request: ReceivedRequest, secretKey: string): Params | undefined {
  const read = readPairs(request.pairs, 'decoded')
  const given = cleanBase64(read.get('Signature') ?? '')
  if (!isBase64(given)) return undefined
  const signature = Buffer.from(given, 'base64')
  const method = methodNamed(read.get('SignatureMethod'))
  let attempts = 0
  for (const { text, reading } of plainTexts(request)) {
    if (++attempts > limits.maxSignatureAttempts) return undefined
    if (equalBytes(hmac(method, secretKey, text), signature)) {
      return reading === 'decoded' ? read : readPairs(request.pairs, reading)
    }
  }
  return undefined
}

/** Unix seconds of a `Timestamp`, which the Node.js SDK gives in milliseconds; `undefined` when it is not a number. */
export function timestampSeconds(timestamp: string): number | undefined {
  if (!/^\d{1,16}$/.test(timestamp)) return undefined
  const number = Number(timestamp)
  return number >= limits.millisecondsFrom ? Math.floor(number / 1000) : number
}

/** Reads a query's pairs into text by name; `_` in a name is `.`, but for a leading one. A later duplicate wins. */
export function readPairs(pairs: readonly QueryPair[], reading: ValueReading): Params {
  return new Map(pairs.map((pair) => [utf8(renamed(decodedName(pair)).name), utf8(readValue(pair.value, reading))]))
}

/** Every plain text a client may have signed, without repeats. Byte strings, so sorting is by byte. */
function* plainTexts({
  method,
  hosts,
  paths,
  pairs,
}: ReceivedRequest): Generator<{ text: string; reading: ValueReading }> {
  const queries = new Set<string>()
  const signed = pairs.filter((pair) => pair.name !== 'Signature')
  for (const { reading, values } of valueVariants(signed)) {
    for (const named of nameVariants(values)) {
      for (const kept of atVariants(method, named)) {
        const query = joinPairs(kept)
        if (queries.has(query)) continue
        queries.add(query)
        for (const host of hosts) {
          for (const path of paths) yield { text: `${method}${host}${path}?${query}`, reading }
        }
      }
    }
  }
}

/**
 * The PHP SDK signed values urlencode()d before 2017-01-06, the Node.js SDK signs them as it sends them, unencoded. In
 * that order: a Chinese name of the PHP SDK travels as it was signed, and read `raw` it would stay encoded.
 */
function* valueVariants(pairs: readonly QueryPair[]): Generator<{ reading: ValueReading; values: QueryPair[] }> {
  const read = (reading: ValueReading) =>
    pairs.map((pair) => ({ name: decodedName(pair).name, value: readValue(pair.value, reading) }))
  const decoded = read('decoded')
  yield { reading: 'decoded', values: decoded }
  yield { reading: 'plus-kept', values: read('plus-kept') }
  yield { reading: 'decoded', values: decoded.map(({ name, value }) => ({ name, value: phpUrlencode(value) })) }
  yield { reading: 'raw', values: read('raw') }
}

/** `_` in a name is written `.`: the PHP SDK sorts before it renames, others after, many have none. */
function* nameVariants(pairs: QueryPair[]): Generator<QueryPair[]> {
  const sorted = byName(pairs)
  yield sorted
  if (!pairs.some((pair) => pair.name.includes('_'))) return
  yield sorted.map(renamed)
  yield byName(pairs.map(renamed))
}

/** The PHP SDK leaves values that start with `@` out of what it signs for a POST. */
function* atVariants(method: string, pairs: QueryPair[]): Generator<QueryPair[]> {
  yield pairs
  if (method === 'POST' && pairs.some((pair) => pair.value.startsWith('@'))) {
    yield pairs.filter((pair) => !pair.value.startsWith('@'))
  }
}

function readValue(value: string, reading: ValueReading): string {
  return reading === 'raw' ? value : percentDecode(value, reading === 'decoded')
}

function decodedName({ name, value }: QueryPair): QueryPair {
  return { name: percentDecode(name, true), value }
}

function renamed({ name, value }: QueryPair): QueryPair {
  return { name: name.includes('_') ? name.replace(/(?!^)_/g, '.') : name, value }
}

function byName(pairs: readonly QueryPair[]): QueryPair[] {
  return pairs.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
}

function joinPairs(pairs: readonly QueryPair[]): string {
  return pairs.map(({ name, value }) => `${name}=${value}`).join('&')
}

function methodNamed(name: string | undefined): SignatureMethod {
  return name === 'HmacSHA256' ? 'HmacSHA256' : 'HmacSHA1'
}
