import { describe, expect, it } from 'vitest'
import { queryOf, sendRaw } from './support/raw-call.ts'
import { keyPair, sampleFile, shareTestService, startTestService, uploadWhole } from './support/service.ts'
import { callVod, sendVod, vodDone, vodFailed, vodPairs } from './support/vod-calls.ts'
import { openWire } from './support/wire.ts'
import { head } from './support/wire-calls.ts'

const video = sampleFile(1_000)
const ways = (['GET', 'POST'] as const).flatMap((method) =>
  ([undefined, 'HmacSHA1', 'HmacSHA256'] as const).map((signatureMethod) => ({ method, signatureMethod })),
)

describe('a call of the management API', () => {
  const service = shareTestService()

  it.each(ways)('is answered: $method, $signatureMethod', async (sending) => {
    const { fileId = '' } = await uploadWhole(service(), video)
    const url = `${service().url}/vod1251000001/${fileId}/f0.mp4`
    const playSet = [{ url, definition: 0, vbitrate: 0, vheight: 0, vwidth: 0 }]
    expect(await callVod(service(), 'DescribeVodPlayUrls', { fileId }, sending)).toEqual(vodDone({ playSet }))
  })

  it.each(ways)('is refused with a wrong key: $method, $signatureMethod', async (sending) => {
    const call = (keys: typeof keyPair) =>
      callVod(service(), 'DescribeVodPlayUrls', { fileId: '1' }, { ...sending, keys })
    const wrongKey = await call({ ...keyPair, secretKey: 'another' })
    expect(wrongKey).toEqual(vodFailed(4100))
    expect(await call({ ...keyPair, secretId: 'nobody' })).toEqual(wrongKey)
  })

  it.each(['GET', 'POST'] as const)('needs each of its common parameters: %s', async (method) => {
    for (const missing of ['SecretId', 'Timestamp', 'Nonce', 'Signature']) {
      const pairs = vodPairs(service(), 'DescribeVodPlayUrls', { fileId: '1' }, { method })
      const answer = await sendVod(
        service(),
        pairs.filter(([name]) => name !== missing),
        method,
      )
      expect(answer, missing).toEqual(vodFailed(4000))
      expect(answer.message).toContain(missing)
    }
    for (const wrong of [{ Nonce: 'x' }, { Nonce: '-1' }, { Timestamp: 'now' }]) {
      expect(await callVod(service(), 'DescribeVodPlayUrls', { fileId: '1', ...wrong }, { method })).toEqual(
        vodFailed(4000),
      )
    }
  })

  it('has at most a thousand parameters, and a form at most 256 KiB', async () => {
    const many = Array.from({ length: 1_000 }, (_, n): [string, string] => [`x.${n}`, ''])
    const pairs = vodPairs(service(), 'DescribeVodPlayUrls', { fileId: '1' }, { method: 'POST' })
    expect(await sendVod(service(), [...pairs, ...many], 'POST')).toEqual(vodFailed(4000))
    expect(await sendVod(service(), [...pairs, ['x', 'x'.repeat(262_144)]], 'POST')).toEqual(vodFailed(4000))
    const fits = { fileId: '1', x: 'x'.repeat(200_000) }
    expect(await callVod(service(), 'DescribeVodPlayUrls', fits, { method: 'POST' })).toEqual(vodFailed(10008))
  })

  it('is refused when its time is too far off', async () => {
    const at = (off: number) =>
      callVod(service(), 'DescribeVodPlayUrls', { fileId: '1', Timestamp: Math.floor(service().now() / 1000) + off })
    expect(await at(7_190)).toEqual(vodFailed(10008))
    expect(await at(-7_190)).toEqual(vodFailed(10008))
    expect(await at(7_210)).toEqual(vodFailed(4500))
    expect(await at(-7_210)).toEqual(vodFailed(4500))
  })

  it.each(['GET', 'POST'] as const)('has every parameter once: %s', async (method) => {
    const pairs = vodPairs(service(), 'DescribeVodPlayUrls', { fileId: '1' }, { method })
    expect(await sendVod(service(), [...pairs, ['fileId', '2']], method)).toEqual(vodFailed(4000))
    const listed = vodPairs(service(), 'DescribeVodPlayUrls', { fileId: '1', a_b: 1, 'a.b': 1 }, { method })
    expect(await sendVod(service(), listed, method)).toEqual(vodFailed(4000))
  })

  it('by POST has its parameters in the form, and nothing in the query counts', async () => {
    const { fileId = '' } = await uploadWhole(service(), video)
    const pairs = vodPairs(service(), 'DescribeVodPlayUrls', { fileId }, { method: 'POST' })
    const form = new URLSearchParams(pairs).toString()
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded; charset=UTF-8' }
    const send = (query: string, body: string) => sendRaw(service(), query, { path: '/v2/index.php', headers, body })
    expect((await send('', form)).code).toBe(0)
    expect((await send('Action=DescribeVodPlayUrls&fileId=7&Signature=x', form)).code).toBe(0)
    expect(await send(form, '')).toEqual(vodFailed(4000))
    expect(await send('Action=DescribeVodPlayUrls', form.replace('Action=', 'action='))).toEqual(vodFailed(4000))
    expect(await sendRaw(service(), form, { path: '/v2/index.php' })).toEqual(vodFailed(4000))
  })

  describe.each([
    { what: 'as the Java SDK sends it', start: '\r\n', boundary: '---------------------------0123456789abcde' },
    { what: 'in quotes', start: '', boundary: '"a b:c"' },
  ])('by POST may be a multipart form, $what', ({ start, boundary }) => {
    const name = boundary.replaceAll('"', '')
    const headers = { 'Content-Type': `multipart/form-data; boundary=${boundary}` }

    function send(pairs: readonly (readonly [string, string])[], more = '') {
      const texts = pairs.map(([key, value]) => `Content-Disposition: form-data; name="${key}"\r\n\r\n${value}`)
      const parts = [...texts, ...(more === '' ? [] : [more])].map((part) => `--${name}\r\n${part}`).join('\r\n')
      const body = `${start}${parts}\r\n--${name}--\r\n`
      return sendRaw(service(), 'Action=DescribeClass', { path: '/v2/index.php', headers, body })
    }

    it('with values as they stand', async () => {
      const { fileId = '' } = await uploadWhole(service(), video)
      for (const fileIntro of ['第一 行', 'a+b & c=d', '100%41', '\r\n--', '@home', '']) {
        const params = { fileId, fileIntro, SignatureMethod: 'HmacSHA256' }
        const pairs = vodPairs(service(), 'ModifyVodInfo', params, { method: 'POST' })
        expect(await send(pairs), fileIntro).toEqual(vodDone())
        const { basicInfo } = await callVod(service(), 'GetVideoInfo', { fileId })
        expect(basicInfo).toMatchObject({ description: fileIntro })
      }
    })

    it('whose files do not count, and which is refused like any other', async () => {
      const pairs = vodPairs(service(), 'DescribeClass', {}, { method: 'POST' })
      const entity = 'Content-Disposition: form-data; name="entityFile"; filename="a.txt"\r\n\r\nbytes'
      expect((await send(pairs, entity)).code).toBe(0)
      expect(await send([...pairs, ['Nonce', '1']])).toEqual(vodFailed(4000))
      expect(await send(pairs.filter(([key]) => key !== 'Action'))).toEqual(vodFailed(4000))
      expect(await send(pairs.map(([key, value]) => [key, key === 'Nonce' ? '8' : value]))).toEqual(vodFailed(4100))
    })
  })

  it('does not take its Action from a query that nobody signed', async () => {
    const pairs = vodPairs(service(), 'x', { Action: undefined, fileId: '1' }, { method: 'POST' })
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' }
    const body = new URLSearchParams(pairs).toString()
    const answer = await sendRaw(service(), 'Action=DescribeVodPlayUrls', { path: '/v2/index.php', headers, body })
    expect(answer).toEqual(vodFailed(4000))
  })

  it('is served on both paths', async () => {
    const query = queryOf(service(), 'DescribeVodPlayUrls', { fileId: '1' }, { method: 'GET' })
    for (const path of ['/v2/index.php', '/v3/index.php']) {
      expect(await sendRaw(service(), query, { path, method: 'GET' })).toEqual(vodFailed(10008))
    }
  })

  it.each(['PUT', 'DELETE'])('is refused by %s', async (method) => {
    const wire = await openWire(service())
    await wire.send(head(method, '/v2/index.php?Action=DescribeVodPlayUrls'))
    const { status, headers, body } = await wire.response()
    expect({ status, type: headers['content-type'] }).toEqual({ status: 200, type: 'application/json; charset=utf-8' })
    expect(JSON.parse(String(body))).toEqual(vodFailed(4600))
  })

  it('of an action that the old service had and this one has not is told so', async () => {
    for (const action of ['ConvertVodFile', 'GetTaskList', 'BanningVod']) {
      expect(await callVod(service(), action)).toEqual(vodFailed(6100))
    }
    expect((await callVod(service(), 'toString')).code).toBe(-10001)
  })

  it('of an app that is disabled is refused once its signature is right', async () => {
    const { openSqlite } = await import('@sluice/server')
    const other = await startTestService()
    const metadata = await openSqlite(other.directory)
    await metadata.setAppDisabled(1_251_000_001, 1)
    await metadata.close()
    expect(await callVod(other, 'DescribeVodPlayUrls', { fileId: '1' })).toEqual(vodFailed(4300))
    const keys = { ...keyPair, secretKey: 'another' }
    expect(await callVod(other, 'DescribeVodPlayUrls', { fileId: '1' }, { keys })).toEqual(vodFailed(4100))
  })

  it('that only reads is answered in maintenance', async () => {
    const quiet = await startTestService({ SLUICE_MAINTENANCE: 'on' })
    expect(await callVod(quiet, 'DescribeVodPlayUrls', { fileId: '1' })).toEqual(vodFailed(10008))
  })
})

describe('a request that came before', () => {
  it('is answered again when it only reads', async () => {
    const service = await startTestService({}, { frozen: true })
    const pairs = vodPairs(service, 'DescribeVodPlayUrls', { fileId: '1' })
    for (let time = 0; time < 3; time++) expect(await sendVod(service, pairs)).toEqual(vodFailed(10008))
  })

  it('is refused when another has its Nonce, at the same time, of the same SecretId', async () => {
    const service = await startTestService({}, { frozen: true })
    const call = (fileId: string, given: Record<string, number> = {}) =>
      callVod(service, 'DescribeVodPlayUrls', { fileId, Nonce: 7, ...given })
    expect(await call('1')).toEqual(vodFailed(10008))
    expect(await call('2')).toEqual(vodFailed(4500))
    expect(await call('2', { Nonce: 8 })).toEqual(vodFailed(10008))
    expect(await call('2', { Timestamp: Math.floor(service.now() / 1000) - 1 })).toEqual(vodFailed(10008))
    service.advance(7_200_000)
    expect(await call('2', { Timestamp: Math.floor(service.now() / 1000) - 7_200 })).toEqual(vodFailed(4500))
    expect(await call('1', { Timestamp: Math.floor(service.now() / 1000) - 7_200 })).toEqual(vodFailed(10008))
  })

  it('does not count when its signature was wrong', async () => {
    const service = await startTestService({}, { frozen: true })
    const wrong = { keys: { ...keyPair, secretKey: 'another' } }
    expect(await callVod(service, 'DescribeVodPlayUrls', { fileId: '1', Nonce: 7 }, wrong)).toEqual(vodFailed(4100))
    expect(await callVod(service, 'DescribeVodPlayUrls', { fileId: '1', Nonce: 7 })).toEqual(vodFailed(10008))
  })
})
