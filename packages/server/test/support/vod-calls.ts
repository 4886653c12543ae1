import { randomInt } from 'node:crypto'
import { encodeQuery } from '@sluice/protocol'
import { signServerRequest } from '@sluice/protocol/signatures'
import { expect } from 'vitest'
import { keyPair, type TestService } from './service.ts'

/** An answer of the management API. */
export interface VodAnswer {
  readonly code: number
  readonly message: string
  readonly codeDesc: string
  readonly [member: string]: unknown
}

/** How a call is signed and sent. */
export interface VodSending {
  readonly method?: 'GET' | 'POST'
  readonly signatureMethod?: 'HmacSHA1' | 'HmacSHA256' | undefined
  readonly keys?: typeof keyPair
}

type Params = Record<string, string | number | undefined>

/** The pairs of a signed call, Signature last. A parameter that is `undefined` is left out, the common ones too. */
export function vodPairs(
  service: Pick<TestService, 'url' | 'now'>,
  action: string,
  params: Params = {},
  { method = 'GET', signatureMethod, keys = keyPair }: VodSending = {},
): [string, string][] {
  const common = {
    Action: action,
    Nonce: randomInt(2 ** 31),
    SecretId: keys.secretId,
    SignatureMethod: signatureMethod,
    Timestamp: Math.floor(service.now() / 1000),
  }
  const given = Object.entries({ ...common, ...params }).filter(([, value]) => value !== undefined)
  const texts = Object.fromEntries(given.map(([name, value]) => [name, String(value)]))
  const { host } = new URL(service.url)
  const request = { method, host, path: '/v2/index.php', params: texts, secretKey: keys.secretKey }
  return [...Object.entries(texts), ['Signature', signServerRequest(request)]]
}

/** Sends pairs as they stand: in the query of a GET, in the form of a POST. */
export async function sendVod(
  { url }: Pick<TestService, 'url'>,
  pairs: readonly (readonly [string, string])[],
  method: 'GET' | 'POST' = 'GET',
): Promise<VodAnswer> {
  const text = encodeQuery(pairs)
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded' }
  const response =
    method === 'GET'
      ? await fetch(`${url}/v2/index.php?${text}`)
      : await fetch(`${url}/v2/index.php`, { method, headers, body: text })
  const headerOf = (name: string) => response.headers.get(name)
  expect(response.status).toBe(200)
  expect(headerOf('content-type')).toBe('application/json; charset=utf-8')
  expect(headerOf('access-control-allow-origin')).toBe('*')
  const answer = (await response.json()) as VodAnswer
  expect(Object.keys(answer).slice(0, 3)).toEqual(['code', 'message', 'codeDesc'])
  return answer
}

/** Signs a call of the management API with the first key pair unless another is given, and sends it. */
export function callVod(
  service: Pick<TestService, 'url' | 'now'>,
  action: string,
  params: Params = {},
  sending: VodSending = {},
): Promise<VodAnswer> {
  return sendVod(service, vodPairs(service, action, params, sending), sending.method)
}

/** A whole answer that succeeded: no member more, no member less. */
export function vodDone(members: object = {}): object {
  return { code: 0, message: '', codeDesc: 'Success', ...members }
}

/** A whole answer that failed, with a message for people whatever it says. */
export function vodFailed(code: number): object {
  return { code, message: expect.stringMatching(/./), codeDesc: expect.stringMatching(/^(?!Success)[A-Z]/) }
}
