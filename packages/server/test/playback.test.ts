import { describe, expect, it } from 'vitest'
import { play } from './support/players.ts'
import { callServer, initParams, sampleFile, sendPart, startTestService, uploadWhole } from './support/service.ts'
import { uploadId } from './support/tables.ts'
import { openWire } from './support/wire.ts'
import { head } from './support/wire-calls.ts'

const file = sampleFile(1_000)
const etag = `"${file.fileSha}"`

async function startWithFile() {
  const service = await startTestService()
  const startedAt = service.now()
  const { url = '' } = await uploadWhole(service, file)
  return { service, url, startedAt }
}

/** What every answer about the file carries. */
const common = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'Accept-Ranges, Content-Length, Content-Range, ETag, Last-Modified',
  'accept-ranges': 'bytes',
  'cache-control': 'public, max-age=3600',
  etag,
}

describe('a file', () => {
  it('is served whole, with all that is known of it', async () => {
    const { service, url, startedAt } = await startWithFile()
    const { status, headers, body } = await play(url, { headers: { Origin: 'https://player.example.com' } })
    expect(status).toBe(200)
    expect(body.equals(file.bytes)).toBe(true)
    expect(headers).toMatchObject({ ...common, 'content-type': 'video/mp4', 'content-length': '1000' })
    expect(headers).not.toHaveProperty('content-range')
    expect(headers).not.toHaveProperty('content-disposition')
    const modifiedAt = Date.parse(headers['last-modified'] ?? '')
    expect(modifiedAt).toBeGreaterThan(startedAt - 1_000)
    expect(modifiedAt).toBeLessThanOrEqual(service.now())
  })

  it('has the same head without its bytes, also for a range: that is defined for GET alone', async () => {
    const { service, url } = await startWithFile()
    const { headers: whole } = await play(url)
    const wire = await openWire(service)
    const { pathname } = new URL(url)
    for (const more of [{}, { Range: 'bytes=0-9' }, { Range: 'bytes=5000-' }]) {
      await wire.send(head('HEAD', pathname, more))
      const { status, headers } = await wire.response({ bodyless: true })
      expect({ status, ...headers }).toMatchObject({ status: 200, ...common, 'content-length': '1000' })
      expect(headers['last-modified']).toBe(whole['last-modified'])
    }
    await wire.send(head('GET', pathname, { 'If-None-Match': etag }))
    expect((await wire.response()).status).toBe(304) // nothing of the file came in between
  })

  it('may be asked for by pages of any origin, in ranges', async () => {
    const { url } = await startWithFile()
    const asked = { 'Access-Control-Request-Method': 'GET', 'Access-Control-Request-Headers': 'range, if-range' }
    const { status, headers, body } = await play(url, { method: 'OPTIONS', headers: asked })
    expect({ status, ...headers, length: body.length }).toMatchObject({
      status: 204,
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'GET, HEAD, OPTIONS',
      'access-control-allow-headers': 'range, if-range',
      'access-control-max-age': '86400',
      length: 0,
    })
  })

  it.each(['POST', 'PUT', 'DELETE', 'PATCH'])('cannot be changed by %s', async (method) => {
    const { url } = await startWithFile()
    const { status, headers } = await play(url, { method })
    expect({ status, ...headers }).toMatchObject({
      status: 405,
      allow: 'GET, HEAD, OPTIONS',
      'access-control-allow-origin': '*',
    })
    expect((await play(url)).body.equals(file.bytes)).toBe(true)
  })
})

describe('a range', () => {
  it('is served alone', async () => {
    const { url } = await startWithFile()
    for (const [range, start, end] of [
      ['bytes=0-0', 0, 0],
      ['bytes=0-999', 0, 999],
      ['bytes=10-19', 10, 19],
      ['bytes=999-999', 999, 999],
      ['bytes=990-', 990, 999],
      ['bytes=0-', 0, 999],
      ['bytes=990-5000', 990, 999],
      ['bytes=-1', 999, 999],
      ['bytes=-10', 990, 999],
      ['bytes=-5000', 0, 999],
      ['bytes=-99999999999999999999999', 0, 999],
      ['BYTES=5-6', 5, 6],
      ['bytes= 5-6 ', 5, 6],
    ] as const) {
      const { status, headers, body } = await play(url, { headers: { Range: range } })
      expect({ status, ...headers }, range).toMatchObject({
        ...common,
        status: 206,
        'content-type': 'video/mp4',
        'content-length': String(end - start + 1),
        'content-range': `bytes ${start}-${end}/1000`,
      })
      expect(body.equals(file.bytes.subarray(start, end + 1)), range).toBe(true)
    }
  })

  it('that is several, or none that can be read, brings the whole file', async () => {
    const { url } = await startWithFile()
    for (const range of [
      'bytes=0-0,5-9',
      'items=0-9',
      'bytes=9-5',
      'bytes=-',
      'bytes=+1-2',
      'bytes=--1',
      'bytes=1.0-2',
      'bytes=a-b',
      'bytes',
      '0-9',
      '',
    ]) {
      const { status, headers, body } = await play(url, { headers: { Range: range } })
      expect({ status, ...headers }, range).toMatchObject({ ...common, status: 200, 'content-length': '1000' })
      expect(headers).not.toHaveProperty('content-range')
      expect(body.equals(file.bytes), range).toBe(true)
    }
  })

  it('behind the end cannot be served', async () => {
    const { url } = await startWithFile()
    for (const range of [
      'bytes=1000-',
      'bytes=1000-1000',
      'bytes=5000-6000',
      'bytes=-0',
      'bytes=9999999999999999999-',
    ]) {
      const { status, headers } = await play(url, { headers: { Range: range } })
      expect({ status, ...headers }, range).toMatchObject({ ...common, status: 416, 'content-range': 'bytes */1000' })
    }
  })
})

describe('a player that has the file already', () => {
  it('is told by If-None-Match', async () => {
    const { url } = await startWithFile()
    for (const [tags, status] of [
      [etag, 304],
      [`W/${etag}`, 304],
      ['*', 304],
      [`"a", ${etag}`, 304],
      [`"a",W/${etag} , "b"`, 304],
      [`"${'0'.repeat(40)}"`, 200],
      ['W/"1"', 200],
      [file.fileSha, 200],
      ['"a", "b"', 200],
      ['', 200],
    ] as const) {
      // Neither a date beside the tags counts nor a range before them.
      const date = status === 200 ? 'Fri, 01 Jan 2100 00:00:00 GMT' : 'Thu, 01 Jan 1970 00:00:00 GMT'
      for (const more of [{}, { 'If-Modified-Since': date }]) {
        const headers = { 'If-None-Match': tags, ...more }
        const answer = await play(url, { headers })
        expect({ status: answer.status, ...answer.headers }, tags).toMatchObject({ ...common, status })
        expect(answer.body).toHaveLength(status === 304 ? 0 : 1_000)
        expect((await play(url, { method: 'HEAD', headers })).status, tags).toBe(status)
      }
      const ranged = await play(url, { headers: { 'If-None-Match': tags, Range: 'bytes=0-0' } })
      expect(ranged.status, tags).toBe(status === 304 ? 304 : 206)
    }
  })

  it('is told by If-Modified-Since', async () => {
    const { url } = await startWithFile()
    const modified = (await play(url)).headers['last-modified'] ?? ''
    const later = (ms: number) => new Date(Date.parse(modified) + ms).toUTCString()
    const dates = { [modified]: 304, [later(60_000)]: 304, [later(-1_000)]: 200, yesterday: 200, '': 200 }
    for (const [date, status] of Object.entries(dates)) {
      expect((await play(url, { headers: { 'If-Modified-Since': date } })).status, date).toBe(status)
    }
  })

  it('gets the rest only of the very same file', async () => {
    const { url } = await startWithFile()
    const modified = (await play(url)).headers['last-modified'] ?? ''
    const later = (ms: number) => new Date(Date.parse(modified) + ms).toUTCString()
    const validators = {
      [etag]: 206,
      [modified]: 206,
      [`W/${etag}`]: 200, // says of two files only that they are alike
      '"0"': 200,
      [later(1_000)]: 200,
      [later(-1_000)]: 200,
      nonsense: 200,
    }
    for (const [validator, status] of Object.entries(validators)) {
      const answer = await play(url, { headers: { 'If-Range': validator, Range: 'bytes=10-19' } })
      expect({ validator, status: answer.status, length: answer.body.length }).toEqual({
        validator,
        status,
        length: status === 206 ? 10 : 1_000,
      })
    }
    const behind = { Range: 'bytes=5000-' }
    expect((await play(url, { headers: { ...behind, 'If-Range': etag } })).status).toBe(416)
    expect((await play(url, { headers: { ...behind, 'If-Range': '"0"' } })).status).toBe(200)
  })
})

describe('a larger file', () => {
  it('has the same bytes in whatever ranges it is read', async () => {
    const service = await startTestService()
    const large = sampleFile(3_000_000, 7)
    const { url = '' } = await uploadWhole(service, large, 1_048_576)
    let seed = 1
    const random = (below: number) => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
      return seed % below
    }
    const pieces: Buffer[] = []
    for (let start = 0; start < 3_000_000; ) {
      const end = Math.min(start + random(400_000), 2_999_999)
      const { status, body } = await play(url, { headers: { Range: `bytes=${start}-${end}` } })
      expect(status).toBe(206)
      pieces.push(body)
      start = end + 1
    }
    expect(Buffer.concat(pieces).equals(large.bytes)).toBe(true)
  })

  it('is read by twenty players at once, each at another place', async () => {
    const service = await startTestService()
    const large = sampleFile(3_000_000, 7)
    const { url = '' } = await uploadWhole(service, large, 1_048_576)
    const starts = Array.from({ length: 20 }, (_, index) => index * 140_000)
    const answers = await Promise.all(starts.map((start) => play(url, { headers: { Range: `bytes=${start}-` } })))
    for (const [index, { body }] of answers.entries())
      expect(body.equals(large.bytes.subarray(starts[index]))).toBe(true)
  })

  it('is not served before it is finished', async () => {
    const service = await startTestService()
    const large = sampleFile(600_000, 8)
    await callServer(service, 'InitUpload', initParams(large))
    for (const offset of [0, 524_288]) await sendPart(service, large, offset)
    const url = `${service.url}/vod1251000001/${uploadId(service, large.fileSha)}/f0.mp4`
    expect((await play(url)).status).toBe(404)
    await callServer(service, 'FinishUpload', { fileSha: large.fileSha })
    expect((await play(url)).status).toBe(200)
  })
})
