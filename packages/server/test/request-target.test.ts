import { utf8Bytes } from '@sluice/protocol'
import { signServerRequest } from '@sluice/protocol/signatures'
import { expect, it } from 'vitest'
import { unixSeconds } from './support/raw-call.ts'
import { type Answer, initParams, keyPair, sampleFile, startTestService, type TestService } from './support/service.ts'
import { uploadRow } from './support/tables.ts'
import { openWire } from './support/wire.ts'
import { head, targetOf } from './support/wire-calls.ts'

const file = sampleFile(1_000)
const announced = { code: 0, message: '', codeDesc: '', canRetry: 0, dataSize: 524_288 }
const refused = { code: -10002, canRetry: 0 }

async function ask(service: TestService, request: string): Promise<Answer> {
  const wire = await openWire(service)
  await wire.send(request)
  return wire.answer()
}

const initTarget = (service: TestService, signing = {}) => targetOf(service, 'InitUpload', initParams(file), signing)

/** A signed InitUpload whose values stand in the request line as they are, one character a byte. */
function unencodedInit(service: TestService, fileName: string): string {
  const common = { Action: 'InitUpload', Nonce: 7, SecretId: keyPair.secretId, Timestamp: unixSeconds(service) }
  const all = Object.entries({ ...common, ...initParams(file), fileName, Region: '@home', 'tag.1': 'a=b/c?d:e' })
  const params = Object.fromEntries(all.map(([name, value]) => [name, String(value)]))
  const signed = { method: 'POST', host: 'vod2.qcloud.com', path: '/v3/index.php', params } as const
  const signature = signServerRequest({ ...signed, secretKey: keyPair.secretKey })
  const pairs = [...Object.entries(params), ['Signature', signature] as const]
  return `/v3/index.php?${pairs.map(([name, value]) => `${name}=${utf8Bytes(value)}`).join('&')}`
}

it.each(['a+b', '100%', "it's!(~)", '%zz+%41'])(
  'reads values that were never encoded, as the Node.js SDK sends them: %s',
  async (fileName) => {
    const service = await startTestService()
    expect(await ask(service, head('POST', unencodedInit(service, fileName)))).toEqual(announced)
    expect(uploadRow(service, file.fileSha)).toMatchObject({ fileName, tags: '["a=b/c?d:e"]' })
  },
)

it('cannot be read past bytes outside ASCII: Node.js refuses the request, and the service goes on', async () => {
  const service = await startTestService()
  const wire = await openWire(service)
  await wire.send(head('POST', unencodedInit(service, 'фильм')))
  expect(await wire.response()).toMatchObject({ status: 400 })
  expect(await ask(service, head('POST', initTarget(service)))).toEqual(announced)
})

it.each(['a+b c&d=e%f', 'фильм 电影 🎬'])('reads encoded values, a space as %%20 or +: %s', async (fileName) => {
  const service = await startTestService()
  const target = targetOf(service, 'InitUpload', { ...initParams(file), fileName })
  for (const written of [target, target.replaceAll('%20', '+'), target.replace(/%../g, (hex) => hex.toLowerCase())]) {
    expect(await ask(service, head('POST', written))).toEqual(announced)
    expect(uploadRow(service, file.fileSha)['fileName']).toBe(fileName)
  }
})

it('takes a whole address as its target, as proxies send it', async () => {
  const service = await startTestService()
  for (const origin of ['http://vod2.qcloud.com', 'HTTPS://proxy.example:8443']) {
    expect(await ask(service, head('POST', `${origin}${initTarget(service)}`))).toEqual(announced)
  }
})

it.each(['vod2.qcloud.com', 'vod2.dnsv1.com', '127.0.0.1', 'upload.example.com'])(
  'believes the Host header with or without a port: %s',
  async (host) => {
    const service = await startTestService()
    for (const [signed, sent] of [
      [host, host],
      [host, `${host}:8266`],
      [`${host}:8266`, `${host}:8266`],
    ] as const) {
      expect(await ask(service, head('POST', initTarget(service, { host: signed }), { Host: sent }))).toEqual(announced)
    }
    const other = initTarget(service, { host: 'other.example.com' })
    expect(await ask(service, head('POST', other, { Host: host }))).toMatchObject(refused)
  },
)

it('refuses a parameter that is given twice, in whatever spelling', async () => {
  const service = await startTestService()
  const target = initTarget(service)
  for (const again of ['fileSize=1000', 'fileSize=1001', 'file%53ize=1000', 'Action=InitUpload', 'Signature=x']) {
    const answer = await ask(service, head('POST', `${target}&${again}`))
    expect(answer, again).toMatchObject({ code: -10001, canRetry: 0, message: expect.stringContaining('twice') })
  }
  const alike = targetOf(service, 'InitUpload', { ...initParams(file), 'extra.usage': 0, extra_usage: 0 })
  expect(await ask(service, head('POST', alike))).toMatchObject({ code: -10001 })
})

it('reads past empty pieces of a query', async () => {
  const service = await startTestService()
  expect(await ask(service, head('POST', `${initTarget(service).replace('?', '?&&').replaceAll('&', '&&')}&`))).toEqual(
    announced,
  )
})

it('takes a query as long as a signature with ten tags makes it, and refuses one without end', async () => {
  const service = await startTestService()
  const long = targetOf(service, 'InitUpload', { ...initParams(file), unknown: 'x'.repeat(60_000) })
  expect(await ask(service, head('POST', long))).toEqual(announced)
  const wire = await openWire(service)
  await wire.send(head('POST', `${long}${'y'.repeat(10_000)}`))
  expect(String(await wire.closed())).toMatch(/^HTTP\/1\.1 431 /)
})
