import { expect, it } from 'vitest'
import { sampleFile, startTestService, uploadWhole } from './support/service.ts'
import { recordedEvents, tablesOf } from './support/tables.ts'
import { sendAll, serverUploader, ugcUploader } from './support/uploaders.ts'

const file = sampleFile(600_000)
const environment = { SLUICE_PUBLIC_URL: 'http://{appId}.vod2.myqcloud.com' }

/** The event of a file, its members in the order of the page's example, ours at the end. */
function newFileUpload(fileId: string | undefined, sourceType: string, fileName: string, fileSize: number): string {
  const fileUrl = `http://1251000001.vod2.myqcloud.com/vod1251000001/${fileId}/f0.mp4`
  return JSON.stringify({
    version: '4.0',
    eventType: 'NewFileUpload',
    data: {
      fileId,
      fileName,
      coverUrl: '',
      fileUrl,
      transcodeTaskId: '',
      procedureTaskId: '',
      sourceType,
      sourceContext: '',
      author: '',
      streamId: '',
      fileSize,
    },
  })
}

it('a finished upload is one event: exactly these members, in this order', async () => {
  const service = await startTestService(environment)
  const { fileId, url } = await uploadWhole(service, file)
  const [event, ...more] = recordedEvents(service)
  expect(JSON.stringify(event)).toBe(newFileUpload(fileId, 'ServerUpload', 'my video', 600_000))
  expect(event).toMatchObject({ data: { fileUrl: url } })
  expect(more).toEqual([])
})

it('an upload of the UGC family says so, and nothing of its user', async () => {
  const service = await startTestService(environment)
  const uploader = ugcUploader(service, 'secret user')
  await uploader.init(file)
  await sendAll(uploader, file)
  const { fileId } = await uploader.finish(file)
  const [event] = recordedEvents(service)
  expect(JSON.stringify(event)).toBe(newFileUpload(fileId, 'ClientUpload', 'my video', 600_000))
})

it('the family is that of Finish, and the name the last one given', async () => {
  const service = await startTestService(environment)
  const [server, user] = [serverUploader(service), ugcUploader(service)]
  await server.init(file, { fileName: 'first' })
  await server.init(file, { fileName: 'second' })
  await sendAll(server, file)
  const { fileId } = await user.finish(file)
  expect(JSON.stringify(recordedEvents(service)[0])).toBe(newFileUpload(fileId, 'ClientUpload', 'my video', 600_000))
})

it('every file has its own event, in order, under its app', async () => {
  const service = await startTestService(environment)
  const fileIds: unknown[] = []
  for (const seed of [1, 2, 3]) {
    const { fileId } = await uploadWhole(service, sampleFile(1_000, seed))
    await uploadWhole(service, sampleFile(1_000, seed))
    fileIds.push(fileId)
  }
  const rows = tablesOf(service).all('select appId, fileId, eventType from events order by eventId')
  expect(rows).toEqual(fileIds.map((fileId) => ({ appId: 1_251_000_001, fileId, eventType: 'NewFileUpload' })))
})

it('an upload that fails is no event', async () => {
  const service = await startTestService(environment)
  const uploader = serverUploader(service)
  await uploader.init(file)
  await uploader.finish(file)
  await sendAll(uploader, { ...sampleFile(600_000, 2), fileSha: file.fileSha })
  await uploader.finish(file)
  expect(recordedEvents(service)).toEqual([])
})
