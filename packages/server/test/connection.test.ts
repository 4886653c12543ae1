import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { duplexPair } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { receiveInPlace, takeBody } from '../src/http/connection.ts'
import type { Incoming } from '../src/http/incoming.ts'
import { RequestBody } from '../src/http/request-body.ts'
import { openWire, type Wire } from './support/wire.ts'
import { chunked, head } from './support/wire-calls.ts'

type Listener = (body: Incoming, response: ServerResponse, request: IncomingMessage, isTaken: boolean) => void

/** A server that receives in place what is sent to /wanted. */
function serve(listener: Listener, options: ServerOptions = {}): Server {
  const server = createServer(options, (request, response) => {
    const taken = takeBody(request.socket)
    listener(taken ?? new RequestBody(request), response, request, taken !== undefined)
  })
  receiveInPlace(server, (target) => target === '/wanted')
  return server
}

/** A connection to such a server. */
async function start(listener: Listener, options?: ServerOptions): Promise<Wire> {
  const server = serve(listener, options)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return openWire({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
}

/** Receives a body where there is room for it and answers how it came, its length and its digest. */
const receive: Listener = (body, response, request, isTaken) => {
  const place = Buffer.alloc(1_100_000)
  let length = 0
  body.flow({
    room: (atMost) => place.subarray(length, length + atMost),
    data(chunk) {
      if (chunk.buffer !== place.buffer) place.set(chunk, length)
      length += chunk.length
    },
    end: () => response.end(told(request.url ?? '', isTaken, place.subarray(0, length))),
  })
}

const told = (target: string, isTaken: boolean, body: Uint8Array) =>
  `${target} ${isTaken ? 'taken' : 'passed'} ${body.length} ${createHash('sha1').update(body).digest('hex')}`

const post = (target: string, body: Uint8Array, headers = {}) =>
  Buffer.concat([Buffer.from(head('POST', target, { 'Content-Length': body.length, ...headers })), body])

async function answer(wire: Wire): Promise<string> {
  const { status, body } = await wire.response()
  return `${status} ${body}`
}

const large = randomBytes(1_000_000)

describe('a connection', () => {
  it('has large bodies that are wanted taken out of it, as often as they come', async () => {
    const wire = await start(receive)
    for (const length of [65_536, 1_000_000, 524_288, 65_537]) {
      await wire.send(post('/wanted', large.subarray(0, length)))
      expect(await answer(wire)).toBe(`200 ${told('/wanted', true, large.subarray(0, length))}`)
    }
  })

  it.each([
    ['a small body', post('/wanted', large.subarray(0, 65_535))],
    ['no body', Buffer.from(head('POST', '/wanted'))],
    ['a body for something else', post('/other', large)],
    [
      'a body of another method',
      Buffer.concat([Buffer.from(head('PUT', '/wanted', { 'Content-Length': 1e6 })), large]),
    ],
    [
      'a body in chunks',
      Buffer.concat([Buffer.from(head('POST', '/wanted', { 'Transfer-Encoding': 'chunked' })), chunked(large)]),
    ],
    ['the body after a long head', post('/wanted', large, { 'X-Long': 'x'.repeat(5_000) })],
  ])('passes on %s', async (_, request) => {
    const wire = await start(receive)
    for (const _ of [1, 2]) {
      await wire.send(request)
      expect(await answer(wire)).toMatch(/^200 \/\w+ passed \d+/)
    }
    await wire.send(post('/wanted', large)) // and sees what comes next
    expect(await answer(wire)).toBe(`200 ${told('/wanted', !request.includes('chunked'), large)}`)
  })

  it.each([
    ['two lengths', { 'content-length': 5 }],
    ['a length and chunks', { 'Transfer-Encoding': 'chunked' }],
    ['a length that is none', { 'Content-Length': '+1000000' }],
    ['a second host', { host: 'other' }],
    ['an expectation nobody knows', { Expect: 'tea' }],
    ['a folded line', { 'X-Folded': 'a\r\n b' }],
    ['a bare line feed', { 'X-Bare': 'a\nContent-Length: 5' }],
    ['another HTTP', {}, '1.0' as const],
  ])('leaves a head with %s to node:http', async (_, headers, version?: '1.0') => {
    const seen: boolean[] = []
    const wire = await start((_, response, __, isTaken) => {
      seen.push(isTaken)
      response.end()
    })
    wire
      .send(
        Buffer.concat([Buffer.from(head('POST', '/wanted', { 'Content-Length': 1e6, ...headers }, version)), large]),
      )
      .catch(() => {})
    await wire.response()
    expect(seen).not.toContain(true)
  })

  it('reads a line of nothing but blanks at once', async () => {
    const wire = await start(receive)
    await wire.send(head('GET', '/other', { 'X-Blanks': `${' '.repeat(3_900)}\0` }))
    expect((await wire.response()).status).toBe(400)
  }, 3_000)

  it('asks for a large body when the client waits for that', async () => {
    const wire = await start(receive)
    await wire.send(head('POST', '/wanted', { 'Content-Length': large.length, Expect: '100-Continue' }))
    expect(await wire.response()).toMatchObject({ status: 100 })
    await wire.send(large)
    expect(await answer(wire)).toBe(`200 ${told('/wanted', true, large)}`)
  })

  it('buffers as much as the server was told to', async () => {
    const tell: Listener = (_, response, { socket }) => {
      response.end(`${socket.readableHighWaterMark} ${socket.writableHighWaterMark}`)
    }
    const wire = await start(tell, { highWaterMark: 20_000 })
    await wire.send(head('GET', '/other'))
    expect(await answer(wire)).toBe('200 20000 20000')
  })

  it('leaves to node:http what is no socket of the system', async () => {
    const server = serve(receive)
    const [client, other] = duplexPair()
    server.emit('connection', other)
    client.write(post('/wanted', large))
    const [answer] = await once(client, 'data')
    expect(`${answer}`).toContain(told('/wanted', false, large))
    client.destroy()
  })

  it('says the same of all requests however their bytes come, one after the other or all at once', async () => {
    const call = fc.record({
      kind: fc.constantFrom('none' as const, 'counted' as const, 'chunked' as const),
      target: fc.constantFrom('/wanted', '/other'),
      length: fc.oneof(fc.integer({ min: 0, max: 3_000 }), fc.integer({ min: 60_000, max: 200_000 })),
    })
    const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 900 }), fc.integer({ min: 1, max: 90_000 })), {
      minLength: 200,
      maxLength: 200,
    })
    const property = fc.asyncProperty(fc.array(call, { minLength: 1, maxLength: 8 }), sizes, async (calls, sizes) => {
      const wire = await start((body, response, request) => receive(body, response, request, false))
      wire.socket.setNoDelay(true)
      const sending = sendInPieces(wire, Buffer.concat(calls.map(requestOf)), sizes)
      for (const { kind, target, length } of calls) {
        const body = large.subarray(0, kind === 'none' ? 0 : length)
        expect(await answer(wire)).toBe(`200 ${told(target, false, body)}`)
      }
      await sending
      wire.hangUp()
    })
    await fc.assert(property, { numRuns: 60 })
  })
})

function requestOf({ kind, target, length }: { kind: 'none' | 'counted' | 'chunked'; target: string; length: number }) {
  if (kind === 'none') return Buffer.from(head('GET', target))
  const body = large.subarray(0, length)
  if (kind === 'counted') return post(target, body)
  return Buffer.concat([Buffer.from(head('POST', target, { 'Transfer-Encoding': 'chunked' })), chunked(body)])
}

/** Sends bytes in pieces of these sizes, and what is left then as the last one. */
async function sendInPieces(wire: Wire, bytes: Buffer, sizes: readonly number[]): Promise<void> {
  let at = 0
  for (const size of sizes) {
    if (at >= bytes.length) return
    await wire.send(bytes.subarray(at, at + size))
    at += size
  }
  await wire.send(bytes.subarray(at))
}

describe('a body that was taken out', () => {
  it('is not read before anybody wants it', async () => {
    const { promise, resolve } = Promise.withResolvers<[Incoming, ServerResponse, IncomingMessage]>()
    const wire = await start((body, response, request) => resolve([body, response, request]))
    const sent = wire.send(post('/wanted', large))
    const [body, response, request] = await promise
    for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate)
    expect(request.socket.bytesRead).toBeLessThan(20_000)
    receive(body, response, request, true)
    expect(await answer(wire)).toBe(`200 ${told('/wanted', true, large)}`)
    await sent
  })

  it('is never written to a place that was given up: the connection ends', async () => {
    const place = Buffer.alloc(1_000_000)
    let isGivenUp = false
    const wire = await start((body) => {
      const stop = body.flow({
        room: (atMost) => place.subarray(0, atMost),
        data(chunk) {
          if (chunk.buffer !== place.buffer) return // what came with the head
          expect(isGivenUp).toBe(false)
          isGivenUp = true
          stop()
          place.fill(0)
        },
        end() {},
      })
    })
    const request = post('/wanted', Buffer.alloc(1_000_000, 'x'))
    await wire.send(request.subarray(0, 100_000))
    wire.send(request.subarray(100_000)).catch(() => {}) // it may be cut off
    await wire.closed().catch(() => {})
    expect(isGivenUp).toBe(true)
    expect(place.equals(Buffer.alloc(1_000_000))).toBe(true)
  })

  it('may be left alone by who has no place for it and be asked for again, to its end and no further', async () => {
    const { promise: isLeftAlone, resolve } = Promise.withResolvers<() => void>()
    const wire = await start((body, response, request, isTaken) => {
      if (request.url === '/next') return receive(body, response, request, isTaken)
      const chunks: Buffer[] = []
      let length = 0
      const keep = (chunk: Buffer) => {
        chunks.push(chunk)
        length += chunk.length
      }
      const goOn = () => {
        const end = () => response.end(told('/wanted', isTaken, Buffer.concat(chunks)))
        body.flow({ keeps: true, data: keep, end })
      }
      const stop = body.flow({
        keeps: true,
        data(chunk) {
          keep(chunk)
          if (length < large.length - 100) return
          stop()
          resolve(goOn)
        },
        end() {},
      })
    })
    const request = post('/wanted', large)
    await wire.send(request.subarray(0, -100))
    const goOn = await isLeftAlone
    await wire.send(Buffer.concat([request.subarray(-100), Buffer.from(head('GET', '/next'))]))
    goOn()
    expect(await answer(wire)).toBe(`200 ${told('/wanted', true, large)}`)
    expect((await wire.response()).status).toBe(200)
  })

  it('tells when its sender hangs up before its end, and not after it', async () => {
    const { promise: hungUp, resolve } = Promise.withResolvers<string>()
    const wire = await start((body, response, request, isTaken) => {
      body.onHangUp(() => resolve(`${body.announced}`))
      receive(body, response, request, isTaken)
    })
    await wire.send(post('/wanted', large))
    await wire.response()
    await wire.send(post('/wanted', large.subarray(1)).subarray(0, 500_000))
    wire.socket.end()
    expect(await hungUp).toBe('999999')
  })
})
