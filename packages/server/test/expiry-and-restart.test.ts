import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { done, failed, finishedAs, listed } from './support/answers.ts'
import { type SampleFile, sampleFile, startTestService, type TestService } from './support/service.ts'
import { leaveFinishing, recordedEvents, sealedBlobs, tablesOf, unsealedBlobs, uploadId } from './support/tables.ts'
import { families, sendAll, serverUploader, type Uploader, ugcUploader } from './support/uploaders.ts'

const file = sampleFile(1_300_000)
const hour = 3_600_000
const soon = { interval: 5, timeout: 10_000 }
const isNew = done({ dataSize: 524_288 })

/** The files whose uploads are there. */
const uploadShas = (service: TestService) =>
  tablesOf(service)
    .all<{ fileSha: string }>('select fileSha from uploads')
    .map(({ fileSha }) => fileSha)

/** Starts a service anew and waits until it has let go of what is expired: `marker`, for one. */
async function restartAndExpire(service: TestService, marker: SampleFile): Promise<TestService> {
  const next = await service.restart()
  await expect.poll(() => uploadShas(next), soon).not.toContain(marker.fileSha)
  return next
}

async function begin(uploader: Uploader, upload: SampleFile): Promise<SampleFile> {
  await uploader.init(upload)
  await uploader.part(upload, 0)
  return upload
}

async function requireServed(url = ''): Promise<void> {
  const response = await fetch(url)
  expect(Buffer.from(await response.arrayBuffer()).equals(file.bytes)).toBe(true)
}

describe('an upload nobody touches', () => {
  it('ends after 24 hours, with its parts and bytes', async () => {
    const before = await startTestService()
    await begin(serverUploader(before), file)
    before.advance(24 * hour + 1)
    const service = await restartAndExpire(before, file)
    expect(tablesOf(service).all('select * from parts')).toEqual([])
    await expect.poll(() => unsealedBlobs(service), soon).toEqual([])
    expect(await serverUploader(service).part(file, 0)).toEqual(failed(-10005, 0))
    expect(await serverUploader(service).finish(file)).toEqual(failed(-10005, 0))
    expect(await serverUploader(service).init(file)).toEqual(isNew)
  })

  it('is there for 24 hours to the millisecond', async () => {
    const before = await startTestService({}, { frozen: true })
    const marker = await begin(serverUploader(before), sampleFile(9, 9))
    before.advance(1)
    await begin(serverUploader(before), file)
    before.advance(24 * hour)
    const service = await restartAndExpire(before, marker)
    const listParts = listed(file, { 0: 524_288 })
    expect(await serverUploader(service).init(file)).toEqual(done({ dataSize: 524_288, listParts }, 1))
  })

  it('ends when the operator says', async () => {
    const before = await startTestService({ SLUICE_UPLOAD_TTL: '30m' }, { frozen: true })
    const marker = await begin(serverUploader(before), sampleFile(9, 9))
    before.advance(hour / 2)
    await begin(ugcUploader(before), file)
    before.advance(hour / 2)
    expect(uploadShas(await restartAndExpire(before, marker))).toEqual([file.fileSha])
  })

  it('lives on from its last call that did something', async () => {
    const before = await startTestService({}, { frozen: true })
    const uploader = serverUploader(before)
    const [byInit, byPart, bySamePart, byFailures, marker] = await Promise.all(
      [11, 12, 13, 14, 15].map((seed) => begin(uploader, sampleFile(1_300_000, seed))),
    )
    if (!byInit || !byPart || !bySamePart || !byFailures || !marker) throw new Error('five were begun')
    before.advance(23 * hour)
    expect((await uploader.init(byInit)).code).toBe(1)
    expect(await uploader.part(byPart, 524_288)).toEqual(done())
    expect(await uploader.part(bySamePart, 0)).toEqual(done())
    expect(await uploader.finish(byFailures)).toMatchObject({ code: -10005 })
    expect(await uploader.part(byFailures, 7)).toEqual(failed(-10003, 0))
    before.advance(2 * hour)
    const service = await restartAndExpire(before, marker)
    await expect.poll(() => uploadShas(service), soon).not.toContain(byFailures.fileSha)
    expect(uploadShas(service).sort()).toEqual([byInit, byPart, bySamePart].map(({ fileSha }) => fileSha).sort())
  })
})

describe.each(families)('after a restart, the $family family', ({ family, uploaderOf }) => {
  it('goes on with what is stored', async () => {
    const before = await startTestService()
    await uploaderOf(before).init(file)
    await uploaderOf(before).part(file, 1_048_576)
    await uploaderOf(before).part(file, 0)
    const service = await before.restart()
    const uploader = uploaderOf(service)
    const listParts = listed(file, { 0: 524_288 })
    expect(await uploader.init(file)).toEqual(done({ dataSize: 524_288, listParts }, 1))
    expect(await uploader.finish(file)).toEqual(failed(-10005, 0, { offset: 524_288 }))
    expect(await uploader.part(file, 524_288)).toEqual(done())
    const finished = await uploader.finish(file)
    expect(finished).toEqual(done(finishedAs(family)))
    await requireServed(finished.url)
  })

  it('finishes what was complete', async () => {
    const before = await startTestService()
    await uploaderOf(before).init(file)
    await sendAll(uploaderOf(before), file)
    const service = await before.restart()
    const finished = await uploaderOf(service).finish(file)
    expect(finished).toEqual(done(finishedAs(family)))
    await requireServed(finished.url)
  })

  it('answers for files as before', async () => {
    const before = await startTestService()
    await uploaderOf(before).init(file)
    await sendAll(uploaderOf(before), file)
    const { fileId } = await uploaderOf(before).finish(file)
    const service = await before.restart()
    expect(await uploaderOf(service).init(file)).toMatchObject({ code: 2, fileId })
    expect(await uploaderOf(service).finish(file)).toEqual(done(finishedAs(family, fileId)))
    expect(recordedEvents(service)).toHaveLength(1)
  })

  it('finds a damaged store out at Finish', async () => {
    const before = await startTestService()
    await uploaderOf(before).init(file)
    await sendAll(uploaderOf(before), file)
    await before.close()
    const damaged = Buffer.from(file.bytes).fill('damaged', 600_000, 600_100)
    await writeFile(join(before.directory, 'uploads', uploadId(before, file.fileSha)), damaged)
    expect(await uploaderOf(await before.restart()).finish(file)).toEqual(failed(-10006, 0))
  })
})

describe('an upload that was being finished when the service ended', () => {
  /** A service that ended in the middle of a Finish; its upload's id. */
  async function cutOff(): Promise<{ service: TestService; fileId: string }> {
    const service = await startTestService()
    await serverUploader(service).init(file)
    await sendAll(serverUploader(service), file)
    await service.close()
    leaveFinishing(service, file.fileSha)
    return { service, fileId: uploadId(service, file.fileSha) }
  }

  const unsealed = ({ directory }: TestService, fileId: string) => join(directory, 'uploads', fileId)

  it.each([{ sealed: false }, { sealed: true }])(
    'is taken up by the next start: sealed $sealed',
    async ({ sealed }) => {
      const { service: before, fileId } = await cutOff()
      if (sealed) {
        const directory = join(before.directory, 'files', fileId.slice(-2))
        await mkdir(directory, { recursive: true })
        await rename(unsealed(before, fileId), join(directory, fileId))
      }
      const service = await before.restart()
      await expect.poll(() => tablesOf(service).all('select fileId from files'), soon).toEqual([{ fileId }])
      expect(uploadShas(service)).toEqual([])
      expect(unsealedBlobs(service)).toEqual([])
      expect(sealedBlobs(service)).toEqual([fileId])
      expect(recordedEvents(service)).toHaveLength(1)
      const finished = await serverUploader(service).finish(file)
      expect(finished).toEqual(done(finishedAs('server', fileId)))
      await requireServed(finished.url)
    },
  )

  it('answers a Finish that comes just then', async () => {
    const { service: before, fileId } = await cutOff()
    const uploader = serverUploader(await before.restart())
    const answers = await Promise.all([uploader.finish(file), uploader.finish(file)])
    for (const answer of answers) expect(answer).toEqual(done(finishedAs('server', fileId)))
    expect(recordedEvents(before)).toHaveLength(1)
  })

  it('is dropped when its bytes are not those announced', async () => {
    const { service: before, fileId } = await cutOff()
    await writeFile(unsealed(before, fileId), Buffer.alloc(1_300_000))
    const service = await before.restart()
    await expect.poll(() => uploadShas(service), soon).toEqual([])
    await expect.poll(() => unsealedBlobs(service), soon).toEqual([])
    expect(tablesOf(service).all('select fileId from files union select fileId from parts')).toEqual([])
    expect(recordedEvents(service)).toEqual([])
  })
})

describe('a start', () => {
  it('removes bytes that no upload names, and never a sealed file', async () => {
    const before = await startTestService()
    await begin(serverUploader(before), file)
    await before.close()
    await writeFile(join(before.directory, 'uploads', '1000000000000000001'), 'left behind')
    await mkdir(join(before.directory, 'files', '02'), { recursive: true })
    await writeFile(join(before.directory, 'files', '02', '1000000000000000002'), 'sealed')
    const service = await before.restart()
    const kept = [uploadId(service, file.fileSha)]
    await expect.poll(() => unsealedBlobs(service), soon).toEqual(kept)
    expect(sealedBlobs(service)).toEqual(['1000000000000000002'])
  })

  it('is refused while another service has the data directory', async () => {
    const service = await startTestService()
    await expect(startTestService({}, { directory: service.directory })).rejects.toThrow(/in use by another/)
    expect(await serverUploader(service).init(file)).toEqual(isNew)
    await service.close()
    const next = await startTestService({}, { directory: service.directory })
    expect((await serverUploader(next).init(file)).code).toBe(0)
  })
})
