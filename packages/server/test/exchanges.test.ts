import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { checkVerifyContent } from '@sluice/protocol/signatures'
import { openSqlite } from '@sluice/server'
import SQLite from 'better-sqlite3'
import { expect, it } from 'vitest'
import { type Answer, startTestService, type TestService } from './support/service.ts'

interface Part {
  offset: number
  dataSize: number
  dataMd5: string
}

interface Exchange {
  id: string
  title: string
  request: { method: string; target: string; headers: Record<string, string> }
  response: Answer
}

const vectors = JSON.parse(readFileSync(new URL('../../protocol/test/vectors.json', import.meta.url), 'utf8')) as {
  exchanges: Exchange[]
  fixture: { parts: Part[] }
}

const fixture = Buffer.from(Uint8Array.from({ length: 1_300_000 }, (_, index) => index % 251))
const cover = Buffer.from(Uint8Array.from({ length: 2048 }, (_, index) => (7 * index) % 256))
const bodies: Record<string, Buffer> = {
  E02: fixture.subarray(0, 524_288),
  E05: fixture.subarray(1_048_576),
  E08: fixture.subarray(524_288, 1_048_576),
  E11: cover,
}

/** Sends an exchange's request as it stands, or with other parameters and body, under the host the vectors were signed for. */
function play(
  service: TestService,
  id: string,
  {
    target = '',
    body = bodies[id],
    headers: changed = {},
  }: { target?: string; body?: Buffer | undefined; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const { method, headers, ...exchange } = exchangeOf(id).request
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(service.url)
    const path = target || exchange.target
    const call = request({ hostname, port, path, method, headers: { Host: 'vod2.qcloud.com', ...headers, ...changed } })
    call.on('response', (response) => {
      expect(response.statusCode).toBe(200)
      expect(response.headers['content-type']).toBe('application/json; charset=utf-8')
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => resolve(JSON.parse(Buffer.concat(chunks).toString()) as Answer))
    })
    call.on('error', reject)
    call.end(body)
  })
}

function exchangeOf(id: string): Exchange {
  const exchange = vectors.exchanges.find((one) => one.id === id)
  if (!exchange) throw new Error(`no exchange ${id}`)
  return exchange
}

/** The answer the vectors give; ids and addresses in it are examples, and so are the texts of an error. */
function answerTo(id: string, fileId = ''): unknown {
  const { response } = exchangeOf(id)
  return {
    ...response,
    ...(response.code < 0 ? { message: expect.any(String), codeDesc: expect.any(String) } : {}),
    ...(response.fileId ? { fileId: fileId || expect.stringMatching(/^\d{19}$/) } : {}),
    ...(response.url
      ? { url: expect.stringMatching(/^http:\/\/1251000001\.vod2\.myqcloud\.com\/vod1251000001\/\d{19}\//) }
      : {}),
    ...(response.verify_content ? { verify_content: expect.any(String) } : {}),
  }
}

const settings = { SLUICE_PUBLIC_URL: 'http://{appId}.vod2.myqcloud.com', SLUICE_PUBLIC_HOSTS: 'upload.example.com' }

it('plays the server family: E01 to E06, E11, E12', async () => {
  const service = await startTestService(settings)
  for (const id of ['E01', 'E02', 'E03', 'E04']) expect(await play(service, id), id).toEqual(answerTo(id))
  // The middle part comes from a user of the app, whose own upload there is none of: it joins this one.
  for (const id of ['E08', 'E05']) expect(await play(service, id), id).toEqual(answerTo(id))

  const finish = await play(service, 'E06')
  expect(finish).toEqual(answerTo('E06'))
  expect(finish.url).toBe(`http://1251000001.vod2.myqcloud.com/vod1251000001/${finish.fileId}/f0.mp4`)
  // The cover of the exchange is for the file id the vectors made up.
  renameFile(service, finish.fileId ?? '', '9031868222900000001')
  const cover = await play(service, 'E11')
  expect(cover).toEqual(answerTo('E11'))
  expect(cover.url).toMatch(/\/vod1251000001\/9031868222900000001\/\d{19}\.jpg$/)
  expect(await play(service, 'E12')).toEqual(answerTo('E12'))
})

function renameFile({ directory }: TestService, from: string, to: string): void {
  const db = new SQLite(join(directory, 'sluice.db'))
  db.prepare('update files set "fileId" = ? where "fileId" = ?').run(to, from)
  db.close()
}

it('plays the UGC family: E07 to E10', async () => {
  const service = await startTestService(settings)
  for (const id of ['E07', 'E08']) expect(await play(service, id), id).toEqual(answerTo(id))
  for (const { offset, dataSize, dataMd5 } of vectors.fixture.parts.filter((part) => part.offset !== 524_288)) {
    const target = exchangeOf('E08')
      .request.target.replace(/offset=\d+/, `offset=${offset}`)
      .replace(/dataSize=\d+/, `dataSize=${dataSize}`)
      .replace(/dataMd5=\w+/, `dataMd5=${dataMd5}`)
    const headers = { 'Content-Length': String(dataSize) }
    const body = fixture.subarray(offset, offset + dataSize)
    expect(await play(service, 'E08', { target, body, headers })).toEqual(answerTo('E08'))
  }
  const finish = await play(service, 'E09')
  expect(finish).toEqual(answerTo('E09'))
  expect(await play(service, 'E10')).toEqual(answerTo('E10', finish.fileId))

  const metadata = await openSqlite(service.directory)
  const verifyKey = (await metadata.findApp(1_251_000_001))?.verifyKey ?? ''
  await metadata.close()
  const check = { verifyKey, fileId: finish.fileId ?? '', nowS: 1_490_003_600 }
  expect(checkVerifyContent(finish.verify_content ?? '', check)).toBe(true)
  expect(checkVerifyContent(finish.verify_content ?? '', { ...check, nowS: check.nowS + 60 })).toBe(false)
})
