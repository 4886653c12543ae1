import { expect, it } from 'vitest'
import { coverUid, type Metadata, type UploadChange } from '../../src/metadata/metadata.ts'
import { addComplete, addFinishing, firstApp, part, secondApp, sha, upload } from './records.ts'

const change: UploadChange = {
  facts: upload({ fileName: 'other', fileType: 'flv', classId: 7, tags: ['a', 'b'], transcode: true, coverOf: '12' }),
  family: 'ugc',
  touchedAt: 30_000,
}
const adopted = {
  ...{ fileName: 'other', fileType: 'flv', classId: 7, tags: ['a', 'b'], transcode: true, coverOf: '12' },
  family: 'ugc',
  touchedAt: 30_000,
} as const

/** What the records of uploads promise, but for their parts. */
export function uploadsContract(open: () => Promise<Metadata>): void {
  it('finds an upload as it was added', async () => {
    const metadata = await open()
    const plain = upload()
    const full = upload({
      ...change.facts,
      fileId: '2',
      uid: 'u',
      family: 'ugc',
      fileSha: sha('b'),
      state: 'finishing',
    })
    for (const each of [plain, full]) {
      expect(await metadata.addUpload(each)).toBe(true)
      expect(await metadata.findUploadById(each.fileId)).toEqual(each)
      expect(await metadata.findUpload(each)).toEqual(each)
    }
    expect(await metadata.findUploadById('3')).toBeUndefined()
  })

  it('adds one upload for each app, user and file', async () => {
    const metadata = await open()
    const others = [{ appId: secondApp.appId }, { uid: 'u' }, { fileSha: sha('b') }]
    for (const [index, other] of [{}, ...others].entries()) {
      expect(await metadata.addUpload(upload({ fileId: `1${index}`, ...other }))).toBe(true)
      expect(await metadata.addUpload(upload({ fileId: `2${index}`, ...other, fileSize: 1 }))).toBe(false)
    }
    expect(await metadata.countUploads()).toBe(4)
    expect(await metadata.findUploadById('20')).toBeUndefined()
  })

  it('adds one upload when many calls ask at once', async () => {
    const metadata = await open()
    const asked = Array.from({ length: 20 }, (_, index) => upload({ fileId: `1${index}` }))
    const answers = await Promise.all(asked.map((each) => metadata.addUpload(each)))
    expect(answers.filter((added) => added)).toHaveLength(1)
    expect(await metadata.findUpload(upload())).toEqual(asked[answers.indexOf(true)])
  })

  it('takes no upload of an app that is not there', async () => {
    const metadata = await open()
    await expect(metadata.addUpload(upload({ appId: 1 }))).rejects.toMatchObject({ errorName: 'writeFailed' })
  })

  it("finds a user's own upload, else the one of the server family, never another user's", async () => {
    const metadata = await open()
    const key = { appId: firstApp.appId, fileSha: sha('a') }
    await metadata.addUpload(upload({ fileId: '11', uid: 'other' }))
    expect(await metadata.findUpload({ ...key, uid: 'me' })).toBeUndefined()
    expect(await metadata.findUpload({ ...key, uid: '' })).toBeUndefined()
    await metadata.addUpload(upload({ fileId: '12' }))
    expect((await metadata.findUpload({ ...key, uid: 'me' }))?.fileId).toBe('12')
    await metadata.addUpload(upload({ fileId: '13', uid: 'me' }))
    expect((await metadata.findUpload({ ...key, uid: 'me' }))?.fileId).toBe('13')
    expect((await metadata.findUpload({ ...key, uid: '' }))?.fileId).toBe('12')
    expect(await metadata.findUpload({ ...key, uid: 'me', appId: secondApp.appId })).toBeUndefined()
  })

  it("finds a user's cover of a video, never an upload of the server family or another video's cover", async () => {
    const metadata = await open()
    const key = { appId: firstApp.appId, fileSha: sha('a') }
    for (const [fileId, uid] of Object.entries({ 11: '', 12: 'me', 13: coverUid('me', '7'), 14: coverUid('', '7') })) {
      await metadata.addUpload(upload({ fileId, uid }))
    }
    expect((await metadata.findUpload({ ...key, uid: coverUid('me', '7') }))?.fileId).toBe('13')
    expect((await metadata.findUpload({ ...key, uid: coverUid('', '7') }))?.fileId).toBe('14')
    expect(await metadata.findUpload({ ...key, uid: coverUid('me', '8') })).toBeUndefined()
  })

  it('takes over the facts of a new Init while the upload is open', async () => {
    const metadata = await open()
    await addComplete(metadata)
    expect(await metadata.adoptFacts(upload().fileId, change)).toBe(true)
    expect(await metadata.findUpload(upload())).toEqual({ ...upload(), ...adopted })
    expect(await metadata.listParts(upload().fileId)).toHaveLength(3)
    expect(await metadata.adoptFacts('1', change)).toBe(false)
  })

  it('takes over nothing once the upload is finishing', async () => {
    const metadata = await open()
    const finishing = await addFinishing(metadata)
    expect(await metadata.adoptFacts(finishing.fileId, change)).toBe(false)
    expect(await metadata.adoptGeometry(finishing.fileId, { fileId: '2', fileSize: 1, dataSize: 1 })).toBe(false)
    expect(await metadata.findUpload(finishing)).toEqual(finishing)
  })

  it('cuts an upload anew under a new fileId, but not once it has a part', async () => {
    const metadata = await open()
    await metadata.addUpload(upload())
    const anew = { fileId: '2', fileSize: 3_000, dataSize: 1_500 }
    expect(await metadata.adoptGeometry(upload().fileId, anew)).toBe(true)
    expect(await metadata.findUpload(upload())).toEqual(upload(anew))
    expect(await metadata.findUploadById(upload().fileId)).toBeUndefined()

    await metadata.addPart(part(upload(anew), 1_500))
    expect(await metadata.adoptGeometry('2', { ...anew, fileId: '3' })).toBe(false)
    expect(await metadata.findUpload(upload())).toMatchObject(anew)
    expect(await metadata.adoptGeometry('3', anew)).toBe(false)
  })

  it('either records a part or cuts anew, when both come at once', async () => {
    const metadata = await open()
    for (let turn = 0; turn < 20; turn++) {
      const each = upload({ fileId: `1${turn}`, uid: `user ${turn}` })
      await metadata.addUpload(each)
      const adopt = () => metadata.adoptGeometry(each.fileId, { fileId: `2${turn}`, fileSize: 9, dataSize: 9 })
      const add = () => metadata.addPart(part(each, 0))
      const both =
        turn % 2 === 0 ? Promise.all([adopt(), add()]) : Promise.all([add(), adopt()]).then((did) => did.reverse())
      const [cut, recorded] = await both
      expect(cut).toBe(!recorded)
      expect(await metadata.listParts(`1${turn}`)).toHaveLength(recorded ? 1 : 0)
      expect((await metadata.findUpload(each))?.fileSize).toBe(cut ? 9 : each.fileSize)
    }
  })

  it('notes when an upload was last touched', async () => {
    const metadata = await open()
    await metadata.addUpload(upload())
    await metadata.touchUpload(upload().fileId, 77_777)
    expect(await metadata.findUpload(upload())).toEqual(upload({ touchedAt: 77_777 }))
  })

  it('drops an upload with its parts, in the state it is said to be in', async () => {
    const metadata = await open()
    await addComplete(metadata)
    await addFinishing(metadata, { fileId: '2', fileSha: sha('b') })
    for (const [fileId, state, other] of [
      [upload().fileId, 'open', 'finishing'],
      ['2', 'finishing', 'open'],
    ] as const) {
      expect(await metadata.dropUpload(fileId, other)).toBe(false)
      expect(await metadata.listParts(fileId)).toHaveLength(3)
      expect(await metadata.dropUpload(fileId, state)).toBe(true)
      expect(await metadata.listParts(fileId)).toEqual([])
      expect(await metadata.findUploadById(fileId)).toBeUndefined()
      expect(await metadata.dropUpload(fileId, state)).toBe(false)
    }
  })

  it('drops an upload once when several calls do, and leaves the others alone', async () => {
    const metadata = await open()
    const kept = await addComplete(metadata, { fileId: '2', fileSha: sha('b') })
    await addComplete(metadata)
    const drops = await Promise.all([1, 2, 3].map(() => metadata.dropUpload(upload().fileId, 'open')))
    expect(drops.filter((dropped) => dropped)).toHaveLength(1)
    expect(await metadata.findUploadById('2')).toEqual(kept)
    expect(await metadata.listParts('2')).toHaveLength(3)
  })

  it('lists and counts uploads, and tells which ids are such', async () => {
    const metadata = await open()
    await addComplete(metadata)
    await addFinishing(metadata, { fileId: '2', fileSha: sha('b') })
    expect(await metadata.countUploads()).toBe(2)
    expect((await metadata.listUploads('open')).map((each) => each.fileId)).toEqual([upload().fileId])
    expect((await metadata.listUploads('finishing')).map((each) => each.fileId)).toEqual(['2'])
    const many = Array.from({ length: 500 }, (_, index) => String(index + 10))
    expect(await metadata.whichUploads([...many, '2', upload().fileId])).toEqual(new Set(['2', upload().fileId]))
  })

  it('lists expired uploads of either state, the longest untouched first', async () => {
    const metadata = await open()
    for (const [index, touchedAt] of [400, 100, 300, 200].entries()) {
      await addComplete(metadata, { fileId: String(index + 10), uid: String(index), touchedAt })
    }
    await addFinishing(metadata, { fileId: '20', uid: 'finishing', touchedAt: 50 })
    const expired = async (before: number, limit: number) =>
      (await metadata.listExpired(before, limit)).map((each) => each.touchedAt)
    expect(await expired(300, 10)).toEqual([50, 100, 200])
    expect(await expired(301, 10)).toEqual([50, 100, 200, 300])
    expect(await expired(1_000, 2)).toEqual([50, 100])
    expect(await expired(50, 10)).toEqual([])
  })
}
