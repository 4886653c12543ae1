import { request } from 'node:http'
import { signedQuery } from '@sluice/protocol/signatures'
import { expect } from 'vitest'
import { type Answer, keyPair, type TestService } from './service.ts'

/** How a request to sign differs from the usual. */
export interface Signing {
  /** The host the client signs; else the one it calls. */
  readonly host?: string
  readonly path?: string
  readonly method?: 'GET' | 'POST'
  readonly keys?: typeof keyPair
}

/** The query of a signed call. A parameter that is `undefined` is left out, the common ones too. */
export function queryOf(
  service: Pick<TestService, 'url' | 'now'>,
  action: string,
  params: Record<string, string | number | undefined> = {},
  { host = new URL(service.url).host, path = '/v3/index.php', method = 'POST', keys = keyPair }: Signing = {},
): string {
  const all = { Action: action, Nonce: 7, SecretId: keys.secretId, Timestamp: unixSeconds(service), ...params }
  const given = Object.entries(all).filter(([, value]) => value !== undefined)
  const texts = Object.fromEntries(given.map(([name, value]) => [name, String(value)]))
  return signedQuery({ method, host, path, params: texts, secretKey: keys.secretKey })
}

/** The service's time, as a Timestamp has it. */
export function unixSeconds({ now }: Pick<TestService, 'now'>): number {
  return Math.floor(now() / 1000)
}

/** Sends a request as it stands, with any Host header, and reads the answer. */
export function sendRaw(
  service: Pick<TestService, 'url'>,
  query: string,
  {
    path = '/v3/index.php',
    method = 'POST',
    headers = {},
    body,
  }: { path?: string; method?: string; headers?: Record<string, string>; body?: Buffer | string } = {},
): Promise<Answer> {
  const { hostname, port } = new URL(service.url)
  return new Promise((resolve, reject) => {
    const call = request({ hostname, port, path: `${path}?${query}`, method, headers, agent: false })
    call.on('response', (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => {
        expect(response.statusCode).toBe(200)
        resolve(JSON.parse(Buffer.concat(chunks).toString()) as Answer)
      })
      response.on('error', reject)
    })
    call.on('error', reject)
    call.end(body)
  })
}
