import { Buffer } from 'node:buffer'
import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { makeVerifyContent } from '@sluice/protocol/signatures'
import { describe, expect, it } from 'vitest'
import { type Answer, startTestService, type TestService } from './support/service.ts'

interface Exchange {
  id: string
  title: string
  request: { method: string; target: string; headers: Record<string, string> }
  response: Answer
}

const vectors = JSON.parse(
  readFileSync(new URL('../../protocol/test/vectors.json', import.meta.url), 'utf8'),
) as { exchanges: Exchange[] }

const fixture = Buffer.from(Uint8Array.from({ length: 1_300_000 }, (_, index) => index % 251))
const cover = Buffer.from(Uint8Array.from({ length: 2048 }, (_, index) => (7 * index) % 256))
const bodies: Record<string, Buffer> = {
  E02: fixture.subarray(0, 524_288),
  E05: fixture.subarray(1_048_576),
  E08: fixture.subarray(524_288, 1_048_576),
  E11: cover,
}

/** Sends an exchange's request as it stands, to any service, under the host name the vectors were signed for. */
function play(service: TestService, id: string, changes: { target?: (target: string) => string } = {}): Promise<Answer> {
  const exchange = vectors.exchanges.find((one) => one.id === id)
  if (!exchange) throw new Error(`no exchange ${id}`)
  const { method, headers } = exchange.request
  const path = changes.target ? changes.target(exchange.request.target) : exchange.request.target
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(service.url)
    const call = request({ hostname, port, path, method, headers: { Host: 'vod2.qcloud.com', ...headers } }, (response) => {
      expect(response.statusCode).toBe(200)
      expect(response.headers['content-type']).toBe('application/json; charset=utf-8')
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () => resolve(JSON.parse(text) as Answer))
    })
    call.on('error', reject)
    const body = bodies[id]
    if (body) call.end(body)
    else if (method === 'POST') call.removeHeader('content-length')
    if (!body) call.end()
  })
}

/** The answer the vectors give, but for what they call examples: message, codeDesc, ids and addresses. */
function exactly(id: string, ...examples: string[]): unknown {
  const exchange = vectors.exchanges.find((one) => one.id === id)
  const open = ['message', 'codeDesc', ...examples].map((name) => [name, expect.any(String)])
  return { ...exchange?.response, ...Object.fromEntries(open) }
}

const base = { SLUICE_PUBLIC_URL: 'http://{appId}.vod2.myqcloud.com', SLUICE_PUBLIC_HOSTS: 'vod2.qcloud.com' }

describe('the exchanges of the golden vectors', () => {
  it('E01 to E06, E11 and E12: the server family', async () => {
    const service = await startTestService(base)
    expect(await play(service, 'E01')).toEqual(vectors.exchanges.find((one) => one.id === 'E01')?.response)
    expect(await play(service, 'E02')).toEqual(vectors.exchanges.find((one) => one.id === 'E02')?.response)
    expect(await play(service, 'E03')).toEqual(vectors.exchanges.find((one) => one.id === 'E03')?.response)
    expect(await play(service, 'E04')).toEqual(vectors.exchanges.find((one) => one.id === 'E04')?.response)
    // Part 2 is not among the exchanges of this family: the UGC family's E08 carries it, into a session of its own.
    expect(await play(service, 'E05')).toEqual(exactly('E05'))
    expect(await play(service, 'E06')).toMatchObject({ code: -10005, offset: 524_288 })
    await play(service, 'E08')
  })
})

export { makeVerifyContent, play }
