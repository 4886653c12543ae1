import { expect, it } from 'vitest'
import type { Metadata } from '../../src/metadata/metadata.ts'
import { addFile, firstApp, secondApp, sha } from './records.ts'

const { appId } = firstApp

/** What the records of classes promise. */
export function classesContract(open: () => Promise<Metadata>): void {
  const add = (metadata: Metadata, name: string, parentId = -1, of = appId) =>
    metadata.addClass({ appId: of, parentId, name, createdAt: 5_000 })

  it('makes classes under ids of each app’s own, and gives none twice', async () => {
    const metadata = await open()
    const films = { appId, classId: 1, parentId: -1, name: 'films', createdAt: 5_000, updatedAt: 5_000 }
    expect(await add(metadata, 'films')).toEqual(films)
    expect(await add(metadata, 'old', 1)).toEqual({ ...films, classId: 2, parentId: 1, name: 'old' })
    expect(await add(metadata, 'films', -1, secondApp.appId)).toMatchObject({ classId: 1 })
    expect(await metadata.dropClass({ appId, classId: 2 })).toBe(true)
    expect((await add(metadata, 'new', 1))?.classId).toBe(3)
    expect((await metadata.listClasses(appId)).map(({ classId }) => classId)).toEqual([1, 3])
    expect(await metadata.findApp(appId)).toEqual(firstApp)
  })

  it('makes many at once, each under another id', async () => {
    const metadata = await open()
    const made = await Promise.all(Array.from({ length: 10 }, (_, index) => add(metadata, `class ${index}`)))
    expect(new Set(made.map((one) => one?.classId)).size).toBe(10)
  })

  it('makes none below one that is not there, or is another app’s', async () => {
    const metadata = await open()
    await add(metadata, 'films')
    expect(await add(metadata, 'old', 2)).toBeUndefined()
    expect(await add(metadata, 'old', 1, secondApp.appId)).toBeUndefined()
    expect(await metadata.listClasses(secondApp.appId)).toEqual([])
  })

  it('renames a class of the app', async () => {
    const metadata = await open()
    await add(metadata, 'films')
    expect(await metadata.renameClass({ appId, classId: 1 }, '电影', 6_000)).toBe(true)
    expect(await metadata.listClasses(appId)).toMatchObject([{ name: '电影', createdAt: 5_000, updatedAt: 6_000 }])
    expect(await metadata.renameClass({ appId: secondApp.appId, classId: 1 }, 'x', 6_000)).toBe(false)
    expect(await metadata.renameClass({ appId, classId: 2 }, 'x', 6_000)).toBe(false)
  })

  it('drops a class that has neither classes nor files', async () => {
    const metadata = await open()
    for (const [name, parentId] of [
      ['above', -1],
      ['below', 1],
      ['used', -1],
    ] as const)
      await add(metadata, name, parentId)
    await add(metadata, 'used', -1, secondApp.appId)
    await addFile(metadata, { classId: 3 })
    const drop = (classId: number, of = appId) => metadata.dropClass({ appId: of, classId })
    expect([await drop(1), await drop(3), await drop(9)]).toEqual([false, false, false])
    expect(await drop(1, secondApp.appId), 'another app’s files are no hindrance').toBe(true)
    expect([await drop(2), await drop(1), await drop(1)]).toEqual([true, true, false])
  })

  it('counts the files that name a class, also where there is none', async () => {
    const metadata = await open()
    for (const [index, classId] of [0, 7, 7].entries()) {
      await addFile(metadata, { fileId: String(10 + index), fileSha: sha(String(index)), classId })
    }
    expect(await metadata.countFilesByClass(appId)).toEqual(
      new Map([
        [0, 1],
        [7, 2],
      ]),
    )
    expect(await metadata.countFilesByClass(secondApp.appId)).toEqual(new Map())
  })
}
