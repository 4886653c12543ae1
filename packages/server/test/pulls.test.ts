import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { openSqlite } from '@sluice/server'
import { describe, expect, it, onTestFinished } from 'vitest'
import { DiskBlobs } from '../src/blobs/disk.ts'
import { Slots } from '../src/engine/slots.ts'
import { fileUrls } from '../src/files/file-url.ts'
import { acceptPulls } from '../src/pulls/accept-pulls.ts'
import { pullFile } from '../src/pulls/pull-file.ts'
import { keptLog } from './support/logged-service.ts'
import { memoryDirectory } from './support/memory-directory.ts'
import { play } from './support/players.ts'
import { firstApp } from './support/records.ts'
import {
  callServer,
  initParams,
  sampleFile,
  startTestService,
  type TestService,
  uploadWhole,
} from './support/service.ts'
import { sealedBlobs, tablesOf, unsealedBlobs } from './support/tables.ts'
import { callVod, vodFailed } from './support/vod-calls.ts'

const lifted = { SLUICE_ALLOW_PRIVATE_PULLS: 'on' }
const video = sampleFile(2_500_000)

/** A server that files are pulled from; `seen` are the paths it was asked for. */
async function startSource(answer: RequestListener) {
  const seen: string[] = []
  const server = createServer((request, response) => {
    seen.push(request.url ?? '')
    answer(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen }
}

const serveVideo: RequestListener = (_, response) => void response.end(video.bytes)

interface Pulled {
  source_url: string
  file_id: string
  file_name: string
  vod_task_id: string
}

/** What a worker works with, without a service around it. */
async function startPulling() {
  const directory = await memoryDirectory()
  const metadata = await openSqlite(directory)
  const blobs = await DiskBlobs.create(directory, { minFreeBytes: 0 })
  onTestFinished(async () => {
    await blobs.close()
    await metadata.close()
  })
  await metadata.addApp(firstApp)
  const limits = { workers: 1, maxWaiting: 9, maxFileSize: 1e9, totalMs: 60_000, idleMs: 60_000, allowPrivate: true }
  const slots = new Slots(2 ** 22, 2 ** 20)
  const deps = { ...limits, metadata, blobs, slots, urls: fileUrls(() => ''), now: () => 1_000, log: keptLog().log }
  return { deps, metadata, directory }
}

const nothingSaid = { fileName: undefined, fileMd5: undefined, classId: 0, tags: [], watermark: false }

/** Asks for one file to be pulled. */
async function pull(service: TestService, url: string, more: Record<string, string | number> = {}): Promise<Pulled> {
  const params = Object.fromEntries(
    Object.entries({ url, ...more }).map(([name, value]) => [`pullset.0.${name}`, value]),
  )
  const answer = await callVod(service, 'MultiPullVodFile', params)
  expect(answer).toMatchObject({ code: 0 })
  const [pulled] = (answer as unknown as { data: Pulled[] }).data
  if (!pulled) throw new Error('nothing was accepted')
  return pulled
}

interface Ended {
  status: number
  message: string
  vodTaskId: string
  fileId: string
  fileUrl: string
}

/** The PullComplete of a task, once it is there: it is the only one. */
async function ended(service: TestService, { vod_task_id }: Pulled): Promise<Ended> {
  const all = () =>
    tablesOf(service)
      .all<{ content: string }>("select content from events where eventType = 'PullComplete'")
      .map(({ content }) => JSON.parse(content).data as Ended)
      .filter(({ vodTaskId }) => vodTaskId === vod_task_id)
  await expect.poll(() => all().length, { timeout: 20_000 }).toBe(1)
  const [one] = all()
  if (!one) throw new Error('it was there')
  expect(tablesOf(service).all('select taskId from pulls where taskId = ?', vod_task_id)).toEqual([])
  return one
}

/** Sees to it that these files are there and nothing else: bytes go after the event. */
async function requireOnly(service: TestService, fileIds: readonly (string | undefined)[]): Promise<void> {
  const left = () => tablesOf(service).all('select blobId from discards')
  await expect.poll(left, { timeout: 20_000 }).toEqual([])
  expect(tablesOf(service).all('select fileId from files')).toEqual(fileIds.map((fileId) => ({ fileId })))
  expect([unsealedBlobs(service), sealedBlobs(service)]).toEqual([[], fileIds])
}

describe('a pulled file', () => {
  it('is a file of the app like any other, with one event', async () => {
    const source = await startSource(serveVideo)
    const service = await startTestService(lifted)
    const fileMd5 = createHash('md5').update(video.bytes).digest('hex').toUpperCase()
    const asked = await pull(service, `${source.url}/a/My%20film.MOV?token=1`, { fileMd5, tags: 'one,two', classId: 0 })
    expect(asked).toMatchObject({ source_url: `${source.url}/a/My%20film.MOV?token=1`, file_name: 'My film' })
    const { fileId, fileUrl, ...rest } = await ended(service, asked)
    expect({ fileId, ...rest }).toMatchObject({ fileId: asked.file_id, status: 0, message: '' })
    expect(fileUrl).toBe(`${service.url}/vod1251000001/${fileId}/f0.mov`)
    expect((await play(fileUrl)).body.equals(video.bytes)).toBe(true)
    expect(tablesOf(service).all('select fileSha, fileSize, tags from files')).toEqual([
      { fileSha: video.fileSha, fileSize: 2_500_000, tags: '["one","two"]' },
    ])
    expect(tablesOf(service).all('select eventType from events')).toEqual([{ eventType: 'PullComplete' }])
    // Somebody who uploads the same bytes has them, with all their parts.
    const again = await callServer(service, 'InitUpload', initParams(video))
    expect(again).toMatchObject({ code: 2, fileId })
    const php = { ...initParams(video), RequestClient: 'SDK_PHP_1.4' }
    expect((await callServer(service, 'InitUpload', php)).listParts).toMatchObject([
      { offset: 0, dataSize: 1_048_576 },
      { offset: 1_048_576, dataSize: 1_048_576, dataMd5: video.md5(1_048_576, 1_048_576) },
      { offset: 2_097_152, dataSize: 402_848 },
    ])
  })

  it('is discarded when the app has those bytes: the task ends with the file that is there', async () => {
    const source = await startSource(serveVideo)
    const service = await startTestService(lifted)
    const { fileId } = await uploadWhole(service, video)
    const asked = await pull(service, `${source.url}/other.mp4`)
    expect(await ended(service, asked)).toMatchObject({ status: 0, fileId })
    await requireOnly(service, [fileId])
  })

  it('comes once of two tasks for the same bytes', async () => {
    const source = await startSource(serveVideo)
    const service = await startTestService({ ...lifted, SLUICE_PULL_WORKERS: '4' })
    const asked = [await pull(service, `${source.url}/1.mp4`), await pull(service, `${source.url}/2.mp4`)]
    const [one, two] = await Promise.all(asked.map((each) => ended(service, each)))
    expect(one?.status).toBe(0)
    expect(two?.fileId).toBe(one?.fileId)
    await requireOnly(service, [one?.fileId])
  })

  it('is found behind redirects, and where no length is told', async () => {
    const source = await startSource((request, response) => {
      if (request.url === '/a') response.writeHead(302, { Location: '/b' }).end('elsewhere')
      else if (request.url === '/b') response.writeHead(307, { Location: `${source.url}/c.webm` }).end()
      else {
        response.write(video.bytes.subarray(0, 1_000_000))
        response.end(video.bytes.subarray(1_000_000))
      }
    })
    const service = await startTestService(lifted)
    const { fileUrl } = await ended(service, await pull(service, `${source.url}/a`))
    expect(source.seen).toEqual(['/a', '/b', '/c.webm'])
    expect((await play(fileUrl)).body.equals(video.bytes)).toBe(true)
  })

  it('is fetched anew after a restart in the middle, which is none of its attempts', async () => {
    const asking: ServerResponse[] = []
    const source = await startSource((_, response) => void asking.push(response))
    const before = await startTestService(lifted)
    const asked = await pull(before, `${source.url}/slow.mp4`)
    await expect.poll(() => asking.length, { timeout: 20_000 }).toBe(1)
    asking[0]?.write(video.bytes.subarray(0, 1_500_000))
    await expect.poll(() => unsealedBlobs(before), { timeout: 20_000 }).toEqual([asked.file_id])
    const service = await before.restart()
    await expect.poll(() => asking.length, { timeout: 20_000 }).toBe(2)
    expect(tablesOf(service).all('select attempts from pulls')).toEqual([{ attempts: 1 }])
    asking[1]?.end(video.bytes)
    expect(await ended(service, asked)).toMatchObject({ status: 0, fileId: asked.file_id })
    expect(tablesOf(service).all('select fileSha from files')).toEqual([{ fileSha: video.fileSha }])
  })

  it('is sealed by nobody who has lost the task meanwhile: another may be writing it', async () => {
    const source = await startSource(serveVideo)
    const { deps, metadata, directory } = await startPulling()
    const [asked] = await acceptPulls(deps, firstApp.appId, [{ ...nothingSaid, url: `${source.url}/video.mp4` }])
    const lost = await metadata.claimPull('a', 1_000, 2_000)
    const taken = await metadata.claimPull('b', 2_000, 3_000)
    if (!asked || !lost || !taken) throw new Error('it was there to be claimed')
    await pullFile(deps, lost, new AbortController().signal)
    expect([unsealedBlobs({ directory }), sealedBlobs({ directory })]).toEqual([[asked.fileId], []])
    await pullFile(deps, taken, new AbortController().signal)
    expect([unsealedBlobs({ directory }), sealedBlobs({ directory })]).toEqual([[], [asked.fileId]])
  })

  it('is fetched anew after a crash, when the lease of who fetched it has run out', async () => {
    const source = await startSource((_, response) => void (source.seen.length > 1 && response.end(video.bytes)))
    const before = await startTestService(lifted)
    const asked = await pull(before, `${source.url}/video.mp4`)
    await expect.poll(() => source.seen.length, { timeout: 20_000 }).toBe(1)
    await before.close()
    tablesOf(before).run("update pulls set leaseId = 'dead', leasedUntil = ?", before.now() + 60_000)
    writeFileSync(join(before.directory, 'uploads', asked.file_id), Buffer.alloc(3_000_000, 1))
    const service = await before.restart()
    expect(tablesOf(service).all('select leaseId from pulls')).toEqual([{ leaseId: 'dead' }])
    service.advance(61_000)
    const { fileUrl } = await ended(service, asked)
    expect((await play(fileUrl)).body.equals(video.bytes)).toBe(true)
  })
})

describe('a pull fails, with its reason,', () => {
  const failing: Record<
    string,
    { answer: RequestListener; more?: Record<string, string>; environment?: Record<string, string>; why: RegExp }
  > = {
    'when the source has no such file': {
      answer: (_, response) => void response.writeHead(404).end(),
      why: /status 404/,
    },
    'when it is a page': {
      answer: (_, response) => void response.setHeader('Content-Type', 'Text/HTML; charset=utf-8').end('log in first'),
      why: /^the source is Text\/HTML; charset=utf-8, expected a video$/,
    },
    'when it is another file': {
      answer: serveVideo,
      more: { fileMd5: '0'.repeat(32) },
      why: /^fileMd5: expected 0{32}/,
    },
    'when it is empty': { answer: (_, response) => void response.end(), why: /empty/ },
    'when it says it is too large': {
      answer: serveVideo,
      environment: { SLUICE_MAX_FILE_SIZE: '1MiB' },
      why: /more than 1048576 bytes/,
    },
    'when it is too large without saying so': {
      answer: (_, response) => {
        response.write(video.bytes.subarray(0, 1_000_000))
        response.end(video.bytes.subarray(1_000_000))
      },
      environment: { SLUICE_MAX_FILE_SIZE: '1MiB' },
      why: /more than 1048576 bytes/,
    },
    'when it redirects in a circle': {
      answer: (_, response) => void response.writeHead(301, { Location: '/again' }).end(),
      why: /more than 5 times/,
    },
    'when it redirects to something that is no web address': {
      answer: (_, response) => void response.writeHead(302, { Location: 'file:///etc/passwd' }).end(),
      why: /expected http or https/,
    },
  }
  it.each(Object.entries(failing))('%s', async (_, { answer, more = {}, environment = {}, why }) => {
    const source = await startSource(answer)
    const service = await startTestService({ ...lifted, ...environment })
    const failed = await ended(service, await pull(service, `${source.url}/video.mp4`, more))
    expect(failed).toMatchObject({ status: 1, message: expect.stringMatching(why), fileId: '', fileUrl: '' })
    await requireOnly(service, [])
  })

  it('when its source is on this machine, or a redirect leads there: nobody is asked', async () => {
    const source = await startSource(serveVideo)
    const service = await startTestService()
    for (const url of [
      source.url,
      source.url.replace('127.0.0.1', '2130706433'),
      'http://169.254.169.254',
      'http://[::1]',
    ]) {
      const failed = await ended(service, await pull(service, `${url}/video.mp4`))
      expect(failed).toMatchObject({ status: 1, message: expect.stringContaining('is no public address') })
    }
    expect(source.seen).toEqual([])
    await requireOnly(service, [])
  })

  it('when it breaks off again and again, but not the first time', async () => {
    const source = await startSource((_, response) => {
      response.writeHead(200, { 'Content-Length': 1_000 }).write('x', () => response.destroy())
    })
    const service = await startTestService(lifted)
    const asked = await pull(service, `${source.url}/video.mp4`)
    for (const attempt of [1, 2]) {
      const due = () =>
        tablesOf(service).all('select attempts from pulls where leasedUntil > ?', service.now() + 30_000)
      await expect.poll(() => source.seen.length, { timeout: 20_000 }).toBe(attempt)
      await expect.poll(due, { timeout: 20_000 }).toEqual([{ attempts: attempt }])
      expect(tablesOf(service).all('select eventId from events')).toEqual([])
      service.advance(61_000)
    }
    expect(await ended(service, asked)).toMatchObject({ status: 1, fileId: '' })
    expect(source.seen).toHaveLength(3)
    await requireOnly(service, [])
  })
})

describe('MultiPullVodFile', () => {
  it('refuses all when one is to have a watermark, or when there are too many, or none are pulled here', async () => {
    const service = await startTestService()
    const marked = {
      'pullset.0.url': 'http://10.0.0.1/a.mp4',
      'pullset.1.url': 'http://10.0.0.1/b.mp4',
      'pullset.1.isWatermark': 1,
    }
    expect(await callVod(service, 'MultiPullVodFile', marked)).toEqual(vodFailed(1163))
    const none = await startTestService({ SLUICE_PULL_WORKERS: '0' })
    const one = { 'pullset.0.url': 'http://10.0.0.1/a.mp4' }
    expect(await callVod(none, 'MultiPullVodFile', one)).toEqual(vodFailed(1018))
    for (const each of [service, none]) expect(tablesOf(each).all('select taskId from pulls')).toEqual([])
  })
})
