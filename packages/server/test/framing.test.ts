import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { poolIsEmpty } from './support/metrics.ts'
import { callServer, initParams, sampleFile, startTestService, type TestService } from './support/service.ts'
import { openWire, type Wire } from './support/wire.ts'
import { chunked, fileOf, head, type PartCall, partCall, post, targetOf } from './support/wire-calls.ts'

const done = { code: 0, message: '', codeDesc: '', canRetry: 0 }
const damaged = { code: -10006, canRetry: 1 }

/** A file of one short part, and one of two parts. */
const small = sampleFile(1_000)
const large = sampleFile(1_000_000, 2)

/** A service to which both files are announced. */
async function startAnnounced(environment: Record<string, string> = {}): Promise<TestService> {
  const service = await startTestService(environment)
  for (const file of [small, large]) await callServer(service, 'InitUpload', initParams(file))
  return service
}

/** Whether a part of the file is there. */
async function isStored(service: TestService, file = small): Promise<boolean> {
  return (await callServer(service, 'InitUpload', initParams(file))).listParts !== undefined
}

async function ask(wire: Wire, ...request: (string | Uint8Array)[]) {
  await wire.send(Buffer.concat(request.map((piece) => Buffer.from(piece))))
  return wire.answer()
}

const chunkedHead = (target: string, headers = {}) =>
  head('POST', target, { 'Transfer-Encoding': 'chunked', ...headers })

describe('a body', () => {
  it('may be missing without a word about it, as the Java SDK posts Init and Finish', async () => {
    const service = await startTestService()
    const wire = await openWire(service)
    const init = await ask(wire, head('POST', targetOf(service, 'InitUpload', initParams(small))))
    expect(init).toEqual({ ...done, dataSize: 524_288 })
    expect(await ask(wire, post(partCall(service, small)))).toEqual(done)
    const finish = await ask(wire, head('POST', targetOf(service, 'FinishUpload', { fileSha: small.fileSha })))
    expect(finish).toMatchObject({ code: 0, fileId: expect.stringMatching(/^\d{19}$/) })
  })

  it('may come in chunks, and be empty, as the Node.js SDK posts everything', async () => {
    const service = await startTestService()
    const wire = await openWire(service)
    const send = (target: string, body: Uint8Array) => ask(wire, chunkedHead(target), chunked(body))
    expect((await send(targetOf(service, 'InitUpload', initParams(large)), Buffer.of())).code).toBe(0)
    for (const offset of [0, 524_288]) {
      const { target, body } = partCall(service, large, { offset })
      expect(await send(target, body)).toEqual(done)
    }
    const finish = await send(targetOf(service, 'FinishUpload', { fileSha: large.fileSha }), Buffer.of())
    expect(finish.code).toBe(0)
  })

  it('may come in chunks of any size, with extensions and trailers', async () => {
    const service = await startAnnounced()
    const wire = await openWire(service)
    const { target, body } = partCall(service, large)
    expect(await ask(wire, chunkedHead(target), chunked(body, [1, 7, 65_537, 4_095, 16_384]))).toEqual(done)

    const part = partCall(service, small)
    const extended = ['3E8;name=value\r\n', part.body, '\r\n0\r\nX-Sum: 1\r\n\r\n']
    expect(await ask(wire, chunkedHead(part.target, { Trailer: 'X-Sum' }), ...extended)).toEqual(done)
  })

  it('is asked for when the client waits for that, as the C# SDK does', async () => {
    const service = await startAnnounced()
    const wire = await openWire(service)
    const { target, body } = partCall(service, small)
    await wire.send(head('POST', target, { 'Content-Length': body.length, Expect: '100-continue' }))
    expect(await wire.response()).toMatchObject({ status: 100, headers: {} })
    expect(await ask(wire, body)).toEqual(done)
  })

  it('may come byte by byte for as long as it takes, while it keeps coming', async () => {
    const file = sampleFile(120)
    const service = await startTestService({ SLUICE_BODY_IDLE_TIMEOUT: '150ms' })
    await callServer(service, 'InitUpload', initParams(file))
    const wire = await openWire(service)
    wire.socket.setNoDelay(true)
    const startedAt = performance.now()
    for (const byte of post(partCall(service, file))) {
      await wire.send(Buffer.of(byte))
      await sleep(1)
    }
    expect(await wire.answer()).toEqual(done)
    expect(performance.now() - startedAt).toBeGreaterThan(300) // else this test has shown nothing
  })

  it('of a part is bytes, whatever its content type says', async () => {
    const service = await startTestService()
    // Bytes that would be the parameters of another call if anybody read them so.
    const file = fileOf(Buffer.from('Action=FinishUpload&Action=Report&fileSha=0&dataMd5=0'))
    await callServer(service, 'InitUpload', initParams(file))
    const wire = await openWire(service)
    for (const type of [
      '',
      'application/octet-stream',
      'application/x-www-form-urlencoded',
      'application/x-www-form-urlencoded; charset=UTF-8',
      'multipart/form-data; boundary=x',
      'application/json',
      'nonsense',
    ]) {
      expect(await ask(wire, post(partCall(service, file), { 'Content-Type': type })), type).toEqual(done)
    }
  })
})

describe('a form', () => {
  const type = 'application/x-www-form-urlencoded'

  it.each([type, 'Application/X-WWW-Form-Urlencoded;charset=utf-8'])(
    'holds the parameters when the query names no action: %s',
    async (written) => {
      const service = await startTestService()
      const [, query = ''] = targetOf(service, 'InitUpload', initParams(small)).split('?')
      const wire = await openWire(service)
      const send = (target: string, contentType: string) =>
        ask(wire, post({ target, body: Buffer.from(query) }, { 'Content-Type': contentType }))
      expect(await send('/v3/index.php', written)).toEqual({ ...done, dataSize: 524_288 })
      // What stands in the query then counts for nothing.
      expect(await send('/v3/index.php?fileSize=5', written)).toEqual({ ...done, dataSize: 524_288 })
      expect(await send('/v3/index.php', 'text/plain')).toMatchObject({ code: -10001, canRetry: 0 })
    },
  )

  it('counts for nothing when the query names the action', async () => {
    const service = await startTestService()
    const target = targetOf(service, 'InitUpload', initParams(small))
    const body = Buffer.from('Action=FinishUpload&fileSize=5')
    const answer = await ask(await openWire(service), post({ target, body }, { 'Content-Type': type }))
    expect(answer).toEqual({ ...done, dataSize: 524_288 })
  })

  it('is refused for a part, whose body is its bytes', async () => {
    const service = await startAnnounced()
    const body = Buffer.from(partCall(service, small).target.split('?')[1] ?? '')
    const form = { target: '/v3/index.php', body }
    const answer = await ask(await openWire(service), post(form, { 'Content-Type': type }))
    expect(answer).toMatchObject({ code: -10001, canRetry: 0, message: expect.stringContaining('UploadPart') })
  })

  it('is refused for good when it is longer than any call', async () => {
    const service = await startTestService()
    const wire = await openWire(service)
    const long = { target: '/v3/index.php', body: Buffer.alloc(100_000, 'a') }
    expect(await ask(wire, post(long, { 'Content-Type': type }))).toMatchObject({ code: -10001, canRetry: 0 })
    expect(await ask(wire, post(long, { 'Content-Type': type }))).toMatchObject({ code: -10001, canRetry: 0 })
  })
})

describe('a body of another length than the part', () => {
  const framings: Record<string, (call: PartCall) => Uint8Array> = {
    announced: post,
    chunked: ({ target, body }) => Buffer.concat([Buffer.from(chunkedHead(target)), chunked(body, [500])]),
  }

  it.each(Object.entries(framings))('is damaged, and its connection goes on: %s', async (_, framed) => {
    const service = await startAnnounced()
    const { target, body } = partCall(service, small)
    const wire = await openWire(service)
    const others = [
      body.subarray(1),
      Buffer.concat([body, Buffer.of(0)]),
      Buffer.of(),
      Buffer.alloc(1_048_576 + 65_536),
    ]
    for (const other of others) expect(await ask(wire, framed({ target, body: other }))).toMatchObject(damaged)
    expect(await isStored(service)).toBe(false)
    expect(await ask(wire, framed({ target, body }))).toEqual(done)
  })

  it.each(Object.entries(framings))(
    'is answered and its connection given up when it is endless: %s',
    async (_, framed) => {
      const service = await startAnnounced()
      const { target } = partCall(service, small)
      const wire = await openWire(service)
      // A little more than is read of any body; what of it is still on its way when the service gives up may not arrive.
      wire.send(framed({ target, body: Buffer.alloc(2_000_000) }).subarray(0, 1_150_000)).catch(() => {})
      const response = await wire.response()
      expect(JSON.parse(String(response.body))).toMatchObject(damaged)
      expect(response.headers['connection']).toBe('close')
      expect(await wire.closed()).toHaveLength(0)
      await poolIsEmpty(service)
    },
  )

  it.each(['hangs up', 'stops sending'])('is not stored when the client %s before its end', async (how) => {
    const service = await startAnnounced()
    const wire = await openWire(service)
    const request = post(partCall(service, small))
    await wire.send(request.subarray(0, -1))
    if (how === 'hangs up') wire.hangUp()
    else {
      wire.socket.end()
      await wire.closed()
    }
    await poolIsEmpty(service)
    expect(await isStored(service)).toBe(false)
  })

  it('may be followed by an empty line, as old clients send after a post', async () => {
    const service = await startAnnounced()
    const wire = await openWire(service)
    const call = partCall(service, small)
    expect(await ask(wire, post(call), '\r\n')).toEqual(done)
    expect(await ask(wire, post(call))).toEqual(done)
  })

  it('that goes on after its announced length ends the connection and harms nobody else', async () => {
    const service = await startAnnounced()
    const wire = await openWire(service)
    await wire.send(Buffer.concat([post(partCall(service, small)), Buffer.from('more than was announced')]))
    await wire.closed()
    await poolIsEmpty(service)
    expect(await ask(await openWire(service), post(partCall(service, small)))).toEqual(done)
  })
})

describe('a refused call', () => {
  const refusals: Record<string, (service: TestService) => string> = {
    'without an action': () => '/v3/index.php',
    'with a wrong signature': (service) => partCall(service, large).target.replace('Nonce=7', 'Nonce=8'),
    'of a file nobody announced': (service) => partCall(service, sampleFile(600_000, 9)).target,
    'of a part that does not fit': (service) => partCall(service, large, { said: { offset: 1 } }).target,
  }

  it.each(Object.entries(refusals))(
    '%s is answered to a client that sends everything before it listens',
    async (_, refused) => {
      const service = await startAnnounced()
      const wire = await openWire(service)
      wire.socket.pause()
      for (const framed of [
        post,
        ({ target, body }: PartCall) => Buffer.concat([Buffer.from(chunkedHead(target)), chunked(body)]),
      ]) {
        await wire.send(framed({ target: refused(service), body: Buffer.alloc(1_048_576) }))
        wire.socket.resume()
        expect((await wire.answer()).code).toBeLessThan(0)
        wire.socket.pause()
      }
      wire.socket.resume()
      expect(await ask(wire, post(partCall(service, small)))).toEqual(done) // nothing of the refused bodies is left over
    },
  )
})

describe('a connection', () => {
  it('takes one call after the other', async () => {
    const service = await startTestService()
    const wire = await openWire(service)
    expect(
      (await ask(wire, head('GET', targetOf(service, 'InitUpload', initParams(large), { method: 'GET' })))).code,
    ).toBe(0)
    for (const offset of [524_288, 0]) expect(await ask(wire, post(partCall(service, large, { offset })))).toEqual(done)
    const { url } = await ask(wire, head('POST', targetOf(service, 'FinishUpload', { fileSha: large.fileSha })))
    await wire.send(head('GET', new URL(url ?? '').pathname))
    expect((await wire.response()).body.equals(large.bytes)).toBe(true)
    expect((await ask(wire, head('POST', '/v3/index.php'))).code).toBe(-10001)
  })

  it('takes calls that do not wait for the answers before them, and answers in order', async () => {
    const service = await startAnnounced()
    const wire = await openWire(service)
    const calls = [
      post(partCall(service, large)),
      head('POST', '/v3/index.php?Action=Nothing'),
      post(partCall(service, large, { offset: 524_288 })),
      head('GET', '/healthz'),
      post(partCall(service, small)),
    ]
    await wire.send(Buffer.concat(calls.map((call) => Buffer.from(call))))
    expect(await wire.answer()).toEqual(done)
    expect((await wire.answer()).code).toBe(-10001)
    expect(await wire.answer()).toEqual(done)
    expect(String((await wire.response()).body)).toBe('ok\n')
    expect(await wire.answer()).toEqual(done)
  })

  it('of HTTP/1.0 ends with its answer, or goes on when it asks to', async () => {
    const service = await startAnnounced()
    const { target, body } = partCall(service, small)
    const kept = await openWire(service)
    const request = head('POST', target, { 'Content-Length': body.length, Connection: 'keep-alive' }, '1.0')
    for (let i = 0; i < 2; i++) expect(await ask(kept, request, body)).toEqual(done)
    const single = await openWire(service)
    expect(await ask(single, head('POST', target, { 'Content-Length': body.length, Host: '' }, '1.0'), body)).toEqual(
      done,
    )
    expect(await single.closed()).toHaveLength(0)
  })
})
