import { createHash } from 'node:crypto'
import { createApp, openSqlite } from '@sluice/server'
import { describe, expect, it } from 'vitest'
import { done, failed, finishedAs } from './support/answers.ts'
import {
  type Answer,
  callServer,
  callUgc,
  grant,
  initParams,
  keyPair,
  type SampleFile,
  sampleFile,
  startTestService,
  type TestService,
  uploadWhole,
} from './support/service.ts'
import { recordedEvents, sealedBlobs, tablesOf, unsealedBlobs } from './support/tables.ts'
import { sendAll, serverUploader, ugcUploader } from './support/uploaders.ts'

const video = sampleFile(600_000)
const [picture, otherPicture] = [sampleFile(2_048, 7), sampleFile(2_048, 8)]

interface Sent {
  readonly params?: Record<string, string | number>
  readonly body?: Buffer
  readonly keys?: typeof keyPair
}

/** Sends a file in one call. */
function sendSmall(service: TestService, file: SampleFile, { params, body = file.bytes, keys = keyPair }: Sent = {}) {
  const facts = { ...initParams(file, file.bytes.length), fileName: 'cover', fileType: 'jpg' }
  return callServer(service, 'SmallFileUpload', { ...facts, ...params }, { body, keys })
}

const coverOf = (fileId = '') => ({ params: { 'extra.usage': 1, 'extra.fileId': fileId } })

/** What is answered for a cover of a video. */
function coverAnswer(videoId = '', coverId: string = expect.stringMatching(/^\d{19}$/)): object {
  const url = expect.stringMatching(new RegExp(`/vod1251000001/${videoId}/\\d{19}\\.jpg$`))
  return done({ fileId: coverId, url })
}

const coverIdOf = (service: TestService, fileId = '') =>
  tablesOf(service).all('select coverId from files where fileId = ?', fileId)[0]?.['coverId']

async function requireServed({ url = '' }: Answer, file: SampleFile): Promise<void> {
  const response = await fetch(url)
  expect(response.status).toBe(200)
  expect(Buffer.from(await response.arrayBuffer()).equals(file.bytes)).toBe(true)
}

describe('SmallFileUpload of a cover', () => {
  it('makes it the picture of its video, which stays as it is', async () => {
    const service = await startTestService()
    const finished = await uploadWhole(service, video)
    const cover = await sendSmall(service, picture, coverOf(finished.fileId))
    expect(cover).toEqual(coverAnswer(finished.fileId))
    expect(cover.url).toContain(`/${cover.fileId}.jpg`)
    await requireServed(cover, picture)
    await requireServed(finished, video)
    expect(coverIdOf(service, finished.fileId)).toBe(cover.fileId)
    expect(await uploadWhole(service, video)).toEqual(done(finishedAs('server', finished.fileId)))
    expect(recordedEvents(service)).toHaveLength(1)
  })

  it.each(['auto', 'resume', 'code2', 'off'])('answers the same ids when it is repeated: %s', async (setting) => {
    const service = await startTestService({ SLUICE_INSTANT_UPLOAD_SERVER: setting })
    const { fileId } = await uploadWhole(service, video)
    const [once, atOnce] = await Promise.all([
      sendSmall(service, picture, coverOf(fileId)),
      sendSmall(service, picture, coverOf(fileId)),
    ])
    expect(once).toEqual(coverAnswer(fileId))
    expect(atOnce).toEqual(once)
    expect(await sendSmall(service, picture, coverOf(fileId))).toEqual(once)
    expect(sealedBlobs(service)).toHaveLength(2)
    expect(unsealedBlobs(service)).toEqual([])
  })

  it.each(['auto', 'off'])('changes the picture, also back to an earlier one: %s', async (setting) => {
    const service = await startTestService({ SLUICE_INSTANT_UPLOAD_SERVER: setting })
    const { fileId } = await uploadWhole(service, video)
    const first = await sendSmall(service, picture, coverOf(fileId))
    const second = await sendSmall(service, otherPicture, coverOf(fileId))
    expect(coverIdOf(service, fileId)).toBe(second.fileId)
    expect(await sendSmall(service, picture, coverOf(fileId))).toEqual(first)
    expect(coverIdOf(service, fileId)).toBe(first.fileId)
  })

  it('may show the same picture for two videos', async () => {
    const service = await startTestService()
    const { fileId: one } = await uploadWhole(service, video)
    const { fileId: other } = await uploadWhole(service, sampleFile(700_000))
    const covers = [await sendSmall(service, picture, coverOf(one)), await sendSmall(service, picture, coverOf(other))]
    expect(covers).toEqual([coverAnswer(one), coverAnswer(other)])
    expect(covers[0]?.fileId).not.toBe(covers[1]?.fileId)
    for (const cover of covers) await requireServed(cover, picture)
  })

  it('may be the same picture as an ordinary file', async () => {
    const service = await startTestService()
    const { fileId } = await uploadWhole(service, video)
    const [before, after] = [sampleFile(500, 1), sampleFile(500, 2)]
    const ids = [
      await sendSmall(service, before),
      await sendSmall(service, before, coverOf(fileId)),
      await sendSmall(service, after, coverOf(fileId)),
      await sendSmall(service, after),
    ].map((answer) => answer.fileId)
    expect(new Set(ids)).toHaveProperty('size', 4)
    expect(await serverUploader(service).finish(before)).toMatchObject({ code: 0, fileId: ids[0] })
    expect(await serverUploader(service).init(after)).toMatchObject({ code: 2, fileId: ids[3] })
    expect(recordedEvents(service)).toHaveLength(3)
  })

  it('is refused for a video that is not there, or is another app’s', async () => {
    const service = await startTestService()
    const { fileId } = await uploadWhole(service, video)
    const metadata = await openSqlite(service.directory)
    const { credential: keys } = await createApp(metadata, service.now())
    await metadata.close()
    const tooFew = { params: { 'extra.usage': 1 } }
    for (const sent of [coverOf('1000000000000000404'), coverOf('none'), tooFew, { ...coverOf(fileId), keys }]) {
      expect(await sendSmall(service, picture, sent)).toEqual(failed(-10003, 0))
    }
    expect(coverIdOf(service, fileId)).toBeNull()
  })
})

describe('SmallFileUpload', () => {
  it('without usage stores an ordinary file, with its event', async () => {
    const service = await startTestService()
    const stored = await sendSmall(service, picture)
    expect(stored).toEqual(
      done({ fileId: expect.stringMatching(/^\d{19}$/), url: expect.stringMatching(/\/f0\.jpg$/) }),
    )
    await requireServed(stored, picture)
    expect(await sendSmall(service, picture)).toEqual(stored)
    expect(recordedEvents(service)).toEqual([expect.objectContaining({ eventType: 'NewFileUpload' })])
  })

  it('takes up to 1,048,576 bytes', async () => {
    const service = await startTestService()
    expect((await sendSmall(service, sampleFile(1_048_576))).code).toBe(0)
    expect(await sendSmall(service, sampleFile(1_048_577))).toEqual(failed(-10003, 0))
    expect(await sendSmall(service, sampleFile(0))).toEqual(failed(-10003, 0))
  })

  it('checks what is announced', async () => {
    const service = await startTestService()
    const dataMd5 = createHash('md5').update(picture.bytes).digest('hex')
    const wrong: [Sent, object][] = [
      [{ body: otherPicture.bytes }, failed(-10006, 0)],
      [{ params: { dataMd5: otherPicture.md5(0, 2_048) } }, failed(-10006, 0)],
      [{ body: picture.bytes.subarray(1) }, failed(-10006, 1)],
      [{ params: { dataSize: 2_047 } }, failed(-10003, 0)],
      [{ params: { dataMd5: 'short' } }, failed(-10003, 0)],
      [{ params: { 'extra.usage': 2 } }, failed(-10003, 0)],
    ]
    for (const [sent, answer] of wrong) expect(await sendSmall(service, picture, sent)).toEqual(answer)
    expect(tablesOf(service).all('select fileId from files union select fileId from uploads')).toEqual([])
    expect((await sendSmall(service, picture, { params: { dataMd5: dataMd5.toUpperCase(), offset: 0 } })).code).toBe(0)
  })

  it('keeps what is stored of the file when it is damaged itself', async () => {
    const service = await startTestService()
    const uploader = serverUploader(service)
    await uploader.init(picture)
    await uploader.part(picture, 0)
    expect(await sendSmall(service, picture, { body: otherPicture.bytes })).toEqual(failed(-10006, 0))
    expect(await uploader.finish(picture)).toEqual(done(finishedAs('server')))
  })

  it('goes on with an upload of the same file', async () => {
    const service = await startTestService()
    const large = sampleFile(1_000_000, 3)
    const uploader = serverUploader(service)
    await uploader.init(large)
    await uploader.part(large, 524_288)
    const stored = await sendSmall(service, large)
    expect(stored.code).toBe(0)
    await requireServed(stored, large)
    expect(await uploader.finish(large)).toMatchObject({ code: 0, fileId: stored.fileId })
  })
})

describe('InitUpload of a cover', () => {
  it.each([
    { what: 'extra.usage and extra.fileId', names: ['extra.usage', 'extra.fileId'] },
    { what: 'extra_usage and extra_fileId', names: ['extra_usage', 'extra_fileId'] },
    { what: 'usage and fileId', names: ['usage', 'fileId'] },
  ])('goes by $what, through parts and Finish', async ({ names: [usage = '', id = ''] }) => {
    const service = await startTestService()
    const uploader = serverUploader(service)
    const { fileId = '' } = await uploadWhole(service, video)
    const announced = { params: { [usage]: 1, [id]: fileId, fileType: 'jpg' } }
    expect(await uploader.init(picture, announced)).toEqual(done({ dataSize: 524_288 }))
    await sendAll(uploader, picture)
    const cover = await uploader.finish(picture)
    expect(cover).toEqual(coverAnswer(fileId))
    await requireServed(cover, picture)
    expect(coverIdOf(service, fileId)).toBe(cover.fileId)
    expect(await uploader.init(picture, announced)).toEqual(done({ fileId: cover.fileId, url: cover.url }, 2))
    expect(await uploader.finish(picture)).toEqual(cover)
    expect(await uploader.part(picture, 0)).toEqual(done())
    expect(recordedEvents(service)).toHaveLength(1)
  })

  it('is refused for a video that is not there', async () => {
    const uploader = serverUploader(await startTestService())
    const announced = { params: { usage: 1, fileId: '1000000000000000404' } }
    expect(await uploader.init(picture, announced)).toEqual(failed(-10003, 0))
  })

  it('takes a fileId without usage for nothing', async () => {
    const service = await startTestService()
    const uploader = serverUploader(service)
    await uploader.init(picture, { params: { fileId: '1000000000000000404' } })
    await sendAll(uploader, picture)
    expect(await uploader.finish(picture)).toEqual(done(finishedAs('server')))
  })
})

describe('a cover of the ugc family', () => {
  const signed = (service: TestService, videoId: string, file = picture, uid = 'ann') =>
    grant(service, file.fileSha, { uid, fileType: 'jpg', coverOf: videoId })
  const init = (service: TestService, signature: string, file = picture) =>
    callUgc(service, 'InitUploadEx', signature, { fileSize: file.bytes.length, dataSize: 524_288 })
  const sendOnePart = (service: TestService, signature: string, file = picture) => {
    const size = file.bytes.length
    const params = { offset: 0, dataSize: size, dataMd5: file.md5(0, size) }
    return callUgc(service, 'UploadPartEx', signature, params, { body: file.bytes })
  }

  it('is that of the video its signature names', async () => {
    const service = await startTestService()
    const { fileId = '' } = await uploadWhole(service, video)
    const signature = signed(service, fileId)
    expect(await init(service, signature)).toEqual(done({ dataSize: 524_288 }))
    expect(await sendOnePart(service, signature)).toEqual(done())
    const cover = await callUgc(service, 'FinishUploadEx', signature)
    expect(cover).toEqual({ ...coverAnswer(fileId), verify_content: expect.any(String) })
    await requireServed(cover, picture)
    expect(coverIdOf(service, fileId)).toBe(cover.fileId)
    expect(await init(service, signature)).toEqual(done({ fileId: cover.fileId, url: cover.url }, 2))
    expect(await init(service, signed(service, fileId, picture, 'bob'))).toMatchObject({ fileId: cover.fileId })
    expect(recordedEvents(service)).toHaveLength(1)
  })

  it('is not said by anything outside of the signature', async () => {
    const service = await startTestService()
    const { fileId = '' } = await uploadWhole(service, video)
    const signature = grant(service, picture.fileSha)
    const said = { 'extra.usage': 1, 'extra.fileId': fileId, usage: 1, fileId, coverOf: fileId }
    const sizes = { fileSize: picture.bytes.length, dataSize: 524_288 }
    await callUgc(service, 'InitUploadEx', signature, { ...sizes, ...said })
    await sendOnePart(service, signature)
    expect(await callUgc(service, 'FinishUploadEx', signature, said)).toEqual(done(finishedAs('ugc')))
    expect(coverIdOf(service, fileId)).toBeNull()
  })

  it('is refused for a video that is not there, or is another app’s, and when it is large', async () => {
    const service = await startTestService()
    const { fileId = '' } = await uploadWhole(service, video)
    const metadata = await openSqlite(service.directory)
    const { credential: keys } = await createApp(metadata, service.now())
    await metadata.close()
    const others = grant(service, picture.fileSha, { ...keys, coverOf: fileId })
    for (const signature of [signed(service, '1000000000000000404'), others]) {
      expect(await init(service, signature)).toEqual(failed(-10003, 0))
    }
    const sizes = { fileSize: 10_485_761, dataSize: 524_288 }
    expect(await callUgc(service, 'InitUploadEx', signed(service, fileId), sizes)).toEqual(failed(-10003, 0))
    expect(coverIdOf(service, fileId)).toBeNull()
  })

  it('may be the same picture for two videos of a user at once, and a video of theirs as well', async () => {
    const service = await startTestService()
    const { fileId: one = '' } = await uploadWhole(service, video)
    const { fileId: other = '' } = await uploadWhole(service, sampleFile(700_000))
    const signatures = [signed(service, one), signed(service, other), grant(service, picture.fileSha, { uid: 'ann' })]
    for (const signature of signatures) expect(await init(service, signature)).toMatchObject({ code: 0 })
    for (const signature of signatures) await sendOnePart(service, signature)
    const answers = await Promise.all(signatures.map((signature) => callUgc(service, 'FinishUploadEx', signature)))
    expect(new Set(answers.map(({ fileId }) => fileId))).toHaveProperty('size', 3)
    expect(answers).toMatchObject([coverAnswer(one), coverAnswer(other), done(finishedAs('ugc'))])
    expect(coverIdOf(service, one)).toBe(answers[0]?.fileId)
    expect(coverIdOf(service, other)).toBe(answers[1]?.fileId)
  })

  it('leaves an upload of the server family alone that has the same bytes', async () => {
    const service = await startTestService()
    const { fileId = '' } = await uploadWhole(service, video)
    const backend = serverUploader(service)
    await backend.init(picture)
    await backend.part(picture, 0)
    const signature = signed(service, fileId)
    expect(await callUgc(service, 'FinishUploadEx', signature)).toEqual(failed(-10005, 0))
    expect(await init(service, signature)).toEqual(done({ dataSize: 524_288 }))
    expect(await backend.finish(picture)).toEqual(done(finishedAs('server')))
    expect(await ugcUploader(service, 'ann').init(picture)).toMatchObject({ code: 2 })
    expect(coverIdOf(service, fileId)).toBeNull()
  })
})
