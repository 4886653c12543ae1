import { beforeEach, expect, it, onTestFinished } from 'vitest'
import type { Metadata, Upload } from '../src/metadata/metadata.ts'
import { rememberUploads } from '../src/metadata/recent-uploads.ts'
import { openSqlite } from '../src/metadata/sqlite.ts'
import { coverOf, eventOf, fileOf, firstApp, part, sha, upload } from './support/records.ts'
import { temporaryDirectory } from './support/service.ts'

let metadata: Metadata
let reads: string[]
let duringRead: () => unknown

beforeEach(async () => {
  const store = await openSqlite(await temporaryDirectory())
  onTestFinished(() => store.close())
  await store.addApp(firstApp)
  reads = []
  duringRead = () => undefined
  metadata = rememberUploads({
    ...store,
    async recallUpload(key) {
      reads.push(key.uid)
      const found = await store.recallUpload(key)
      await duringRead()
      return found
    },
  })
  await metadata.addUpload(upload())
})

const find = (given: Partial<Upload> = {}) => metadata.recallUpload(upload(given))

it('asks the store once for all parts of an upload', async () => {
  for (const offset of [0, 1_000, 2_000]) {
    expect(await find()).toEqual(upload())
    expect(await metadata.addPart(part(upload(), offset))).toBe(true)
  }
  expect(reads).toEqual([''])
})

it('asks again while there is none', async () => {
  await metadata.dropUpload(upload().fileId, 'open')
  expect([await find(), await find()]).toEqual([undefined, undefined])
  expect(reads).toHaveLength(2)
})

it('tells users apart, and shows a user the upload of his own once he has one', async () => {
  expect(await find({ uid: 'u' })).toEqual(upload())
  const own = upload({ fileId: '2', uid: 'u' })
  await metadata.addUpload(own)
  expect(await find({ uid: 'u' })).toEqual(own)
  expect(await find()).toEqual(upload())
})

it('forgets with every change', async () => {
  const change = { facts: upload({ fileName: 'other' }), family: 'ugc', touchedAt: 20_000 } as const
  const anew = { fileId: '7', fileSize: 1_000, dataSize: 1_000 }
  const steps: [() => Promise<unknown>, Partial<Upload> | undefined][] = [
    [() => metadata.touchUpload(upload().fileId, 15_000), { touchedAt: 15_000 }],
    [() => metadata.adoptFacts(upload().fileId, change), { fileName: 'other', family: 'ugc' }],
    [() => metadata.adoptGeometry(upload().fileId, anew), anew],
    [() => metadata.addPart(part(upload(anew), 0)), anew],
    [() => metadata.beginFinish('7', change), { state: 'finishing' }],
    [() => metadata.finishAsFile(fileOf(upload(anew)), eventOf(fileOf(upload(anew)))), undefined],
  ]
  for (const [step, then] of steps) {
    await find()
    await step()
    const found = await find()
    if (then) expect(found).toMatchObject(then)
    else expect(found).toBeUndefined()
  }
  const cover = upload({ fileId: '8', fileSha: sha('c'), coverOf: '7', fileSize: 1_000 })
  await metadata.addUpload(cover)
  await metadata.addPart(part(cover, 0))
  await metadata.beginFinish('8', { ...change, facts: cover })
  expect(await metadata.recallUpload(cover)).toMatchObject({ state: 'finishing' })
  await metadata.finishAsCover(coverOf(cover, '7'))
  expect(await metadata.recallUpload(cover)).toBeUndefined()
})

it('forgets an upload that takes no part any more', async () => {
  await find()
  expect(await metadata.addPart(part(upload({ fileId: '9' }), 0))).toBe(false)
  await find()
  expect(reads).toHaveLength(2)
})

it('remembers nothing that was read across a change', async () => {
  duringRead = () => {
    duringRead = () => undefined
    return metadata.touchUpload(upload().fileId, 15_000)
  }
  expect((await find())?.touchedAt).toBe(10_000)
  expect((await find())?.touchedAt).toBe(15_000)
})
