import { createHash, createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { done, failed, listed } from './support/answers.ts'
import { queryOf, sendRaw, unixSeconds } from './support/raw-call.ts'
import {
  callServer,
  callUgc,
  grant,
  initParams,
  sampleFile,
  shareTestService,
  startTestService,
} from './support/service.ts'
import { recordedEvents, tablesOf, uploadRow } from './support/tables.ts'
import { sendAll, serverUploader, ugcUploader } from './support/uploaders.ts'

const file = sampleFile(1_300_000)
const small = sampleFile(1_000)
const isNew = done({ dataSize: 524_288 })

describe('names', () => {
  const shared = shareTestService()

  it.each([
    { fileName: 'x'.repeat(40), why: 'forty characters' },
    { fileName: '🎬'.repeat(40), why: 'forty characters of four bytes' },
    { fileName: 'a.mp4', why: 'an extension' },
    { fileName: ' ', why: 'a space' },
    { fileName: 'c++ & c#=100%25', why: 'what must be encoded, and would change if decoded twice' },
    { fileName: "it's, so; ~!@()[]{}", why: 'what only the web SDK bans' },
  ])('stores $fileName as given: $why', async ({ fileName }) => {
    const service = shared()
    expect(await serverUploader(service).init(file, { fileName })).toEqual(isNew)
    expect(uploadRow(service, file.fileSha)['fileName']).toBe(fileName)
    expect(await ugcUploader(service).init(small, { fileName })).toEqual(isNew)
    expect(uploadRow(service, small.fileSha)['fileName']).toBe(fileName)
  })

  it('refuses other characters, and more than forty', async () => {
    const service = shared()
    const refused = [...'\\/:*?"<>|\n\u0000\u007f'].map((char) => `a${char}b`)
    for (const fileName of [...refused, 'x'.repeat(41), '🎬'.repeat(41)]) {
      expect(await serverUploader(service).init(file, { fileName }), fileName).toEqual(failed(-10003, 0))
      expect(await ugcUploader(service).init(file, { fileName }), fileName).toEqual(failed(-10003, 0))
    }
    expect(await serverUploader(service).init(file, { fileName: '' })).toEqual(failed(-10003, 0))
  })

  it('may be longer where the operator says so', async () => {
    const service = await startTestService({ SLUICE_MAX_FILE_NAME: '41' })
    expect(await serverUploader(service).init(file, { fileName: 'x'.repeat(41) })).toEqual(isNew)
    expect(await ugcUploader(service).init(file, { fileName: 'x'.repeat(42) })).toEqual(failed(-10003, 0))
  })

  it('are what the PHP SDK calls name when fileName is empty', async () => {
    const service = shared()
    await serverUploader(service).init(file, { fileName: '', params: { name: 'video' } })
    expect(uploadRow(service, file.fileSha)['fileName']).toBe('video')
  })

  it('are the file’s SHA-1 when a signature gives none', async () => {
    const service = await startTestService({ SLUICE_MAX_FILE_NAME: '10' })
    await ugcUploader(service).init(file, { fileName: '' })
    expect(uploadRow(service, file.fileSha)['fileName']).toBe(file.fileSha)
    await ugcUploader(service).init(file, { fileName: '', params: { fileName: 'unsigned' } })
    expect(uploadRow(service, file.fileSha)['fileName']).toBe('unsigned')
  })
})

describe('parameters of InitUpload', () => {
  const shared = shareTestService()
  const sharedWithLimit = shareTestService({ SLUICE_MAX_FILE_SIZE: '2000000' })

  it.each([
    { what: 'dataSize at its smallest', params: { dataSize: 524_288 } },
    { what: 'dataSize in between', params: { dataSize: 700_001 } },
    { what: 'dataSize at its largest', params: { dataSize: 1_048_576 } },
    { what: 'a file type in upper case', params: { fileType: 'MP4' } },
    { what: 'a class nobody made', params: { classId: 4711 } },
    { what: 'all flags', params: { isTranscode: 1, isScreenshot: 1, isWatermark: 1 } },
    { what: 'what clients send beside', params: { storeTime: 0, contentLen: 0, notifyUrl: 'http://cb.example.com' } },
    { what: 'no Region', params: {} },
    { what: 'any Region', params: { Region: 'nowhere' } },
    { what: 'a SHA-1 in upper case', params: { fileSha: file.fileSha.toUpperCase() } },
  ])('may have $what', async ({ params }) => {
    const service = shared()
    const query = queryOf(service, 'InitUpload', { ...initParams(file), ...params })
    const { dataSize } = { dataSize: 524_288, ...params }
    expect(await sendRaw(service, query)).toEqual(done({ dataSize }))
    expect(uploadRow(service, file.fileSha)).toMatchObject({ dataSize, fileType: 'mp4' })
  })

  it.each([
    { what: 'dataSize too small', params: { dataSize: 524_287 } },
    { what: 'dataSize too large', params: { dataSize: 1_048_577 } },
    { what: 'DataSize instead', params: { dataSize: undefined, DataSize: 524_288 } },
    { what: 'no fileSize', params: { fileSize: undefined } },
    { what: 'a fileSize of nothing', params: { fileSize: 0 } },
    { what: 'a negative fileSize', params: { fileSize: -1 } },
    { what: 'a fileSize that is no number', params: { fileSize: '1e6' } },
    { what: 'a file larger than the operator allows', params: { fileSize: 2_000_001 } },
    { what: 'no file type', params: { fileType: '' } },
    { what: 'a file type with a dot', params: { fileType: '.mp4' } },
    { what: 'a SHA-1 too short', params: { fileSha: file.fileSha.slice(1) } },
    { what: 'a SHA-1 that is not hex', params: { fileSha: file.fileSha.replace(/^./, 'g') } },
    { what: 'a flag beyond 1', params: { isTranscode: 2 } },
    { what: 'a class that is no number', params: { classId: 'cats' } },
  ])('may not have $what', async ({ params }) => {
    const service = sharedWithLimit()
    const query = queryOf(service, 'InitUpload', { ...initParams(file), ...params })
    expect(await sendRaw(service, query)).toEqual(failed(-10003, 0))
  })

  it('may be tags under either name, counted from 0, of which ten are kept in order', async () => {
    const service = shared()
    const tags = { 'tags.0': 'zero', 'tag.10': 'ten', 'tags.2': 'c++ & c#', tag_1: '测试', 'tag.3': '' }
    await serverUploader(service).init(file, { params: tags })
    expect(uploadRow(service, file.fileSha)['tags']).toBe('["zero","测试","c++ & c#","ten"]')
    const many = Object.fromEntries(Array.from({ length: 12 }, (_, n) => [`tag.${n + 1}`, `t${n + 1}`]))
    await serverUploader(service).init(file, { params: many })
    expect(JSON.parse(String(uploadRow(service, file.fileSha)['tags']))).toEqual(Object.values(many).slice(0, 10))
  })
})

it('takes Init and Finish by GET and POST, on both paths, and parts by POST only', async () => {
  const service = await startTestService()
  for (const method of ['GET', 'POST'] as const) {
    for (const path of ['/v2/index.php', '/v3/index.php']) {
      const init = queryOf(service, 'InitUpload', initParams(file), { method, path })
      expect(await sendRaw(service, init, { method, path })).toEqual(isNew)
      const finish = queryOf(service, 'FinishUpload', { fileSha: file.fileSha }, { method, path })
      expect(await sendRaw(service, finish, { method, path })).toEqual(failed(-10005, 0, { offset: 0 }))
    }
  }
  const signature = grant(service, file.fileSha)
  const sizes = { fileSize: file.bytes.length, dataSize: 524_288 }
  expect(await callUgc(service, 'InitUploadEx', signature, sizes, { method: 'GET' })).toEqual(isNew)
  expect((await callUgc(service, 'FinishUploadEx', signature, {}, { method: 'GET' })).code).toBe(-10005)
  for (const action of ['UploadPart', 'SmallFileUpload']) {
    expect(await callServer(service, action, initParams(file), { method: 'GET' })).toEqual(failed(-10001, 0))
  }
  expect(await callUgc(service, 'UploadPartEx', signature, {}, { method: 'GET' })).toEqual(failed(-10001, 0))
})

it('knows no other path', async () => {
  const service = await startTestService()
  for (const path of ['/v2/interface.php', '/v1/index.php', '/v3/index.php/', '/v3/INDEX.php', '/index.php']) {
    const query = queryOf(service, 'InitUpload', initParams(file), { path })
    expect((await fetch(`${service.url}${path}?${query}`, { method: 'POST' })).status, path).toBe(404)
  }
})

it('takes dataMd5 as that of the part, in any case, and lists it in lower case', async () => {
  const service = await startTestService()
  const uploader = serverUploader(service)
  await uploader.init(file)
  const ofFile = createHash('md5').update(file.bytes).digest('hex')
  expect(await uploader.part(file, 0, { params: { dataMd5: ofFile } })).toEqual(failed(-10006, 1))
  const upper = { fileSha: file.fileSha.toUpperCase(), dataMd5: file.md5(0, 524_288).toUpperCase() }
  expect(await uploader.part(file, 0, { params: upper })).toEqual(done())
  expect((await uploader.init(file)).listParts).toEqual(listed(file, { 0: 524_288 }))
})

it('leaves a file as it is when another Init finds it there: name, tags and event', async () => {
  const service = await startTestService()
  const uploader = serverUploader(service)
  await uploader.init(file)
  await sendAll(uploader, file)
  await uploader.finish(file)
  const stored = tablesOf(service).all('select * from files')
  const renamed = { fileName: 'renamed', params: { 'tag.1': 'new', isTranscode: 1 } }
  expect((await uploader.init(file, renamed)).code).toBe(2)
  expect((await ugcUploader(service).init(file, renamed)).code).toBe(2)
  await ugcUploader(service).finish(file)
  expect(tablesOf(service).all('select * from files')).toEqual(stored)
  expect(recordedEvents(service)).toHaveLength(1)
})

it('hashes verify_content into 20 raw bytes before its text, about the file and valid for an hour', async () => {
  const service = await startTestService({}, { frozen: true })
  const uploader = ugcUploader(service)
  await uploader.init(small)
  await sendAll(uploader, small)
  const { fileId, verify_content = '' } = await uploader.finish(small)
  const mac = Buffer.from(verify_content, 'base64').subarray(0, 20)
  const text = Buffer.from(verify_content, 'base64').subarray(20).toString()
  const [, expiresAtS = ''] = /^ExpTime=(\d{10})&FileId=\d{19}$/.exec(text) ?? []
  expect(text).toContain(`&FileId=${fileId}`)
  expect(Number(expiresAtS) - unixSeconds(service)).toBe(3_600)
  const [app] = tablesOf(service).all<{ verifyKey: string }>('select verifyKey from apps')
  expect(mac).toEqual(
    createHmac('sha1', app?.verifyKey ?? '')
      .update(text)
      .digest(),
  )
})
