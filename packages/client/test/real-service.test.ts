import { randomBytes } from 'node:crypto'
import { createReadStream, openSync, truncateSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { upload } from '@sluice/client'
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
    getSignature: async (file: { fileSha: string; fileName: string; fileType: string }) =>
      signUgc({ ...keys, ...file, signedAtS: Math.floor(Date.now() / 1000) }),
  },
} as const

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
