import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fetchTransport, upload } from '@sluice/client'
import { afterEach, expect, test } from 'vitest'
import { fixture, memorySource, optionsFor, rejection } from './fixtures.ts'

const servers: ReturnType<typeof createServer>[] = []

async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

const signal = new AbortController().signal

test('posts the bytes as they are', async () => {
  let seen: Partial<IncomingMessage> & { bytes?: Buffer } = {}
  const url = await listen(async (request, response) => {
    const chunks = await request.toArray()
    seen = {
      method: request.method ?? '',
      url: request.url ?? '',
      headers: request.headers,
      bytes: Buffer.concat(chunks),
    }
    response.end('{"code":0}')
  })
  const body = fixture(700_000).subarray(100)
  expect(await fetchTransport()({ url: `${url}/v3/index.php?a=%20b`, body, signal })).toEqual({
    status: 200,
    text: '{"code":0}',
  })
  expect(seen.method).toBe('POST')
  expect(seen.url).toBe('/v3/index.php?a=%20b')
  expect(seen.headers).toMatchObject({ 'content-type': 'application/octet-stream', 'content-length': '699900' })
  expect(Buffer.compare(seen.bytes ?? Buffer.of(), body)).toBe(0)
})

test('gives back whatever comes, following no redirect', async () => {
  const url = await listen((_, response) => response.writeHead(302, { location: '/elsewhere' }).end('moved'))
  expect(await fetchTransport()({ url, signal })).toEqual({ status: 302, text: 'moved' })
})

test('an answer that does not come in time is no answer', async () => {
  const url = await listen(() => {})
  const error = await rejection(fetchTransport({ answerTimeoutMs: 20 })({ url, signal }))
  expect(error).toMatchObject({ message: 'no answer within 20 ms' })
})

test('an abort rejects with its reason', async () => {
  const controller = new AbortController()
  const url = await listen(() => controller.abort('enough'))
  expect(await rejection(fetchTransport()({ url, signal: controller.signal }))).toBe('enough')
  expect(await rejection(fetchTransport()({ url, signal: controller.signal }))).toBe('enough')
})

test('a service that is not there is named, with the reason', async () => {
  const url = await listen(() => {})
  servers.pop()?.close()
  const options = optionsFor(fetchTransport(), { url, retry: () => undefined })
  const error = await rejection(upload(memorySource(fixture(10)), options))
  expect(error).toMatchObject({
    code: 'network',
    message: expect.stringMatching(/^InitUpload got no answer from 127\.0\.0\.1:\d+: .*ECONNREFUSED.*; check that/),
  })
})
