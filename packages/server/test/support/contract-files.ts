import { expect, it } from 'vitest'
import type { Metadata } from '../../src/metadata/metadata.ts'
import {
  addComplete,
  addFile,
  addFinishing,
  coverOf,
  eventOf,
  fileOf,
  firstApp,
  part,
  secondApp,
  sha,
  upload,
} from './records.ts'

const anyApp = { appId: undefined, limit: 100 }

/** What the records of files, covers and events promise. */
export function filesContract(open: () => Promise<Metadata>): void {
  it('ends an upload as a file with its event, and keeps its parts', async () => {
    const metadata = await open()
    const finishing = await addFinishing(metadata, { tags: ['a', 'b'], classId: 7 })
    const file = fileOf(finishing)
    expect(await metadata.finishAsFile(file, eventOf(file))).toEqual(file)

    expect(await metadata.findFile(file.fileId)).toEqual(file)
    expect(await metadata.findFileBySha(file.appId, file.fileSha)).toEqual(file)
    expect(await metadata.findUploadById(file.fileId)).toBeUndefined()
    expect(await metadata.listParts(file.fileId)).toHaveLength(3)
    expect(await metadata.listEvents(anyApp)).toMatchObject([
      {
        eventId: expect.any(Number),
        appId: file.appId,
        fileId: file.fileId,
        eventType: 'NewFileUpload',
        content: eventOf(file),
        createdAt: file.createdAt,
      },
    ])
  })

  it('makes neither file nor event of an upload that is not finishing', async () => {
    const metadata = await open()
    const file = fileOf(await addComplete(metadata))
    for (const each of [file, { ...file, fileId: '2', fileSha: sha('b') }]) {
      await expect(metadata.finishAsFile(each, eventOf(each))).rejects.toMatchObject({ errorName: 'writeFailed' })
    }
    expect(await metadata.listFiles(anyApp)).toEqual([])
    expect(await metadata.listEvents(anyApp)).toEqual([])
    expect(await metadata.findUploadById(file.fileId)).toEqual(upload())
  })

  it('makes one file and one event of many uploads of the same bytes that end at once', async () => {
    const metadata = await open()
    const uploads = []
    for (let index = 0; index < 12; index++) {
      uploads.push(await addFinishing(metadata, { fileId: String(10 + index), uid: String(index) }))
    }
    const foreign = await addFinishing(metadata, { fileId: '30', appId: secondApp.appId })
    const files = [...uploads, foreign].map((each) => fileOf(each))
    const made = await Promise.all(files.map((file) => metadata.finishAsFile(file, eventOf(file))))

    const winner = made[0]?.fileId
    expect(made.map((file) => file.fileId)).toEqual([...uploads.map(() => winner), '30'])
    expect(await metadata.listFiles({ appId: firstApp.appId, limit: 100 })).toHaveLength(1)
    expect((await metadata.listEvents(anyApp)).map((event) => event.fileId).sort()).toEqual([winner, '30'].sort())
    const left = uploads.filter((each) => each.fileId !== winner)
    expect(await metadata.listUploads('finishing')).toEqual(expect.arrayContaining(left))
    expect(await metadata.countUploads()).toBe(left.length)
  })

  it('answers a file that is there already, however often it is told of it', async () => {
    const metadata = await open()
    const file = await addFile(metadata)
    const again = { ...file, fileName: 'other', createdAt: 99_999 }
    expect(await metadata.finishAsFile(again, eventOf(again))).toEqual(file)
    expect(await metadata.listEvents(anyApp)).toHaveLength(1)
    expect(await metadata.listParts(file.fileId)).toHaveLength(3)
  })

  it('keeps sizes past two and four gigabytes', async () => {
    const metadata = await open()
    for (const [index, fileSize] of [2 ** 31, 2 ** 32 + 1, 2 ** 43].entries()) {
      const given = { fileId: String(10 + index), fileSha: sha(String(index)), fileSize, dataSize: fileSize }
      const file = await addFile(metadata, given, 2 ** 41)
      expect(file.fileSize).toBe(fileSize)
      expect(await metadata.findFile(file.fileId)).toEqual(file)
      expect(await metadata.listParts(file.fileId)).toEqual([
        { offset: 0, dataSize: fileSize, dataMd5: part(upload(), 0).dataMd5 },
      ])
    }
  })

  it('keeps what a probe has found in a file, once', async () => {
    const metadata = await open()
    const made = []
    for (const [index, createdAt] of [30_000, 10_000, 20_000].entries()) {
      made.push(await addFile(metadata, { fileId: String(10 + index), fileSha: sha(String(index)) }, createdAt))
    }
    const [newest, oldest, middle] = made.map((file) => ({ ...file, media: 'unprobed' }))
    expect(await metadata.listUnprobed(10)).toEqual([oldest, middle, newest])
    expect(await metadata.listUnprobed(2)).toEqual([oldest, middle])

    const media = { container: '"; DROP TABLE files; --', durationS: 1.5, width: 640 }
    await metadata.recordMedia([
      { fileId: '10', media },
      { fileId: '11', media: 'failed' },
      { fileId: '99', media }, // there is no such file
    ])
    expect(await metadata.listUnprobed(10)).toEqual([middle])
    await metadata.recordMedia([
      { fileId: '10', media: 'failed' },
      { fileId: '11', media },
    ])
    expect(await metadata.findFile('10')).toEqual({ ...newest, media })
    expect(await metadata.findFile('11')).toEqual({ ...oldest, media: 'failed' })
    expect(await metadata.listFiles(anyApp)).toHaveLength(3)
    await metadata.recordMedia([])
  })

  it('ends an upload as the cover of a file', async () => {
    const metadata = await open()
    const file = await addFile(metadata)
    const cover = coverOf(await addFinishing(metadata, { fileId: '2', fileSha: sha('c') }), file.fileId)
    expect(await metadata.finishAsCover(cover)).toEqual(cover)
    expect(await metadata.findCover('2')).toEqual(cover)
    expect(await metadata.findFile(file.fileId)).toEqual({ ...file, coverId: '2' })
    expect(await metadata.findFile('2')).toBeUndefined()
    expect(await metadata.findUploadById('2')).toBeUndefined()
    expect(await metadata.listParts('2')).toHaveLength(3)
    expect(await metadata.listEvents(anyApp)).toHaveLength(1)
  })

  it('makes one cover of many uploads of the same image that end at once', async () => {
    const metadata = await open()
    const file = await addFile(metadata)
    const covers = []
    for (let index = 0; index < 8; index++) {
      const given = { fileId: String(10 + index), uid: String(index), fileSha: sha('c') }
      covers.push(coverOf(await addFinishing(metadata, given), file.fileId))
    }
    const made = await Promise.all(covers.map((cover) => metadata.finishAsCover(cover)))
    expect(new Set(made.map((cover) => cover.coverId)).size).toBe(1)
    expect(await metadata.countUploads()).toBe(covers.length - 1)
    expect((await metadata.findFile(file.fileId))?.coverId).toBe(made[0]?.coverId)
  })

  it('lets the latest cover be the cover, also when it has been it before', async () => {
    const metadata = await open()
    const file = await addFile(metadata)
    const send = async (coverId: string, fileSha: string, uid = '') =>
      metadata.finishAsCover(coverOf(await addFinishing(metadata, { fileId: coverId, fileSha, uid }), file.fileId))
    await send('11', sha('c'))
    await send('12', sha('d'))
    expect((await metadata.findFile(file.fileId))?.coverId).toBe('12')
    expect((await send('13', sha('c'), 'u')).coverId).toBe('11')
    expect((await metadata.findFile(file.fileId))?.coverId).toBe('11')
  })

  it('makes no cover of an upload that is not finishing, or for a file that is not there', async () => {
    const metadata = await open()
    const file = await addFile(metadata)
    const open2 = coverOf(await addComplete(metadata, { fileId: '2', fileSha: sha('c') }), file.fileId)
    await expect(metadata.finishAsCover(open2)).rejects.toMatchObject({ errorName: 'writeFailed' })
    const finishing = await addFinishing(metadata, { fileId: '3', fileSha: sha('d') })
    await expect(metadata.finishAsCover(coverOf(finishing, '9'))).rejects.toMatchObject({ errorName: 'writeFailed' })
    expect(await metadata.findCover('2')).toBeUndefined()
    expect(await metadata.findUploadById('3')).toEqual(finishing)
    expect((await metadata.findFile(file.fileId))?.coverId).toBeNull()
  })

  it('finds a cover by its bytes: of one file, or the newest of any', async () => {
    const metadata = await open()
    const files = []
    for (const [index, fileSha] of [sha('a'), sha('b')].entries()) {
      const file = await addFile(metadata, { fileId: String(10 + index), fileSha })
      const finishing = await addFinishing(metadata, { fileId: String(20 + index), fileSha: sha('c') })
      await metadata.finishAsCover(coverOf(finishing, file.fileId, { createdAt: 30_000 - index }))
      files.push(file.fileId)
    }
    const find = async (appId: number, fileSha: string, fileId?: string) =>
      (await metadata.findCoverBySha(appId, fileSha, fileId))?.coverId
    expect(await find(firstApp.appId, sha('c'), files[0])).toBe('20')
    expect(await find(firstApp.appId, sha('c'), files[1])).toBe('21')
    expect(await find(firstApp.appId, sha('c'))).toBe('20')
    expect(await find(firstApp.appId, sha('c'), '9')).toBeUndefined()
    expect(await find(firstApp.appId, sha('d'))).toBeUndefined()
    expect(await find(secondApp.appId, sha('c'))).toBeUndefined()
  })

  it('lists files and events, the newest first, of one app or of all', async () => {
    const metadata = await open()
    for (const [index, createdAt] of [300, 100, 200, 400].entries()) {
      const { appId } = index === 3 ? secondApp : firstApp
      await addFile(metadata, { fileId: String(10 + index), fileSha: sha(String(index)), appId }, createdAt)
    }
    const files = async (appId: number | undefined, limit: number) =>
      (await metadata.listFiles({ appId, limit })).map((file) => file.createdAt)
    expect(await files(firstApp.appId, 100)).toEqual([300, 200, 100])
    expect(await files(undefined, 2)).toEqual([400, 300])
    expect(await files(1, 100)).toEqual([])

    const events = async (appId: number | undefined, limit: number) =>
      (await metadata.listEvents({ appId, limit })).map((event) => event.fileId)
    expect(await events(firstApp.appId, 100)).toEqual(['12', '11', '10'])
    expect(await events(undefined, 2)).toEqual(['13', '12'])
    expect(await events(1, 100)).toEqual([])
  })
}
