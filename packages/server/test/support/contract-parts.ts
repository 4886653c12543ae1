import { partRanges } from '@sluice/protocol'
import { expect, it } from 'vitest'
import type { Metadata, Upload } from '../../src/metadata/metadata.ts'
import { seededRandom } from './random.ts'
import { addComplete, addFinishing, md5, part, sha, upload } from './records.ts'

const change = (of: Upload) => ({ facts: of, family: of.family, touchedAt: 40_000 })

/** What the records of parts promise, and the step to `finishing` that rests on them. */
export function partsContract(open: () => Promise<Metadata>): void {
  it('lists parts in the order of the file, whatever order they came in', async () => {
    const metadata = await open()
    await metadata.addUpload(upload())
    for (const offset of [2_000, 0, 1_000]) expect(await metadata.addPart(part(upload(), offset))).toBe(true)
    expect(await metadata.listParts(upload().fileId)).toEqual([
      { offset: 0, dataSize: 1_000, dataMd5: md5('1') },
      { offset: 1_000, dataSize: 1_000, dataMd5: md5('1') },
      { offset: 2_000, dataSize: 500, dataMd5: md5('1') },
    ])
    expect(await metadata.findPart(upload().fileId, 2_000)).toEqual({ offset: 2_000, dataSize: 500, dataMd5: md5('1') })
    expect(await metadata.findPart(upload().fileId, 500)).toBeUndefined()
    expect(await metadata.findPart('2', 0)).toBeUndefined()
    expect(await metadata.listParts('2')).toEqual([])
  })

  it('records a part only while there is its upload, whatever else is recorded with it', async () => {
    const metadata = await open()
    await metadata.addUpload(upload())
    const stranger = upload({ fileId: '2' })
    const asked = [part(upload(), 0), part(stranger, 0), part(upload(), 1_000), part(stranger, 1_000)]
    expect(await Promise.all(asked.map((each) => metadata.addPart(each)))).toEqual([true, false, true, false])
    expect(await metadata.addPart(part(stranger, 2_000))).toBe(false)
    expect((await metadata.listParts(upload().fileId)).map((each) => each.offset)).toEqual([0, 1_000])
    expect(await metadata.listParts('2')).toEqual([])
  })

  it('takes no part any more once the upload is finishing', async () => {
    const metadata = await open()
    const finishing = await addFinishing(metadata)
    expect(await metadata.addPart(part(finishing, 0, md5('2')))).toBe(false)
    expect(await metadata.dropPart(finishing.fileId, 0)).toBe(false)
    expect(await metadata.findPart(finishing.fileId, 0)).toMatchObject({ dataMd5: md5('1') })
  })

  it('lets the later one of two parts at the same place win', async () => {
    const metadata = await open()
    await metadata.addUpload(upload())
    await metadata.addPart(part(upload(), 0, md5('1')))
    expect(await metadata.addPart(part(upload(), 0, md5('2')))).toBe(true)
    expect((await metadata.listParts(upload().fileId)).map((each) => each.dataMd5)).toEqual([md5('2')])
    await Promise.all(['3', '4', '5'].map((digit) => metadata.addPart(part(upload(), 0, md5(digit)))))
    expect((await metadata.listParts(upload().fileId)).map((each) => each.dataMd5)).toEqual([md5('5')])
  })

  it('records 3,000 parts of three uploads at once', async () => {
    const metadata = await open()
    const uploads = ['1', '2', '3'].map((uid) => upload({ fileId: `1${uid}`, uid, fileSize: 999_999 }))
    for (const each of uploads) await metadata.addUpload(each)
    const parts = uploads.flatMap((each) => [...partRanges(each)].map(({ offset }) => part(each, offset)))
    const added = seededRandom(3)
      .shuffled(parts)
      .map((each) => metadata.addPart(each))
    expect(new Set(await Promise.all(added))).toEqual(new Set([true]))
    for (const each of uploads) {
      const listed = await metadata.listParts(each.fileId)
      expect(listed.map(({ offset, dataSize }) => ({ offset, dataSize }))).toEqual([...partRanges(each)])
      expect(await metadata.beginFinish(each.fileId, change(each))).toBe(true)
    }
  })

  it('records the good ones of 3,000 parts at once when an upload among them has ended', async () => {
    const metadata = await open()
    const [kept, ended] = ['1', '2'].map((uid) => upload({ fileId: `1${uid}`, uid, fileSize: 1_500_000 }))
    if (!kept || !ended) return
    await metadata.addUpload(kept)
    const parts = [...partRanges(kept)].flatMap(({ offset }) => [part(kept, offset), part(ended, offset)])
    const answers = await Promise.all(parts.map((each) => metadata.addPart(each)))
    expect(answers).toEqual(parts.map((each) => each.fileId === kept.fileId))
    expect(await metadata.listParts(kept.fileId)).toHaveLength(1_500)
    expect(await metadata.listParts(ended.fileId)).toEqual([])
  })

  it('drops a part of an open upload', async () => {
    const metadata = await open()
    await addComplete(metadata)
    await addComplete(metadata, { fileId: '2', uid: 'u' })
    expect(await metadata.dropPart(upload().fileId, 1_000)).toBe(true)
    expect((await metadata.listParts(upload().fileId)).map((each) => each.offset)).toEqual([0, 2_000])
    expect(await metadata.listParts('2')).toHaveLength(3)
    expect((await metadata.findUploadById(upload().fileId))?.touchedAt).toBe(upload().touchedAt)
    expect(await metadata.dropPart('3', 0)).toBe(false)
  })

  it('begins to finish once, and only with all parts', async () => {
    const metadata = await open()
    await metadata.addUpload(upload())
    for (const offset of [0, 1_000, 2_000]) {
      expect(await metadata.beginFinish(upload().fileId, change(upload()))).toBe(false)
      await metadata.addPart(part(upload(), offset))
    }
    const begun = await Promise.all([1, 2, 3].map(() => metadata.beginFinish(upload().fileId, change(upload()))))
    expect(begun.filter((did) => did)).toHaveLength(1)
    expect(await metadata.beginFinish('2', change(upload()))).toBe(false)
  })

  it('takes over the facts that Finish goes by', async () => {
    const metadata = await open()
    await addComplete(metadata)
    const facts = upload({ fileName: 'signed', fileType: 'mov', tags: ['x'], watermark: true })
    await metadata.beginFinish(upload().fileId, { facts, family: 'ugc', touchedAt: 40_000 })
    const expected = { ...facts, family: 'ugc', touchedAt: 40_000, state: 'finishing' }
    expect(await metadata.findUploadById(upload().fileId)).toEqual(expected)
  })

  it('either drops a part or begins to finish, when both come at once', async () => {
    const metadata = await open()
    for (let turn = 0; turn < 20; turn++) {
      const each = await addComplete(metadata, { fileId: String(100 + turn), uid: String(turn) })
      const drop = () => metadata.dropPart(each.fileId, 0)
      const begin = () => metadata.beginFinish(each.fileId, change(each))
      const calls = turn % 2 === 0 ? [drop(), begin()] : [begin(), drop()]
      expect((await Promise.all(calls)).filter((did) => did)).toHaveLength(1)
      const finishing = (await metadata.findUploadById(each.fileId))?.state === 'finishing'
      expect(await metadata.listParts(each.fileId)).toHaveLength(finishing ? 3 : 2)
    }
  })

  it('counts offsets and sizes past two and four gigabytes', async () => {
    const metadata = await open()
    for (const [index, dataSize] of [2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 40].entries()) {
      const huge = upload({
        fileId: String(10 + index),
        fileSha: sha(String(index)),
        dataSize,
        fileSize: 3 * dataSize + 1,
      })
      await metadata.addUpload(huge)
      expect(await metadata.findUploadById(huge.fileId)).toEqual(huge)
      const offsets = [0, dataSize, 2 * dataSize, 3 * dataSize]
      for (const offset of offsets.toReversed()) {
        expect(await metadata.beginFinish(huge.fileId, change(huge))).toBe(false)
        expect(await metadata.addPart(part(huge, offset))).toBe(true)
      }
      expect((await metadata.listParts(huge.fileId)).map((each) => each.offset)).toEqual(offsets)
      expect(await metadata.findPart(huge.fileId, 3 * dataSize)).toMatchObject({ dataSize: 1 })
      expect(await metadata.beginFinish(huge.fileId, change(huge))).toBe(true)
    }
  })
}
