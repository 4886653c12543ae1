import { createApp, openSqlite } from '@sluice/server'
import { describe, expect, it } from 'vitest'
import { done, failed, finishedAs, listed } from './support/answers.ts'
import { callServer, type keyPair, sampleFile, startTestService, type TestService } from './support/service.ts'
import { sealedBlobs, tablesOf } from './support/tables.ts'
import { sendAll, serverUploader, ugcUploader } from './support/uploaders.ts'

const file = sampleFile(1_300_000)
const isNew = done({ dataSize: 524_288 })
const first = done({ dataSize: 524_288, listParts: listed(file, { 0: 524_288 }) }, 1)

/** A second app of the service. */
async function otherApp(service: TestService): Promise<typeof keyPair & { appId: number }> {
  const metadata = await openSqlite(service.directory)
  const { credential } = await createApp(metadata, service.now())
  await metadata.close()
  return credential
}

describe('two apps', () => {
  it('have uploads of their own', async () => {
    const service = await startTestService()
    const [mine, theirs] = [serverUploader(service), serverUploader(service, await otherApp(service))]
    await mine.init(file)
    await mine.part(file, 0)
    expect(await theirs.part(file, 0)).toEqual(failed(-10005, 0))
    expect(await theirs.finish(file)).toEqual(failed(-10005, 0))
    expect(await theirs.init(file)).toEqual(isNew)
    expect(await mine.init(file)).toEqual(first)
  })

  it('have files of their own, and no instant upload from each other', async () => {
    const service = await startTestService()
    const keys = await otherApp(service)
    const [mine, theirs] = [serverUploader(service), serverUploader(service, keys)]
    await mine.init(file)
    await sendAll(mine, file)
    const ours = await mine.finish(file)
    expect(await theirs.part(file, 0)).toEqual(failed(-10005, 0))
    expect(await theirs.finish(file)).toEqual(failed(-10005, 0))
    expect(await theirs.init(file)).toEqual(isNew)
    await sendAll(theirs, file)
    const { fileId, url } = await theirs.finish(file)
    expect(fileId).not.toBe(ours.fileId)
    expect(url).toContain(`/vod${keys.appId}/${fileId}/`)
    expect(sealedBlobs(service)).toEqual([ours.fileId, fileId].sort())
    const events = tablesOf(service).all('select appId, fileId from events order by eventId')
    expect(events).toEqual([
      { appId: 1_251_000_001, fileId: ours.fileId },
      { appId: keys.appId, fileId },
    ])
  })

  it('have addresses of their own: a file is not served under another app', async () => {
    const service = await startTestService()
    const { appId } = await otherApp(service)
    const mine = serverUploader(service)
    await mine.init(file)
    await sendAll(mine, file)
    const { url = '' } = await mine.finish(file)
    expect((await fetch(url, { method: 'HEAD' })).status).toBe(200)
    expect((await fetch(url.replace('1251000001', String(appId)), { method: 'HEAD' })).status).toBe(404)
  })
})

describe('two users of an app', () => {
  it('have uploads of their own', async () => {
    const service = await startTestService()
    const [mine, theirs] = [ugcUploader(service, 'me'), ugcUploader(service, 'them')]
    await mine.init(file)
    await mine.part(file, 0)
    expect(await theirs.part(file, 0)).toEqual(failed(-10005, 0))
    expect(await theirs.finish(file)).toEqual(failed(-10005, 0))
    expect(await theirs.init(file)).toEqual(isNew)
    await sendAll(theirs, { ...sampleFile(1_300_000, 2), fileSha: file.fileSha })
    expect(await theirs.finish(file)).toEqual(failed(-10006, 0))
    expect(await mine.init(file)).toEqual(first)
  })

  it('share the finished file', async () => {
    const service = await startTestService()
    const [mine, theirs] = [ugcUploader(service, 'me'), ugcUploader(service, 'them')]
    await theirs.init(file)
    await mine.init(file)
    await sendAll(mine, file)
    const { fileId, url } = await mine.finish(file)
    expect(await theirs.init(file)).toEqual(done({ fileId, url }, 2))
    expect(await theirs.finish(file)).toEqual(done(finishedAs('ugc', fileId)))
    expect(await ugcUploader(service, 'somebody').finish(file)).toEqual(done(finishedAs('ugc', fileId)))
    expect(await serverUploader(service).finish(file)).toEqual(done(finishedAs('server', fileId)))
  })

  it('may finish the same file at once: it is one file with one event', async () => {
    const service = await startTestService()
    const uploaders = ['a', 'b', 'c'].map((uid) => ugcUploader(service, uid))
    for (const uploader of uploaders) {
      await uploader.init(file)
      await sendAll(uploader, file)
    }
    const answers = await Promise.all(uploaders.map((uploader) => uploader.finish(file)))
    const fileId = answers[0]?.fileId
    for (const answer of answers) expect(answer).toEqual(done(finishedAs('ugc', fileId)))
    expect(sealedBlobs(service)).toEqual([fileId])
    expect(tablesOf(service).all('select distinct fileId from parts')).toEqual([{ fileId }])
    expect(tablesOf(service).all('select fileId from events')).toEqual([{ fileId }])
  })
})

describe('the app’s own upload, which has no user', () => {
  it('is joined by a user who has none', async () => {
    const service = await startTestService()
    const [app, user] = [serverUploader(service), ugcUploader(service, 'me')]
    await app.init(file)
    await app.part(file, 0)
    expect(await user.init(file)).toEqual(first)
    expect(await user.part(file, 524_288)).toEqual(done())
    expect(await app.part(file, 1_048_576)).toEqual(done())
    const { fileId } = await user.finish(file)
    expect(await app.finish(file)).toEqual(done(finishedAs('server', fileId)))
  })

  it('keeps its parts when a user says that the file has another size', async () => {
    const service = await startTestService()
    const [app, user] = [serverUploader(service), ugcUploader(service, 'me')]
    await app.init(file)
    await app.part(file, 0)
    expect(await user.init(file, { params: { fileSize: 600_000 } })).toEqual(isNew)
    expect(await app.init(file)).toEqual(first)
    await sendAll(app, file)
    expect(await app.finish(file)).toEqual(done(finishedAs('server')))
  })

  it('comes after a user’s own', async () => {
    const service = await startTestService()
    const [app, user] = [serverUploader(service), ugcUploader(service, 'me')]
    await user.init(file)
    await app.init(file)
    await app.part(file, 0)
    expect(await user.init(file)).toEqual(isNew)
    expect(await user.part(file, 524_288)).toEqual(done())
    expect(await app.init(file)).toEqual(first)
  })

  it('is not joined by the app when a user has one', async () => {
    const service = await startTestService()
    const [app, user] = [serverUploader(service), ugcUploader(service, 'me')]
    await user.init(file)
    await sendAll(user, file)
    expect(await app.finish(file)).toEqual(failed(-10005, 0))
    expect(await callServer(service, 'UploadPart', { fileSha: file.fileSha })).toEqual(failed(-10003, 0))
    expect(await app.init(file)).toEqual(isNew)
  })

  it('is the one of a signature with an empty user', async () => {
    const service = await startTestService()
    await serverUploader(service).init(file)
    await serverUploader(service).part(file, 0)
    expect(await ugcUploader(service, '').init(file)).toEqual(first)
  })
})
