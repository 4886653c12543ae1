import { describe, expect, it } from 'vitest'
import {
  callServer,
  initParams,
  sampleFile,
  startTestService,
  type TestService,
  uploadWhole,
} from './support/service.ts'
import { openWire, readAnswer } from './support/wire.ts'
import { head, partCall, post, targetOf } from './support/wire-calls.ts'

const file = sampleFile(1_000)

/** A request of every kind, with the code it is answered. */
const requests: Record<string, { code: number; request: (service: TestService) => string | Buffer }> = {
  'a first Init': {
    code: 0,
    request: (service) => head('POST', targetOf(service, 'InitUpload', initParams(sampleFile(5)))),
  },
  'an Init of a part': {
    code: 1,
    request: (service) => head('POST', targetOf(service, 'InitUpload', initParams(file))),
  },
  'an Init of a file': {
    code: 2,
    request: (service) => head('POST', targetOf(service, 'InitUpload', initParams(finished))),
  },
  'a part': { code: 0, request: (service) => post(partCall(service, file)) },
  'a Finish': {
    code: 0,
    request: (service) => head('POST', targetOf(service, 'FinishUpload', { fileSha: file.fileSha })),
  },
  'a report': { code: 0, request: () => head('POST', '/v2/index.php?Action=Report&errCode=0&Signature=x') },
  'no action': { code: -10001, request: () => head('GET', '/v3/index.php') },
  'an unknown action': { code: -10001, request: () => head('POST', '/v3/index.php?Action=initupload') },
  'an action of the management host, misspelt': {
    code: -10001,
    request: () => head('POST', '/v2/index.php?Action=getVideoInfo'),
  },
  'no signature': { code: -10001, request: () => head('POST', '/v2/index.php?Action=InitUploadEx') },
  'an unknown key': {
    code: -10002,
    request: (service) => head('POST', targetOf(service, 'InitUpload', {}).replace('SecretId=', 'SecretId=x')),
  },
  'a wrong parameter': { code: -10003, request: (service) => head('POST', targetOf(service, 'InitUpload', {})) },
  'no upload': {
    code: -10005,
    request: (service) => head('POST', targetOf(service, 'FinishUpload', { fileSha: '0'.repeat(40) })),
  },
  'a damaged part': {
    code: -10006,
    request: (service) => post({ ...partCall(service, file), body: Buffer.alloc(1_000) }),
  },
  'a part by GET': { code: -10001, request: (service) => head('GET', partCall(service, file).target) },
  'a part by PUT': {
    code: -10001,
    request: (service) => post(partCall(service, file)).toString('latin1').replace('POST', 'PUT'),
  },
  'a part by DELETE': { code: -10001, request: (service) => head('DELETE', partCall(service, file).target) },
}

const finished = sampleFile(2_000, 3)

describe('an answer', () => {
  it.each(Object.entries(requests))(
    'to %s is status 200, JSON, and readable from any page',
    async (_, { code, request }) => {
      const service = await startTestService()
      await uploadWhole(service, finished)
      await callServer(service, 'InitUpload', initParams(file))
      const wire = await openWire(service)
      await wire.send(post(partCall(service, file)))
      await wire.answer()

      await wire.send(request(service))
      const response = await wire.response()
      expect(readAnswer(response)).toMatchObject({ code, canRetry: code === -10006 ? 1 : 0 })
      expect(response.headers['content-encoding']).toBeUndefined()
      expect(response.headers['x-request-id']).toMatch(/^[0-9a-f]{16}$/)
    },
  )

  it('has all four members first and the fileId as a string', async () => {
    const service = await startTestService()
    const { fileId } = await uploadWhole(service, finished)
    const wire = await openWire(service)
    await wire.send(head('POST', targetOf(service, 'FinishUpload', { fileSha: finished.fileSha })))
    const url = `${service.url}/vod1251000001/${fileId}/f0.mp4`
    const text = `{"code":0,"message":"","codeDesc":"","canRetry":0,"fileId":"${fileId}","url":"${url}"}`
    expect(String((await wire.response()).body)).toBe(text)
  })

  it('to HEAD is the answer without its body', async () => {
    const wire = await openWire(await startTestService())
    await wire.send(head('HEAD', '/v3/index.php?Action=InitUpload'))
    const { status, headers } = await wire.response({ bodyless: true })
    expect({ status, type: headers['content-type'] }).toEqual({ status: 200, type: 'application/json; charset=utf-8' })
    await wire.send(head('GET', '/v3/index.php'))
    expect((await wire.answer()).code).toBe(-10001)
  })
})

describe("a browser's question before its call", () => {
  it.each(['/v2/index.php', '/v3/index.php?Action=UploadPartEx&signature=x'])('is answered 204: %s', async (target) => {
    const wire = await openWire(await startTestService())
    const asked = { 'Access-Control-Request-Method': 'POST', 'Access-Control-Request-Headers': 'content-type, x-any' }
    await wire.send(head('OPTIONS', target, { Origin: 'https://app.example.com', ...asked }))
    const { status, headers, body } = await wire.response()
    expect(status).toBe(204)
    expect(body).toHaveLength(0)
    expect(Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('access-control')))).toEqual({
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'GET, POST, OPTIONS',
      'access-control-allow-headers': 'content-type, x-any',
      'access-control-max-age': '86400',
    })
  })

  it('allows no headers when it asks for none, and leaves the connection usable', async () => {
    const wire = await openWire(await startTestService())
    await wire.send(head('OPTIONS', '/v3/index.php', { Origin: 'https://app.example.com' }))
    expect((await wire.response()).headers).not.toHaveProperty('access-control-allow-headers')
    await wire.send(head('POST', '/v3/index.php'))
    expect((await wire.answer()).code).toBe(-10001)
  })
})

describe('any other address', () => {
  it('is 404, whatever is sent there', async () => {
    const wire = await openWire(await startTestService())
    for (const target of [
      '/v1/index.php?Action=InitUpload',
      '/v3/index.php/',
      '/v3/INDEX.php',
      '/v3/',
      '//v3/index.php',
      '/v2/interface.php',
      '/v3/index%2Ephp',
      '/v3/../v3/index.php',
      '/favicon.ico',
      '*',
      'http://vod2.qcloud.com',
    ]) {
      await wire.send(post({ target, body: Buffer.alloc(100_000) }))
      const { status, headers } = await wire.response()
      expect({ target, status, ...headers }).toMatchObject({ target, status: 404, 'access-control-allow-origin': '*' })
    }
  })

  it('is told what this is at its root', async () => {
    const wire = await openWire(await startTestService())
    await wire.send(head('GET', '/'))
    expect(String((await wire.response()).body)).toContain('/v3/index.php')
  })
})
