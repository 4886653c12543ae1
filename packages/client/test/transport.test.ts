import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import { type AddressInfo, createServer as createConnections } from 'node:net'
import { fetchTransport, httpTransport, upload } from '@sluice/client'
import { afterEach, describe, expect, test } from 'vitest'
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

describe.each([
  ['fetch', (timeoutMs?: number) => fetchTransport(timeoutMs ? { answerTimeoutMs: timeoutMs } : {})],
  ['node:http', (timeoutMs?: number) => httpTransport(timeoutMs ? { stallTimeoutMs: timeoutMs } : {})],
])('the transport over %s', (_, create) => {
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
      response.end('{"message":"视频"}')
    })
    const body = fixture(700_000).subarray(100)
    expect(await create()({ url: `${url}/v3/index.php?a=%20b`, body, signal })).toEqual({
      status: 200,
      text: '{"message":"视频"}',
    })
    expect(seen.method).toBe('POST')
    expect(seen.url).toBe('/v3/index.php?a=%20b')
    expect(seen.headers).toMatchObject({ 'content-type': 'application/octet-stream', 'content-length': '699900' })
    expect(Buffer.compare(seen.bytes ?? Buffer.of(), body)).toBe(0)
  })

  test('posts nothing when there is nothing', async () => {
    const url = await listen((request, response) => response.end(request.headers['content-length']))
    expect(await create()({ url, signal })).toEqual({ status: 200, text: '0' })
  })

  test('gives back whatever comes, following no redirect', async () => {
    const url = await listen((_, response) => response.writeHead(302, { location: '/elsewhere' }).end('moved'))
    expect(await create()({ url, signal })).toEqual({ status: 302, text: 'moved' })
  })

  test('an answer that does not come in time is no answer', async () => {
    const url = await listen(() => {})
    const error = await rejection(create(20)({ url, signal }))
    expect(error).toMatchObject({ message: expect.stringMatching(/^(no answer within|nothing moved for) 20 ms$/) })
  })

  test('an answer that breaks off is no answer', async () => {
    const url = await listen((_, response) => {
      response.writeHead(200, { 'content-length': 100 }).write('{"code"')
      setImmediate(() => response.destroy())
    })
    expect(await rejection(create()({ url, signal }))).toBeInstanceOf(Error)
  })

  test('an abort rejects with its reason', async () => {
    const controller = new AbortController()
    const url = await listen(() => controller.abort('enough'))
    expect(await rejection(create()({ url, signal: controller.signal }))).toBe('enough')
    const untouched = await rejection(create()({ url, signal: controller.signal }))
    expect(untouched).toBe('enough')
  })

  test('an abort reaches an answer that is coming', async () => {
    const controller = new AbortController()
    const url = await listen((_, response) => {
      response.writeHead(200, { 'content-length': 100 }).write('{"code"', () => controller.abort('enough'))
    })
    expect(await rejection(create()({ url, signal: controller.signal }))).toBe('enough')
  })

  test('a hundred at a time on one signal warn of nothing', async () => {
    const warnings: Error[] = []
    const warn = (warning: Error) => warnings.push(warning)
    process.on('warning', warn)
    const url = await listen((_, response) => response.end('ok'))
    const transport = create()
    const shared = AbortSignal.any([new AbortController().signal])
    const answers = await Promise.all(Array.from({ length: 100 }, () => transport({ url, signal: shared })))
    expect(new Set(answers.map(({ text }) => text))).toEqual(new Set(['ok']))
    await new Promise(setImmediate)
    process.off('warning', warn)
    expect(warnings).toEqual([])
  })

  test('a service that is not there is named, with the reason', async () => {
    const url = await listen(() => {})
    servers.pop()?.close()
    const options = optionsFor(create(), { url, retry: () => undefined })
    const error = await rejection(upload(memorySource(fixture(10)), options))
    expect(error).toMatchObject({
      code: 'network',
      message: expect.stringMatching(/^InitUpload got no answer from 127\.0\.0\.1:\d+: .*ECONNREFUSED.*; check that/),
    })
  })
})

test('over node:http nothing more of a body is sent once the answer is there: its memory serves the next part', async () => {
  const body = Buffer.alloc(16 * 1_048_576, 'a')
  const { promise: bodyIsOthers, resolve: othersUseIt } = Promise.withResolvers<void>()
  const { promise: over, resolve: end } = Promise.withResolvers<void>()
  let others = 0
  const service = createConnections((socket) => {
    socket.on('error', () => {}).on('close', () => end())
    socket.once('data', async () => {
      socket.pause().write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}')
      await bodyIsOthers
      socket.on('data', (bytes) => {
        if (bytes.includes('B')) others++
        if (bytes.at(-1) === 'B'.charCodeAt(0)) end()
      })
      socket.resume()
    })
  })
  await once(service.listen(0, '127.0.0.1'), 'listening')
  const url = `http://127.0.0.1:${(service.address() as AddressInfo).port}`
  expect(await httpTransport()({ url, body, signal })).toEqual({ status: 200, text: '{}' })
  body.fill('B')
  othersUseIt()
  await over
  expect(others).toBe(0)
  service.close()
})
