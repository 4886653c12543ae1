import { describe, expect, it } from 'vitest'
import { done, failed, finishedAs, listed } from './support/answers.ts'
import { type Answer, sampleFile, startTestService, type TestService } from './support/service.ts'
import { recordedEvents, sealedBlobs, tablesOf, unsealedBlobs } from './support/tables.ts'
import { sendAll, serverUploader, type Uploader, ugcUploader } from './support/uploaders.ts'

const file = sampleFile(1_300_000)
const complete = { dataSize: 524_288, listParts: listed(file, { 0: 524_288, 524288: 524_288, 1048576: 251_424 }) }
const php = { RequestClient: 'SDK_PHP_1.4' }
const node = { RequestClient: 'SDK_NODEJS_1.1' }

/** Uploads the file once. */
async function finishOnce(uploader: Uploader): Promise<Answer> {
  await uploader.init(file)
  await sendAll(uploader, file)
  return uploader.finish(file)
}

function requireOneFile(service: TestService, fileId = ''): void {
  expect(sealedBlobs(service)).toEqual([fileId])
  expect(unsealedBlobs(service)).toEqual([])
  expect(tablesOf(service).all('select distinct fileId from parts')).toEqual([{ fileId }])
  expect(recordedEvents(service)).toHaveLength(1)
}

describe('InitUpload of a file that is there', () => {
  it.each([
    { setting: 'auto', client: 'any client', params: {}, answer: 'its id' },
    { setting: 'auto', client: 'the Node.js SDK', params: node, answer: 'its id' },
    { setting: 'auto', client: 'the PHP SDK', params: php, answer: 'all its parts' },
    { setting: 'code2', client: 'any client', params: {}, answer: 'its id' },
    { setting: 'code2', client: 'the PHP SDK', params: php, answer: 'its id' },
    { setting: 'resume', client: 'any client', params: {}, answer: 'all its parts' },
    { setting: 'resume', client: 'the PHP SDK', params: php, answer: 'all its parts' },
  ])('answers $answer to $client under $setting; Finish then answers its id', async ({ setting, params, answer }) => {
    const service = await startTestService({ SLUICE_INSTANT_UPLOAD_SERVER: setting })
    const uploader = serverUploader(service)
    const { fileId, url } = await finishOnce(uploader)
    const expected = answer === 'its id' ? done({ fileId, url }, 2) : done(complete, 1)
    expect(await uploader.init(file, { cut: 1_048_576, params })).toEqual(expected)
    expect(await uploader.init(file, { params: { ...params, fileSize: 9 } })).toEqual(failed(-10003, 0))
    expect(await uploader.finish(file)).toEqual(done(finishedAs('server', fileId)))
    requireOneFile(service, fileId)
  })

  it('takes the bytes again under off, and ends as the same file', async () => {
    const service = await startTestService({ SLUICE_INSTANT_UPLOAD_SERVER: 'off' })
    const uploader = serverUploader(service)
    const { fileId } = await finishOnce(uploader)
    expect(await uploader.init(file, { params: php })).toEqual(done({ dataSize: 524_288 }))
    expect(await uploader.part(file, 0)).toEqual(done())
    expect(unsealedBlobs(service)).toHaveLength(1)
    await sendAll(uploader, file)
    expect(await uploader.finish(file)).toEqual(done(finishedAs('server', fileId)))
    expect(await uploader.finish(file)).toEqual(done(finishedAs('server', fileId)))
    requireOneFile(service, fileId)
  })
})

describe('InitUploadEx of a file that is there', () => {
  it.each(['code2', 'resume', 'off'])('answers its id, whatever holds for InitUpload: %s', async (server) => {
    const service = await startTestService({ SLUICE_INSTANT_UPLOAD_SERVER: server })
    const uploader = ugcUploader(service)
    const { fileId, url } = await finishOnce(uploader)
    expect(await uploader.init(file, { params: php })).toEqual(done({ fileId, url }, 2))
    expect(await uploader.finish(file)).toEqual(done(finishedAs('ugc', fileId)))
    requireOneFile(service, fileId)
  })

  it('takes the bytes again under off, and ends as the same file', async () => {
    const service = await startTestService({ SLUICE_INSTANT_UPLOAD_UGC: 'off' })
    const uploader = ugcUploader(service)
    const { fileId } = await finishOnce(uploader)
    expect(await uploader.init(file)).toEqual(done({ dataSize: 524_288 }))
    await sendAll(uploader, file)
    expect(await uploader.finish(file)).toEqual(done(finishedAs('ugc', fileId)))
    requireOneFile(service, fileId)
    expect((await serverUploader(service).init(file)).code).toBe(2)
  })
})

it.each(['auto', 'resume'])('is finished for a client whose own upload never got that far: %s', async (setting) => {
  const service = await startTestService({ SLUICE_INSTANT_UPLOAD_SERVER: setting })
  const [late, user] = [serverUploader(service), ugcUploader(service)]
  await user.init(file)
  await user.part(file, 0)
  await late.init(file)
  await late.part(file, 0)
  await sendAll(user, file)
  const { fileId } = await user.finish(file)
  expect((await late.init(file)).code).toBe(setting === 'auto' ? 2 : 1)
  expect(await late.finish(file)).toEqual(done(finishedAs('server', fileId)))
  expect(recordedEvents(service)).toHaveLength(1)
})
