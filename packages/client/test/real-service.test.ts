import { randomBytes } from 'node:crypto'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { createReadStream, openSync, truncateSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { createBackend } from '@sluice/backend'
import { type HashedFile, upload } from '@sluice/client/node'
import { serverCredentials } from '@sluice/client/server-credentials'
import { signUgc } from '@sluice/protocol/signatures'
import { expect, test } from 'vitest'
import { serve, temporaryDirectory } from '../../cli/test/serve-process.ts'
import { wayTo } from './browser/way.ts'
import { rejection } from './fixtures.ts'

const keys = { secretId: 'AKIDreal', secretKey: 'key-of-the-real-service' }
const mib = 1_048_576
const long = process.env['SLUICE_TEST_LONG'] === '1'

const service = (directory = temporaryDirectory(), port = '0') =>
  serve({
    SLUICE_DATA_DIR: directory,
    SLUICE_PORT: port,
    SLUICE_APP_ID: '1251000001',
    SLUICE_SECRET_ID: keys.secretId,
    SLUICE_SECRET_KEY: keys.secretKey,
  })

const uploaders = {
  server: { credentials: serverCredentials(keys) },
  ugc: {
    getSignature: async (file: HashedFile) => signUgc({ ...keys, ...file, signedAtS: Math.floor(Date.now() / 1000) }),
  },
} as const

/** Works on items, so many at a time; the outcomes stand in the order of the items. */
async function sixteenAtATime<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const outcomes: R[] = []
  const queue = items.entries()
  const worker = async () => {
    for (const [index, item] of queue) outcomes[index] = await work(item)
  }
  await Promise.all(Array.from({ length: 16 }, worker))
  return outcomes
}

test.each(['server', 'ugc'] as const)('a file goes in by the %s family and comes out as it was', async (family) => {
  const { url } = await service()
  const path = join(temporaryDirectory(), 'real.mp4')
  const bytes = randomBytes(20 * mib + 77)
  writeFileSync(path, bytes)
  const result = await upload(path, { url, ...uploaders[family] })
  expect(result).toMatchObject({ instant: false })
  const stored = Buffer.from(await (await fetch(result.url)).arrayBuffer())
  expect(stored.equals(bytes)).toBe(true)
  expect(await upload(path, { url, ...uploaders[family] })).toMatchObject({ fileId: result.fileId, instant: true })
  const stream = createReadStream(path)
  const again = await upload({ stream, size: bytes.length, name: 'real.mp4' }, { url, ...uploaders[family] })
  expect(again).toMatchObject({ fileId: result.fileId, instant: true })
})

test.each(['server', 'ugc'] as const)('a cover goes in behind its video by the %s family', async (family) => {
  const { url } = await service()
  const directory = temporaryDirectory()
  const [path, cover] = [join(directory, 'real.mp4'), join(directory, 'still.jpg')]
  const [video, image] = [randomBytes(2 * mib + 77), randomBytes(70_000)]
  writeFileSync(path, video)
  writeFileSync(cover, image)
  const options = { url, ...uploaders[family], cover }
  const result = await upload(path, options)
  const { coverUrl = '' } = result
  expect(coverUrl).toMatch(new RegExp(`/vod1251000001/${result.fileId}/\\d+\\.jpg$`))
  for (const [address, type, bytes] of [
    [result.url, 'video/mp4', video] as const,
    [coverUrl, 'image/jpeg', image] as const,
  ]) {
    const response = await fetch(address)
    expect(response.headers.get('content-type')).toBe(type)
    expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true)
  }
  const backend = createBackend({ url, ...keys })
  const { basicInfo } = await backend.call('GetVideoInfo', { fileId: result.fileId })
  expect(basicInfo?.coverUrl).toBe(coverUrl)
  expect(await upload(path, options)).toMatchObject({ fileId: result.fileId, instant: true, coverUrl })
})

test('many videos of a user may have one picture as their cover, at once', async () => {
  const { url } = await service()
  const cover = new File([randomBytes(5_000)], 'logo.png')
  for (const family of ['server', 'ugc'] as const) {
    const options = { url, ...uploaders[family], cover }
    const videos = Array.from({ length: 12 }, (_, n) => new File([randomBytes(1_000)], `${n}.mp4`))
    const results = await Promise.all(videos.map((video) => upload(video, options)))
    for (const { fileId, coverUrl } of results) expect(coverUrl).toContain(`/${fileId}/`)
  }
})

test('a thousand small files go in, sixteen at a time, over sixteen connections', { timeout: 60_000 }, async () => {
  const { url } = await service()
  const directory = temporaryDirectory()
  const files = Array.from({ length: 1000 }, (_, n) => {
    const [path, bytes] = [join(directory, `${n}.mp4`), randomBytes(1 + n * 37)]
    writeFileSync(path, bytes)
    return { path, bytes }
  })
  const connected: unknown[] = []
  const note = (socket: unknown) => connected.push(socket)
  subscribe('net.client.socket', note)
  const urls = await sixteenAtATime(files, async ({ path }) => (await upload(path, { url, ...uploaders.ugc })).url)
  unsubscribe('net.client.socket', note)
  expect(connected).toHaveLength(16)
  const stored = await sixteenAtATime(urls, async (address) => Buffer.from(await (await fetch(address)).arrayBuffer()))
  expect(stored.findIndex((bytes, n) => !files[n]?.bytes.equals(bytes))).toBe(-1)
})

test('an upload that is aborted goes on with what is missing after the service was killed and started again', async () => {
  const directory = temporaryDirectory()
  const first = await service(directory)
  const way = await wayTo(first.url)
  const path = join(temporaryDirectory(), 'killed.mp4')
  writeFileSync(path, randomBytes(16 * mib))
  const controller = new AbortController()
  const paused = upload(path, {
    url: way.url,
    ...uploaders.ugc,
    signal: controller.signal,
    onProgress: ({ acknowledgedBytes }) => acknowledgedBytes >= 6 * mib && controller.abort('paused'),
  })
  expect(await rejection(paused)).toBe('paused')
  await first.stop('SIGKILL')
  await service(directory, new URL(first.url).port)

  const [acknowledged, sent] = [new Set(way.acknowledged), way.sent.length]
  expect(acknowledged.size).toBeGreaterThanOrEqual(6)
  expect(await upload(path, { url: way.url, ...uploaders.ugc })).toMatchObject({ instant: false })
  expect(way.sent.slice(sent).filter((offset) => acknowledged.has(offset))).toEqual([])
})

test('a connection that breaks under every fifth part costs those parts alone', async () => {
  const { url } = await service()
  const way = await wayTo(url, ({ action, nth }) => (action === 'UploadPart' && nth % 5 === 0 ? 'cut' : 'through'))
  const path = join(temporaryDirectory(), 'cut.mp4')
  writeFileSync(path, randomBytes(12 * mib))
  expect(await upload(path, { url: way.url, ...uploaders.server, sleep: async () => {} })).toMatchObject({
    instant: false,
  })
  expect(way.acknowledged.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, part) => part * mib))
})

test.skipIf(!long)(
  'five gigabytes go through in flat memory (skipped without SLUICE_TEST_LONG)',
  async () => {
    const { url } = await service()
    const path = join(temporaryDirectory(), 'huge.mp4')
    const size = 5 * 1024 * mib
    writeFileSync(path, '')
    truncateSync(path, size)
    const file = openSync(path, 'r+')
    for (let offset = 0; offset < size; offset += 64 * mib) writeSync(file, randomBytes(4096), 0, 4096, offset)
    const before = process.memoryUsage().rss
    let most = before
    const watch = setInterval(() => {
      most = Math.max(most, process.memoryUsage().rss)
    }, 50)
    const result = await upload(path, { url, ...uploaders.server }).finally(() => clearInterval(watch))
    expect(result).toMatchObject({ instant: false })
    expect(most - before).toBeLessThan(128 * mib)
  },
  600_000,
)
