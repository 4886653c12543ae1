import { ProtocolError } from '@sluice/protocol'
import { createApp, openSqlite } from '@sluice/server'
import { describe, expect, it } from 'vitest'
import { deleteFile } from '../src/files/delete-file.ts'
import { done, failed, finishedAs } from './support/answers.ts'
import { audit } from './support/audit.ts'
import { app, type Engine, openEngine, type Ports, recover } from './support/engine.ts'
import { allOf, type EngineClient, engineClient } from './support/engine-client.ts'
import { type Failure, failingPorts } from './support/failing-ports.ts'
import { memoryDirectory } from './support/memory-directory.ts'
import {
  callServer,
  initParams,
  offsetsOf,
  type SampleFile,
  sampleFile,
  sendPart,
  startTestService,
  type TestService,
  uploadWhole,
} from './support/service.ts'
import { settledAudit } from './support/settled-audit.ts'
import { recordedEvents, sealedBlobs, tablesOf, unsealedBlobs } from './support/tables.ts'
import { families, sendAll, serverUploader, ugcUploader } from './support/uploaders.ts'
import { callVod, vodDone, vodFailed } from './support/vod-calls.ts'

const video = sampleFile(1_300_000)
const picture = sampleFile(2_000, 7)
const soon = { interval: 5, timeout: 10_000 }

const remove = (service: TestService, fileId = '') => callVod(service, 'DeleteVodFile', { fileId, priority: 0 })

function sendCover(service: TestService, file: SampleFile, fileId = '') {
  const params = { ...initParams(file, file.bytes.length), 'extra.usage': 1, 'extra.fileId': fileId }
  return callServer(service, 'SmallFileUpload', params, { body: file.bytes })
}

const statusOf = async (url = '') => (await fetch(url)).status

/** Everything the tables and the disk hold of files. */
function holdings(service: TestService) {
  const tables = ['files', 'covers', 'parts', 'uploads', 'discards']
  const rows = tables.flatMap((table) => tablesOf(service).all(`select '${table}' as held from ${table}`))
  return [...rows.map((row) => row['held']), ...sealedBlobs(service), ...unsealedBlobs(service)]
}

describe('DeleteVodFile', () => {
  it('leaves nothing of a file and its covers but the event', async () => {
    const service = await startTestService()
    const { fileId, url } = await uploadWhole(service, video)
    const covers = [await sendCover(service, picture, fileId), await sendCover(service, sampleFile(900, 8), fileId)]
    expect(await Promise.all([url, ...covers.map((cover) => cover.url)].map(statusOf))).toEqual([200, 200, 200])

    expect(await remove(service, fileId)).toEqual(vodDone())
    expect(await Promise.all([url, ...covers.map((cover) => cover.url)].map(statusOf))).toEqual([404, 404, 404])
    expect(holdings(service)).toEqual([])
    const fileDeleted = { status: 0, message: '', fileInfo: [{ fileId }] }
    expect(recordedEvents(service)).toEqual([
      expect.objectContaining({ eventType: 'NewFileUpload' }),
      { version: '4.0', eventType: 'FileDeleted', data: fileDeleted },
    ])
    expect(await callVod(service, 'GetVideoInfo', { fileId })).toEqual(vodFailed(10008))
    expect(await remove(service, fileId)).toEqual(vodFailed(10009))
    expect(recordedEvents(service)).toHaveLength(2)
    expect(audit(service.directory)).toEqual([])
  })

  it('is heard of by a backend that waits for events', async () => {
    const service = await startTestService()
    const { fileId } = await uploadWhole(service, video)
    const { eventList } = await callVod(service, 'PullEvent')
    const [{ msgHandle }] = eventList as [{ msgHandle: string }]
    await callVod(service, 'ConfirmEvent', { 'msgHandle.0': msgHandle })
    const waiting = callVod(service, 'PullEvent')
    await remove(service, fileId)
    const data = { status: 0, message: '', fileInfo: [{ fileId }] }
    const event = { msgHandle: expect.any(String), eventContent: { version: '4.0', eventType: 'FileDeleted', data } }
    expect(await waiting).toEqual(vodDone({ eventList: [event] }))
  })

  it('leaves every other file as it is', async () => {
    const service = await startTestService()
    const { fileId } = await uploadWhole(service, video)
    const other = await uploadWhole(service, sampleFile(900, 2))
    const cover = await sendCover(service, picture, other.fileId)
    await sendCover(service, picture, fileId)
    await remove(service, fileId)
    expect(await Promise.all([other.url, cover.url].map(statusOf))).toEqual([200, 200])
    expect(audit(service.directory)).toEqual([])
  })

  it('is for the app alone whose file it is, and for files alone', async () => {
    const service = await startTestService()
    const { fileId = '', url } = await uploadWhole(service, video)
    const { fileId: coverId } = await sendCover(service, picture, fileId)
    const metadata = await openSqlite(service.directory)
    const { credential: keys } = await createApp(metadata, service.now())
    await metadata.close()
    expect(await callVod(service, 'DeleteVodFile', { fileId, priority: 0 }, { keys })).toEqual(vodFailed(10009))
    expect(await remove(service, coverId)).toEqual(vodFailed(10009))
    expect(await remove(service, '1000000000000000404')).toEqual(vodFailed(10009))
    expect(await statusOf(url)).toBe(200)
  })

  it('is done once, however many ask for it', async () => {
    const service = await startTestService()
    const { fileId } = await uploadWhole(service, video)
    const answers = await Promise.all(Array.from({ length: 6 }, () => remove(service, fileId)))
    expect(answers.map(({ code }) => code).sort()).toEqual([0, 10009, 10009, 10009, 10009, 10009])
    expect(recordedEvents(service)).toHaveLength(2)
  })

  describe.each(families)('before an upload of the same bytes, family $family', ({ family, uploaderOf }) => {
    it('makes it begin with nothing, under a new fileId', async () => {
      const service = await startTestService()
      const { fileId } = await uploadWhole(service, video)
      await remove(service, fileId)
      const uploader = uploaderOf(service)
      expect(await uploader.part(video, 0)).toEqual(failed(-10005, 0))
      expect(await uploader.finish(video)).toEqual(failed(-10005, 0))
      expect(await uploader.init(video)).toEqual(done({ dataSize: 524_288 }))
      expect(await uploader.finish(video)).toEqual(failed(-10005, 0, { offset: 0 }))
      await sendAll(uploader, video)
      const again = await uploader.finish(video)
      expect(again).toEqual(done(finishedAs(family)))
      expect(again.fileId).not.toBe(fileId)
      expect(await statusOf(again.url)).toBe(200)
      expect(recordedEvents(service)).toHaveLength(3)
      expect(audit(service.directory)).toEqual([])
    })
  })

  it('while another user sends the same bytes leaves that user a file', async () => {
    const service = await startTestService()
    const user = ugcUploader(service, 'late')
    await user.init(video)
    await sendAll(user, video)
    const first = await uploadWhole(service, video)
    await remove(service, first.fileId)
    const second = await user.finish(video)
    expect(second).toEqual(done(finishedAs('ugc')))
    expect(second.fileId).not.toBe(first.fileId)
    expect(await statusOf(second.url)).toBe(200)
    expect(audit(service.directory)).toEqual([])
  })

  it('while a cover of the file is on its way ends that upload at its Finish', async () => {
    const service = await startTestService()
    const { fileId = '' } = await uploadWhole(service, video)
    const uploader = serverUploader(service)
    await uploader.init(picture, { params: { usage: 1, fileId } })
    await sendAll(uploader, picture)
    await remove(service, fileId)
    expect(await uploader.finish(picture)).toEqual(failed(-10003, 0))
    expect(holdings(service)).toEqual([])
    expect(await uploader.finish(picture)).toEqual(failed(-10005, 0))
    expect(await sendCover(service, picture, fileId)).toEqual(failed(-10003, 0))
  })

  it('lets whoever is reading the file read on', async () => {
    const service = await startTestService()
    const large = sampleFile(20_000_000, 5)
    const { fileId, url = '' } = await uploadWhole(service, large, 1_048_576)
    const reading = await fetch(url)
    await remove(service, fileId)
    expect(Buffer.from(await reading.arrayBuffer()).equals(large.bytes)).toBe(true)
  })
})

describe('a file with an end', () => {
  const expire = (service: TestService, fileId: string, at: number) =>
    callVod(service, 'ModifyVodInfo', { fileId, expireTimeStamp: at })

  it('is deleted then, with its event', async () => {
    const service = await startTestService({}, { frozen: true })
    const { fileId = '', url } = await uploadWhole(service, video)
    const { fileId: kept = '' } = await uploadWhole(service, sampleFile(900, 2))
    const nowS = service.now() / 1000
    expect(await expire(service, fileId, nowS + 60)).toEqual(vodDone())
    expect(await expire(service, kept, nowS + 61)).toEqual(vodDone())
    expect(await callVod(service, 'GetVideoInfo', { fileId })).toMatchObject({ basicInfo: { expireTime: nowS + 60 } })
    expect(await statusOf(url)).toBe(200)
    service.advance(60_000)
    const next = await service.restart()
    await expect.poll(() => recordedEvents(next), soon).toHaveLength(3)
    await expect.poll(() => sealedBlobs(next), soon).toEqual([kept])
    expect(await callVod(next, 'GetVideoInfo', { fileId })).toEqual(vodFailed(10008))
    expect(await settledAudit(next.directory)).toEqual([])
  })

  it('is gone from that moment for who uploads the same bytes', async () => {
    const service = await startTestService({}, { frozen: true })
    const { fileId = '' } = await uploadWhole(service, video)
    await expire(service, fileId, service.now() / 1000 + 60)
    expect(await callServer(service, 'InitUpload', initParams(video))).toMatchObject({ code: 2, fileId })
    service.advance(60_000)
    const { fileId: again = '' } = await uploadWhole(service, video)
    expect(again).not.toBe(fileId)
    expect(sealedBlobs(service)).toEqual([again])
    expect(recordedEvents(service)).toHaveLength(3)
    expect(await settledAudit(service.directory)).toEqual([])
  })

  it('is gone from that moment for who was uploading them', async () => {
    const service = await startTestService({ SLUICE_INSTANT_UPLOAD_SERVER: 'off' }, { frozen: true })
    const { fileId = '' } = await uploadWhole(service, video)
    await callServer(service, 'InitUpload', initParams(video))
    for (const offset of offsetsOf(video)) await sendPart(service, video, offset)
    await expire(service, fileId, service.now() / 1000 + 60)
    service.advance(60_000)
    const { fileId: again = '' } = await callServer(service, 'FinishUpload', { fileSha: video.fileSha })
    expect(again).not.toBe(fileId)
    expect(sealedBlobs(service)).toEqual([again])
    expect(await settledAudit(service.directory)).toEqual([])
  })

  it('stays when it is given more time, or none', async () => {
    const service = await startTestService({}, { frozen: true })
    const { fileId = '' } = await uploadWhole(service, video)
    const { fileId: gone = '' } = await uploadWhole(service, sampleFile(900, 2))
    const nowS = service.now() / 1000
    for (const id of [fileId, gone]) await expire(service, id, nowS + 60)
    expect(await expire(service, fileId, -1)).toEqual(vodDone())
    expect(await callVod(service, 'GetVideoInfo', { fileId })).toMatchObject({ basicInfo: { expireTime: -1 } })
    service.advance(60_000)
    const next = await service.restart()
    await expect.poll(() => sealedBlobs(next), soon).toEqual([fileId])
  })

  it('cannot have one that is past', async () => {
    const service = await startTestService({}, { frozen: true })
    const { fileId = '' } = await uploadWhole(service, video)
    const nowS = service.now() / 1000
    for (const at of [0, 1, nowS - 1, nowS]) expect(await expire(service, fileId, at)).toEqual(vodFailed(1000))
    const byText = { fileId, expireTime: '2017-03-20 16:53:21' } // one second from now, by China's clock
    expect(await callVod(service, 'ModifyVodInfo', byText)).toEqual(vodDone())
    expect(await callVod(service, 'GetVideoInfo', { fileId })).toMatchObject({ basicInfo: { expireTime: nowS + 1 } })
  })
})

const small = sampleFile(2 * 4096 + 1000, 1)
const cover = sampleFile(3000, 2)

/** Sends a whole file; a client whose upload was ended under it begins again, as clients do. */
async function sendSmall(client: EngineClient): Promise<string> {
  for (let attempt = 0; attempt < 5; attempt++) {
    try {
      const outcome = await client.init()
      if (outcome.kind === 'finished') return outcome.finished.fileId
      await allOf(client.offsets.map((offset) => client.part(offset)))
      return (await client.finish()).fileId
    } catch (error) {
      if (!(error instanceof ProtocolError) || error.errorName !== 'stateMissing') throw error
    }
  }
  throw new Error('the upload never came to its end')
}

/** Does something right before the n-th port call of the engine; false when there was none. */
function before(nth: number, work: () => Promise<void>) {
  let calls = 0
  let working = false
  const state = { armed: false, came: false }
  const around = ({ metadata, blobs }: Ports): Ports => {
    const watched = <Port extends object>(port: Port): Port =>
      new Proxy(port, {
        get(target, name) {
          const method = Reflect.get(target, name, target)
          if (typeof method !== 'function') return method
          return async (...args: unknown[]) => {
            if (state.armed && !working && ++calls === nth) {
              state.came = true
              working = true
              await work()
              working = false
            }
            return method.apply(target, args)
          }
        },
      })
    return { metadata: watched(metadata), blobs: watched(blobs) }
  }
  return { around, state }
}

/** Runs `race` with a deletion of the file that is there before its first port call, its second, and so on. */
async function deleteBeforeEveryCall(race: (engine: Engine, fileId: string) => Promise<void>): Promise<void> {
  for (let nth = 1; ; nth++) {
    const directory = await memoryDirectory()
    let fileId = ''
    const { around, state } = before(nth, () => deleteFile(engine, { appId: app.appId, fileId }))
    const engine: Engine = await openEngine(directory, { around })
    try {
      const owner = engineClient(engine, small)
      const twin = engineClient(engine, small, { uid: 'twin' })
      await twin.init()
      await allOf(twin.offsets.map((offset) => twin.part(offset)))
      fileId = await sendSmall(owner)
      state.armed = true
      await race(engine, fileId)
      state.armed = false
      await recover(engine)
      expect(audit(directory)).toEqual([])
      const { files } = await engine.metadata.findFiles({ appId: app.appId, order: 'asc', offset: 0, limit: 10 })
      for (const file of files) {
        const blob = await engine.blobs.open(file.fileId)
        expect(blob?.size).toBe(file.fileSize)
        await blob?.close()
      }
    } catch (error) {
      throw new Error(`when the file is deleted before call ${nth}`, { cause: error })
    } finally {
      await engine.close()
    }
    if (!state.came) return expect(nth).toBeGreaterThan(1)
  }
}

describe('a deletion in the middle', () => {
  const soonOrGone = ['stateMissing', 'parameters', 'writeFailed']
  const mayFail = async (work: Promise<unknown>) => {
    await work.catch((error: unknown) => {
      if (!(error instanceof ProtocolError) || !soonOrGone.includes(error.errorName)) throw error
    })
  }

  it('of a Finish of the same bytes', { timeout: 60_000 }, async () => {
    await deleteBeforeEveryCall(async (engine) => {
      await mayFail(engineClient(engine, small, { uid: 'twin' }).finish())
    })
  })

  it('of an Init of the same bytes, and all that follows', { timeout: 60_000 }, async () => {
    await deleteBeforeEveryCall(async (engine) => {
      await sendSmall(engineClient(engine, small, { uid: 'new', retries: 3 }))
    })
  })

  it('of a cover of the file', { timeout: 60_000 }, async () => {
    await deleteBeforeEveryCall(async (engine, fileId) => {
      await mayFail(engineClient(engine, cover, { retries: 2 }).cover(fileId))
    })
  })

  it('of a Finish of another deletion', async () => {
    await deleteBeforeEveryCall(async (engine, fileId) => {
      await deleteFile(engine, { appId: app.appId, fileId }).catch((error) => expect(error.code).toBe(10009))
    })
  })
})

it('a deletion ends whole or not at all, whichever call fails', { timeout: 60_000 }, async () => {
  for (const time of ['before', 'after'] as const) {
    for (let nth = 1; ; nth++) {
      const directory = await memoryDirectory()
      const engine = await openEngine(directory)
      const fileId = await sendSmall(engineClient(engine, small))
      await engineClient(engine, cover).cover(fileId)
      await engine.close()

      const failure: Failure = { nth, time }
      const broken = await openEngine(directory, { around: (ports) => failingPorts(ports, failure) })
      await deleteFile(broken, { appId: app.appId, fileId }).catch((error: unknown) => {
        if (!(error instanceof ProtocolError)) throw error
      })
      await broken.close()

      const next = await openEngine(directory)
      await recover(next)
      expect(audit(directory), `when call ${nth}, ${failure.failed}, fails ${time} its work`).toEqual([])
      const isThere = (await next.metadata.findFile(fileId)) !== undefined
      expect(isThere, failure.failed).toBe(failure.failed === 'metadata.deleteFile' && time === 'before')
      await next.close()
      if (failure.failed === undefined) break
      expect(nth).toBeLessThan(20)
    }
  }
})
