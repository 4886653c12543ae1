import { describe, expect, it } from 'vitest'
import { done, failed, finishedAs, listed } from './support/answers.ts'
import { type Answer, sampleFile, startTestService, type TestService } from './support/service.ts'
import { leaveFinishing, recordedEvents, tablesOf, uploadRow } from './support/tables.ts'
import { families, sendAll, type Uploader } from './support/uploaders.ts'

const file = sampleFile(1_300_000)
const whole = listed(file, { 0: 524_288, 524288: 524_288, 1048576: 251_424 })
const otherBytes = sampleFile(524_288, 2).bytes

interface Scene {
  readonly service: TestService
  readonly uploader: Uploader
  /** What Finish answered, where there was one. */
  readonly finished: Answer | undefined
}

/** The states of an upload, each reached by calls. */
const states: Record<string, (scene: Scene) => Promise<unknown>> = {
  'not there': async () => {},
  'announced only': ({ uploader }) => uploader.init(file),
  'there in part': async ({ uploader }) => {
    await uploader.init(file)
    await uploader.part(file, 0)
    await uploader.part(file, 1_048_576)
  },
  'there in all parts': async ({ uploader }) => {
    await uploader.init(file)
    await sendAll(uploader, file)
  },
  'being finished': async ({ service, uploader }) => {
    await uploader.init(file)
    await sendAll(uploader, file)
    leaveFinishing(service, file.fileSha)
  },
}

/** Init once more, by a client that cuts and names the file in another way. */
const again = (uploader: Uploader) => uploader.init(file, { cut: 1_048_576, fileName: 'other' })

describe.each(families)('the $family family', ({ family, uploaderOf }) => {
  async function scene(state: keyof typeof states | 'finished'): Promise<Scene> {
    const service = await startTestService()
    const uploader = uploaderOf(service)
    const reach = states[state === 'finished' ? 'there in all parts' : state]
    await reach?.({ service, uploader, finished: undefined })
    return { service, uploader, finished: state === 'finished' ? await uploader.finish(file) : undefined }
  }

  describe('of a file that is not there', () => {
    it('lets Init make an upload', async () => {
      const { uploader } = await scene('not there')
      expect(await uploader.init(file)).toEqual(done({ dataSize: 524_288 }))
    })

    it('refuses a part and Finish, not to be repeated', async () => {
      const { uploader } = await scene('not there')
      expect(await uploader.part(file, 0)).toEqual(failed(-10005, 0))
      expect(await uploader.finish(file)).toEqual(failed(-10005, 0))
    })
  })

  describe('of an upload that is announced only', () => {
    it('lets Init give it another part size and name', async () => {
      const { service, uploader } = await scene('announced only')
      expect(await again(uploader)).toEqual(done({ dataSize: 1_048_576 }))
      expect(uploadRow(service, file.fileSha)).toMatchObject({ dataSize: 1_048_576, fileName: 'other' })
    })

    it('stores a part', async () => {
      const { uploader } = await scene('announced only')
      expect(await uploader.part(file, 524_288)).toEqual(done())
      expect((await uploader.init(file)).code).toBe(1)
    })

    it('refuses Finish, with the first offset', async () => {
      const { uploader } = await scene('announced only')
      expect(await uploader.finish(file)).toEqual(failed(-10005, 0, { offset: 0 }))
    })
  })

  describe('of an upload that is there in part', () => {
    it('lets Init list the parts, under the part size they were sent with', async () => {
      const { uploader } = await scene('there in part')
      const listParts = listed(file, { 0: 524_288 })
      expect(await again(uploader)).toEqual(done({ dataSize: 524_288, listParts }, 1))
    })

    it('stores a part, and again', async () => {
      const { uploader } = await scene('there in part')
      expect(await uploader.part(file, 524_288)).toEqual(done())
      expect(await uploader.part(file, 524_288)).toEqual(done())
    })

    it('refuses Finish, with the first gap', async () => {
      const { uploader } = await scene('there in part')
      expect(await uploader.finish(file)).toEqual(failed(-10005, 0, { offset: 524_288 }))
    })
  })

  describe('of an upload that is there in all parts', () => {
    it('lets Init list them all', async () => {
      const { uploader } = await scene('there in all parts')
      expect(await again(uploader)).toEqual(done({ dataSize: 524_288, listParts: whole }, 1))
    })

    it('takes a part again', async () => {
      const { uploader } = await scene('there in all parts')
      expect(await uploader.part(file, 0)).toEqual(done())
    })

    it('lets Finish make it a file', async () => {
      const { service, uploader } = await scene('there in all parts')
      expect(await uploader.finish(file)).toEqual(done(finishedAs(family)))
      expect(recordedEvents(service)).toHaveLength(1)
    })
  })

  describe('of an upload that is being finished', () => {
    it('lets Init list all parts', async () => {
      const { uploader } = await scene('being finished')
      expect(await again(uploader)).toEqual(done({ dataSize: 524_288, listParts: whole }, 1))
    })

    it('takes the same part again, and puts off other bytes', async () => {
      const { uploader } = await scene('being finished')
      expect(await uploader.part(file, 0)).toEqual(done())
      expect(await uploader.part(file, 0, { body: otherBytes })).toEqual(failed(-10004, 1))
      expect(await uploader.finish(file)).toEqual(done(finishedAs(family)))
    })

    it('gives calls at the same time one file and one event', async () => {
      const { service, uploader } = await scene('there in all parts')
      const [first, inBetween, init, ...others] = await Promise.all([
        uploader.finish(file),
        uploader.part(file, 0),
        again(uploader),
        uploader.finish(file),
        uploader.finish(file),
      ])
      expect(inBetween).toEqual(done())
      expect([1, 2]).toContain(init.code)
      expect(first).toEqual(done(finishedAs(family)))
      for (const other of others) expect(other).toMatchObject({ code: 0, fileId: first.fileId, url: first.url })
      expect(recordedEvents(service)).toHaveLength(1)
    })
  })

  describe('of a finished file', () => {
    it('lets Init name the file', async () => {
      const { uploader, finished } = await scene('finished')
      expect(await again(uploader)).toEqual(done({ fileId: finished?.fileId, url: finished?.url }, 2))
    })

    it('checks a part and stores nothing', async () => {
      const { service, uploader } = await scene('finished')
      const stored = tablesOf(service).all('select * from parts')
      expect(await uploader.part(file, 0)).toEqual(done())
      expect(await uploader.part(file, 0, { body: otherBytes })).toEqual(done())
      expect(await uploader.part(file, 0, { params: { dataMd5: file.md5(0, 1) } })).toEqual(failed(-10006, 1))
      expect(await uploader.part(file, 0, { params: { dataSize: 524_287 } })).toEqual(failed(-10006, 1))
      expect(tablesOf(service).all('select * from parts')).toEqual(stored)
      expect(tablesOf(service).all('select * from uploads')).toEqual([])
    })

    it('gives Finish the same file, and no second event', async () => {
      const { service, uploader, finished } = await scene('finished')
      expect(await uploader.finish(file)).toEqual(done(finishedAs(family, finished?.fileId)))
      expect(recordedEvents(service)).toHaveLength(1)
    })
  })
})
