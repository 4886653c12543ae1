import { mkdir, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { signUgc } from '@sluice/protocol/signatures'
import { describe, expect, it } from 'vitest'
import { done, failed, finishedAs, listed } from './support/answers.ts'
import { queryOf, sendRaw, unixSeconds } from './support/raw-call.ts'
import { callUgc, initParams, keyPair, sampleFile, startTestService } from './support/service.ts'
import { leaveFinishing, recordedEvents, tablesOf, unsealedBlobs, uploadId } from './support/tables.ts'
import { families, sendAll, serverUploader, ugcUploader } from './support/uploaders.ts'

const file = sampleFile(1_300_000)
const first = listed(file, { 0: 524_288 })
const whole = listed(file, { 0: 524_288, 524288: 524_288, 1048576: 251_424 })

describe.each(families)('the $family family', ({ family, uploaderOf }) => {
  it('keeps the part size once a part is stored', async () => {
    const uploader = uploaderOf(await startTestService())
    await uploader.init(file)
    await uploader.part(file, 0)
    expect(await uploader.init(file, { cut: 1_048_576 })).toEqual(done({ dataSize: 524_288, listParts: first }, 1))
  })

  it('takes another part size while no part is stored', async () => {
    const uploader = uploaderOf(await startTestService())
    await uploader.init(file)
    expect(await uploader.init(file, { cut: 1_048_576 })).toEqual(done({ dataSize: 1_048_576 }))
    expect(await uploader.part(file, 524_288)).toEqual(failed(-10003, 0))
    expect(await uploader.part(file, 0, { cut: 1_048_576 })).toEqual(done())
  })

  it('takes another file size while no part is stored', async () => {
    const uploader = uploaderOf(await startTestService())
    await uploader.init(file, { params: { fileSize: 999 } })
    expect(await uploader.part(file, 0)).toEqual(failed(-10003, 0))
    expect(await uploader.init(file)).toEqual(done({ dataSize: 524_288 }))
    expect(await uploader.part(file, 1_048_576)).toEqual(done())
  })

  it('starts over when parts are stored and the file size is another', async () => {
    const service = await startTestService()
    const uploader = uploaderOf(service)
    await uploader.init(file, { params: { fileSize: 600_000 } })
    await uploader.part(file, 0)
    const [before] = unsealedBlobs(service)
    expect(await uploader.init(file)).toEqual(done({ dataSize: 524_288 }))
    expect(tablesOf(service).all('select * from parts')).toEqual([])
    expect(unsealedBlobs(service)).not.toContain(before)
    await sendAll(uploader, file)
    expect(await uploader.finish(file)).toEqual(done(finishedAs(family)))
  })

  it('refuses Init when the finished file has another size', async () => {
    const uploader = uploaderOf(await startTestService())
    await uploader.init(file)
    await sendAll(uploader, file)
    await uploader.finish(file)
    expect(await uploader.init(file, { params: { fileSize: 1_299_999 } })).toEqual(failed(-10003, 0))
  })

  it('lets two clients share one upload', async () => {
    const uploader = uploaderOf(await startTestService())
    const inits = await Promise.all([uploader.init(file), uploader.init(file)])
    expect(inits).toEqual([done({ dataSize: 524_288 }), done({ dataSize: 524_288 })])
    const parts = [0, 524_288, 524_288, 1_048_576].map((offset) => uploader.part(file, offset))
    expect(await Promise.all(parts)).toEqual([done(), done(), done(), done()])
    const [one, other] = await Promise.all([uploader.finish(file), uploader.finish(file)])
    expect(one).toEqual(done(finishedAs(family)))
    expect(other.fileId).toBe(one.fileId)
  })

  it('lists all parts to Init while another client is finishing', async () => {
    const service = await startTestService()
    const uploader = uploaderOf(service)
    await uploader.init(file)
    await sendAll(uploader, file)
    leaveFinishing(service, file.fileSha)
    const other = { fileSize: 5 }
    expect(await uploader.init(file, { params: other })).toEqual(done({ dataSize: 524_288, listParts: whole }, 1))
  })

  it('checks a part of a finished file', async () => {
    const uploader = uploaderOf(await startTestService())
    await uploader.init(file)
    await sendAll(uploader, file)
    await uploader.finish(file)
    expect(await uploader.part(file, 0)).toEqual(done())
    const damaged = Buffer.from(file.bytes.subarray(0, 524_288)).fill(0, 7, 9)
    const dataMd5 = file.md5(0, 524_288)
    expect(await uploader.part(file, 0, { body: damaged, params: { dataMd5 } })).toEqual(failed(-10006, 1))
  })

  it("refuses a client's own part size after code 1, unless it happens to fit", async () => {
    const uploader = uploaderOf(await startTestService())
    await uploader.init(file)
    await uploader.part(file, 0)
    await uploader.init(file, { cut: 1_048_576 })
    expect(await uploader.part(file, 0, { cut: 1_048_576 })).toEqual(failed(-10003, 0))
    expect(await uploader.part(file, 1_048_576, { cut: 1_048_576 })).toEqual(done())
  })

  it('answers a second Finish, and one after code 2, as the first', async () => {
    const service = await startTestService()
    const uploader = uploaderOf(service)
    await uploader.init(file)
    await sendAll(uploader, file)
    const { fileId } = await uploader.finish(file)
    expect(await uploader.finish(file)).toEqual(done(finishedAs(family, fileId)))
    expect((await uploader.init(file)).code).toBe(2)
    expect(await uploader.finish(file)).toEqual(done(finishedAs(family, fileId)))
    expect(recordedEvents(service)).toHaveLength(1)
  })

  it.each([
    { missing: 0, sent: [524_288, 1_048_576] },
    { missing: 524_288, sent: [0, 1_048_576] },
    { missing: 1_048_576, sent: [0, 524_288] },
  ])('refuses Finish with the first missing offset, $missing', async ({ missing, sent }) => {
    const uploader = uploaderOf(await startTestService())
    await uploader.init(file)
    for (const offset of sent) await uploader.part(file, offset)
    expect(await uploader.finish(file)).toEqual(failed(-10005, 0, { offset: missing }))
  })

  it('drops an upload whose bytes are not those announced', async () => {
    const service = await startTestService()
    const uploader = uploaderOf(service)
    await uploader.init(file)
    await sendAll(uploader, { ...sampleFile(1_300_000, 2), fileSha: file.fileSha })
    expect(await uploader.finish(file)).toEqual(failed(-10006, 0))
    expect(tablesOf(service).all('select fileId from uploads union select fileId from parts')).toEqual([])
    expect(unsealedBlobs(service)).toEqual([])
    expect(recordedEvents(service)).toEqual([])
    expect(await uploader.finish(file)).toEqual(failed(-10005, 0))
    expect(await uploader.init(file)).toEqual(done({ dataSize: 524_288 }))
  })

  it('has Finish repeated when the store fails, and goes on then', async () => {
    const service = await startTestService()
    const uploader = uploaderOf(service)
    await uploader.init(file)
    await sendAll(uploader, file)
    const fileId = uploadId(service, file.fileSha)
    const inTheWay = join(service.directory, 'files', fileId.slice(-2), fileId)
    await mkdir(inTheWay, { recursive: true })
    expect(await uploader.finish(file)).toEqual(failed(-10004, 1))
    expect(recordedEvents(service)).toEqual([])
    await rmdir(inTheWay)
    expect(await uploader.finish(file)).toEqual(done(finishedAs(family)))
    expect(recordedEvents(service)).toHaveLength(1)
  })

  it('has a part repeated when the store fails', async () => {
    const service = await startTestService()
    const uploader = uploaderOf(service)
    await uploader.init(file)
    const inTheWay = join(service.directory, 'uploads', uploadId(service, file.fileSha))
    await mkdir(inTheWay)
    expect(await uploader.part(file, 0)).toEqual(failed(-10004, 1))
    await rmdir(inTheWay)
    expect(await uploader.init(file)).toEqual(done({ dataSize: 524_288 }))
    expect(await uploader.part(file, 0)).toEqual(done())
  })

  it('refuses an empty file', async () => {
    const uploader = uploaderOf(await startTestService())
    expect(await uploader.init(file, { params: { fileSize: 0 } })).toEqual(failed(-10003, 0))
  })
})

it('refuses a parameter that comes twice, though both are signed', async () => {
  const service = await startTestService()
  const query = queryOf(service, 'InitUpload', initParams(file))
  expect(await sendRaw(service, `${query}&fileSize=1300000`)).toEqual(failed(-10001, 0))
  expect(await sendRaw(service, `${query}&tag.1=a&tag_1=b`)).toEqual(failed(-10001, 0))
  expect(await sendRaw(service, query)).toEqual(done({ dataSize: 524_288 }))
})

it('answers the very same request again: same time, nonce and signature', async () => {
  const service = await startTestService()
  await serverUploader(service).init(file)
  const body = file.bytes.subarray(0, 524_288)
  const params = { fileSha: file.fileSha, offset: 0, dataSize: 524_288, dataMd5: file.md5(0, 524_288) }
  const query = queryOf(service, 'UploadPart', params)
  expect(await sendRaw(service, query, { body })).toEqual(done())
  expect(await sendRaw(service, query, { body })).toEqual(done())
  const finish = queryOf(service, 'FinishUpload', { fileSha: file.fileSha })
  expect(await sendRaw(service, finish)).toEqual(await sendRaw(service, finish))
})

it('takes the facts of the last InitUpload', async () => {
  const service = await startTestService()
  const uploader = serverUploader(service)
  await uploader.init(file, { fileName: 'first' })
  await uploader.part(file, 0)
  await uploader.init(file, { fileName: 'last', params: { fileType: 'FLV', 'tag.1': 'a', classId: 3 } })
  await sendAll(uploader, file)
  expect((await uploader.finish(file)).url).toMatch(/\/f0\.flv$/)
  const [stored] = tablesOf(service).all('select fileName, fileType, tags, classId from files')
  expect(stored).toEqual({ fileName: 'last', fileType: 'flv', tags: '["a"]', classId: 3 })
})

it('takes the facts of the signature given to FinishUploadEx', async () => {
  const service = await startTestService()
  const uploader = ugcUploader(service)
  await uploader.init(file, { fileName: 'first' })
  await sendAll(uploader, file)
  const grantedAtLast = signUgc({
    ...keyPair,
    fileSha: file.fileSha,
    fileName: 'last',
    fileType: 'MOV',
    uid: '1234',
    tags: ['x', 'y'],
    classId: 12,
    signedAtS: unixSeconds(service),
  })
  expect((await callUgc(service, 'FinishUploadEx', grantedAtLast)).url).toMatch(/\/f0\.mov$/)
  const [stored] = tablesOf(service).all('select fileName, fileType, tags, classId from files')
  expect(stored).toEqual({ fileName: 'last', fileType: 'mov', tags: '["x","y"]', classId: 12 })
})
