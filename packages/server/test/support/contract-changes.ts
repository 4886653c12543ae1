import { fileDeleted } from '@sluice/protocol'
import { expect, it } from 'vitest'
import type { FileSearch, Metadata } from '../../src/metadata/metadata.ts'
import { addFile, addFinishing, coverOf, eventOf, firstApp, secondApp, sha } from './records.ts'

const { appId } = firstApp
const anyApp = { appId: undefined, limit: 100 }

/** What the records of files promise once there are some: finding, changing, deleting. */
export function changesContract(open: () => Promise<Metadata>): void {
  it('deletes a file with covers, parts and event in one, and lists their blobs until they are gone', async () => {
    const metadata = await open()
    const file = await addFile(metadata)
    const other = await addFile(metadata, { fileId: '9', fileSha: sha('9') })
    for (const [index, coverId] of ['11', '12'].entries()) {
      const finishing = await addFinishing(metadata, { fileId: coverId, fileSha: sha(String(index)) })
      await metadata.finishAsCover(coverOf(finishing, file.fileId))
    }
    const event = fileDeleted(file.fileId)
    expect((await metadata.deleteFile(file, event, 50_000))?.sort()).toEqual(['11', '12', file.fileId])
    for (const id of ['11', '12', file.fileId]) expect(await metadata.listParts(id)).toEqual([])
    expect(await metadata.findFile(file.fileId)).toBeUndefined()
    expect(await metadata.findFileBySha(appId, file.fileSha)).toBeUndefined()
    expect(await metadata.findCover('11')).toBeUndefined()
    expect(await metadata.listFiles(anyApp)).toEqual([other])
    expect((await metadata.listEvents(anyApp))[0]).toMatchObject({
      appId,
      fileId: file.fileId,
      eventType: 'FileDeleted',
      content: event,
      createdAt: 50_000,
    })

    expect(await metadata.listDiscards(10)).toEqual(['11', '12', file.fileId])
    expect(await metadata.listDiscards(1)).toEqual(['11'])
    await metadata.dropDiscard('11')
    await metadata.dropDiscard('11')
    expect(await metadata.listDiscards(10)).toEqual(['12', file.fileId])
  })

  it('deletes a file once, and only for its app', async () => {
    const metadata = await open()
    const file = await addFile(metadata)
    const drop = (of = appId) =>
      metadata.deleteFile({ appId: of, fileId: file.fileId }, fileDeleted(file.fileId), 50_000)
    expect(await drop(secondApp.appId)).toBeUndefined()
    const outcomes = await Promise.all([drop(), drop(), drop()])
    expect(outcomes.filter((blobIds) => blobIds !== undefined)).toEqual([[file.fileId]])
    expect(await metadata.listEvents(anyApp)).toHaveLength(2)
  })

  it('makes a file again of the bytes of a deleted one, and no cover of it any more', async () => {
    const metadata = await open()
    const file = await addFile(metadata)
    const cover = coverOf(await addFinishing(metadata, { fileId: '2', fileSha: sha('c') }), file.fileId)
    await metadata.deleteFile(file, fileDeleted(file.fileId), 50_000)
    await expect(metadata.finishAsCover(cover)).rejects.toMatchObject({ errorName: 'writeFailed' })
    const again = await addFile(metadata, { fileId: '3' })
    expect(await metadata.findFileBySha(appId, file.fileSha)).toEqual(again)
    expect((await metadata.listEvents(anyApp))[0]?.content).toEqual(eventOf(again))
  })

  it('deletes at its end a file that has not been given more time', async () => {
    const metadata = await open()
    const [early, late] = [await addFile(metadata), await addFile(metadata, { fileId: '2', fileSha: sha('2') })]
    await addFile(metadata, { fileId: '3', fileSha: sha('3') })
    for (const [file, expireAt] of [
      [late, 200],
      [early, 100],
    ] as const) {
      await metadata.changeFile(file, { expireAt, updatedAt: 1 })
    }
    const idsAt = async (now: number) => (await metadata.listExpiredFiles(now, 10)).map(({ fileId }) => fileId)
    expect([await idsAt(99), await idsAt(100), await idsAt(200)]).toEqual([[], [early.fileId], [early.fileId, '2']])
    const drop = (expiredBy: number) =>
      metadata.deleteFile({ ...early, expiredBy }, fileDeleted(early.fileId), expiredBy)
    expect(await drop(99)).toBeUndefined()
    await metadata.changeFile(early, { expireAt: null, updatedAt: 2 })
    expect(await drop(100)).toBeUndefined()
    await metadata.changeFile(early, { expireAt: 100, updatedAt: 2 })
    expect(await drop(100)).toEqual([early.fileId])
  })

  it('lists the blob of an upload that is dropped', async () => {
    const metadata = await open()
    const { fileId } = await addFinishing(metadata)
    await metadata.dropUpload(fileId, 'open')
    expect(await metadata.listDiscards(10)).toEqual([])
    await metadata.dropUpload(fileId, 'finishing')
    expect(await metadata.listDiscards(10)).toEqual([fileId])
  })

  it('changes what is said of a file, and only that', async () => {
    const metadata = await open()
    const file = await addFile(metadata)
    const other = await addFile(metadata, { fileId: '2', fileSha: sha('2') })
    const change = { fileName: '名字', description: 'line\nline', classId: 7, expireAt: 99_000 }
    expect(await metadata.changeFile(file, { ...change, updatedAt: 30_000 })).toBe(true)
    expect(await metadata.findFile(file.fileId)).toEqual({ ...file, ...change, updatedAt: 30_000 })
    const less = { description: '', fileName: undefined, expireAt: null, updatedAt: 31_000 }
    await metadata.changeFile(file, less)
    const changed = { ...file, ...change, description: '', expireAt: null, updatedAt: 31_000 }
    expect(await metadata.findFile(file.fileId)).toEqual(changed)
    expect(await metadata.findFile('2')).toEqual(other)
    expect(await metadata.changeFile({ ...file, appId: secondApp.appId }, less)).toBe(false)
    expect(await metadata.changeFile({ appId, fileId: '404' }, less)).toBe(false)
  })

  it('gives a file other tags only over those that were seen', async () => {
    const metadata = await open()
    const file = await addFile(metadata, { tags: ['a'] })
    expect(await metadata.changeTags(file, ['a', '标签'], 30_000)).toBe(true)
    expect(await metadata.changeTags(file, ['lost'], 31_000)).toBe(false)
    const changed = { ...file, tags: ['a', '标签'], updatedAt: 30_000 }
    expect(await metadata.findFile(file.fileId)).toEqual(changed)
  })

  it('finds files of an app by what is asked, a page at a time', async () => {
    const metadata = await open()
    await metadata.addClass({ appId, parentId: -1, name: 'films', createdAt: 1 })
    const given = [
      { fileName: '我的视频 1', classId: 1 },
      { fileName: '我的视频 2', classId: 0 },
      { fileName: 'My%Video', classId: 9 },
      { fileName: 'my video', classId: 1 },
    ]
    for (const [index, facts] of given.entries()) {
      await addFile(metadata, { fileId: String(10 + index), fileSha: sha(String(index)), ...facts }, (index + 1) * 100)
    }
    await addFile(metadata, { fileId: '20', appId: secondApp.appId, fileName: 'my video' }, 100)
    const find = async (search: Partial<FileSearch>) => {
      const asked = { appId, order: 'asc', offset: 0, limit: 10, ...search } as const
      const { totalCount, files } = await metadata.findFiles(asked)
      return [totalCount, ...files.map(({ fileId }) => fileId)]
    }
    expect(await find({})).toEqual([4, '10', '11', '12', '13'])
    expect(await find({ order: 'desc', limit: 2 })).toEqual([4, '13', '12'])
    expect(await find({ offset: 3, limit: 2 })).toEqual([4, '13'])
    expect(await find({ offset: 9 })).toEqual([4])
    expect(await find({ fileIds: ['11', '20', '404'] })).toEqual([1, '11'])
    expect(await find({ from: 200, before: 400 })).toEqual([2, '11', '12'])
    expect(await find({ classId: 1 })).toEqual([2, '10', '13'])
    expect(await find({ classId: 0 })).toEqual([2, '11', '12'])
    expect(await find({ namePrefix: '我的' })).toEqual([2, '10', '11'])
    expect(await find({ namePrefix: 'my' })).toEqual([1, '13'])
    expect(await find({ namePrefix: 'My%' })).toEqual([1, '12'])
    expect(await find({ namePrefix: '%' })).toEqual([0])
    expect(await find({ appId: secondApp.appId })).toEqual([1, '20'])
  })

  it('lists the covers of several files', async () => {
    const metadata = await open()
    const file = await addFile(metadata)
    const cover = coverOf(await addFinishing(metadata, { fileId: '2', fileSha: sha('c') }), file.fileId)
    await metadata.finishAsCover(cover)
    expect(await metadata.listCovers(['2', '404'])).toEqual([cover])
  })
}
