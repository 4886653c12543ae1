import { createHash } from 'node:crypto'
import { partRanges } from '@sluice/protocol'
import { expect, it, onTestFinished } from 'vitest'
import { DiskBlobs } from '../src/blobs/disk.ts'
import { Slots } from '../src/engine/slots.ts'
import type { Upload } from '../src/metadata/metadata.ts'
import { openSqlite } from '../src/metadata/sqlite.ts'
import { Verifier } from '../src/uploads/verifier.ts'
import { memoryDirectory } from './support/memory-directory.ts'
import { type Random, seededRandom } from './support/random.ts'
import { firstApp, upload } from './support/records.ts'
import { type SampleFile, sampleFile } from './support/service.ts'

const dataSize = 1_000
const partsOf = (file: SampleFile) =>
  [...partRanges({ fileSize: file.bytes.length, dataSize })].map(({ offset }) => offset)

/** Real stores with a verifier over them; its reading back is counted, and can be made to fail. */
async function openStage(slotCount: number) {
  const directory = await memoryDirectory()
  const metadata = await openSqlite(directory)
  const blobs = await DiskBlobs.create(directory, { minFreeBytes: 0 })
  onTestFinished(async () => {
    await blobs.close()
    await metadata.close()
  })
  await metadata.addApp(firstApp)
  const slots = new Slots(slotCount * dataSize, dataSize)
  const reads = { offsets: [] as number[], atOnce: 0, mostAtOnce: 0, failures: [] as Error[] }

  const readPart = async (fileId: string, offset: number, target: Uint8Array) => {
    reads.offsets.push(offset)
    reads.mostAtOnce = Math.max(reads.mostAtOnce, ++reads.atOnce)
    try {
      const failure = reads.failures.shift()
      if (failure) throw failure
      await blobs.readPart(fileId, offset, target)
    } finally {
      reads.atOnce--
    }
  }
  const newVerifier = () => new Verifier(metadata, { readPart }, slots)
  let uploads = 0

  return {
    slots,
    reads,
    metadata,
    verifier: newVerifier(),
    /** What a restart leaves: the stores, and a verifier that knows nothing. */
    newVerifier,
    async addUpload(file: SampleFile): Promise<Upload> {
      const fileId = String(100 + uploads++)
      const added = upload({ fileId, uid: fileId, fileSha: file.fileSha, fileSize: file.bytes.length, dataSize })
      await metadata.addUpload(added)
      return added
    },
    /** Stores a part as UploadPart does, and lets a verifier follow. */
    async store(verifier: Verifier, to: Upload, file: SampleFile, offset: number): Promise<void> {
      const slot = await slots.acquire(new AbortController().signal)
      slot.append(file.bytes.subarray(offset, offset + dataSize))
      const dataMd5 = createHash('md5').update(slot.bytes).digest('hex')
      await blobs.writePart(to.fileId, offset, slot.bytes)
      await metadata.addPart({ fileId: to.fileId, offset, dataSize: slot.length, dataMd5 })
      verifier.follow(to, offset, slot)
      slot.release()
    },
  }
}

/** Does work for every item, so many at once, in the order of the items. */
async function atOnce<T>(count: number, items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = [...items]
  const worker = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item)
  }
  await Promise.all(Array.from({ length: count }, worker))
}

/** Parts in the order a client sends them that keeps `window` in flight. */
function roughlyInOrder(offsets: readonly number[], window: number, random: Random): number[] {
  const windows = Array.from({ length: Math.ceil(offsets.length / window) }, (_, index) => index * window)
  return windows.flatMap((start) => random.shuffled(offsets.slice(start, start + window)))
}

const file = sampleFile(40 * dataSize + 321)

it('reads nothing back of parts that come in order', async () => {
  const { slots, reads, verifier, addUpload, store } = await openStage(8)
  const to = await addUpload(file)
  for (const offset of partsOf(file)) await store(verifier, to, file, offset)
  expect(await verifier.digest(to)).toBe(file.fileSha)
  expect(reads.offsets).toEqual([])
  expect(slots.free).toBe(slots.count)
})

it('reads nothing back of parts that come six at once, roughly in order', async () => {
  for (const seed of [1, 2, 3, 4, 5]) {
    const { slots, reads, verifier, addUpload, store } = await openStage(64)
    const to = await addUpload(file)
    const order = roughlyInOrder(partsOf(file), 6, seededRandom(seed))
    await atOnce(6, order, (offset) => store(verifier, to, file, offset))
    expect(await verifier.digest(to)).toBe(file.fileSha)
    expect(reads.offsets, `read back with seed ${seed}`).toEqual([])
    expect(slots.free).toBe(slots.count)
  }
})

it('holds no more than half of the slots for parts that come in reverse, and reads the rest back', async () => {
  const { slots, reads, verifier, addUpload, store } = await openStage(8)
  const to = await addUpload(file)
  for (const offset of partsOf(file).reverse()) {
    await store(verifier, to, file, offset)
    expect(slots.free).toBeGreaterThanOrEqual(4)
  }
  expect(await verifier.digest(to)).toBe(file.fileSha)
  expect(reads.offsets.length).toBeGreaterThan(0)
  expect(reads.offsets.length).toBeLessThanOrEqual(partsOf(file).length - 4)
  expect(new Set(reads.offsets).size).toBe(reads.offsets.length)
  expect(slots.free).toBe(slots.count)
})

it('holds nothing when there is one slot', async () => {
  const { slots, verifier, addUpload, store } = await openStage(1)
  const to = await addUpload(file)
  for (const offset of partsOf(file).reverse()) await store(verifier, to, file, offset)
  expect(slots.free).toBe(1)
  expect(await verifier.digest(to)).toBe(file.fileSha)
})

it('counts the bytes that lie ahead of what is hashed', async () => {
  const { verifier, addUpload, store } = await openStage(8)
  const to = await addUpload(file)
  await store(verifier, to, file, 3 * dataSize)
  expect(verifier.lagBytes).toBe(4 * dataSize)
  for (const offset of [0, dataSize, 2 * dataSize]) await store(verifier, to, file, offset)
  await verifier.digest(to).catch(() => undefined) // hashes what there is, and finds the rest missing
  expect(verifier.lagBytes).toBe(0)
})

it('hashes the bytes that replaced others, whether those were hashed or held', async () => {
  const wrong = { ...file, bytes: sampleFile(file.bytes.length, 2).bytes }
  const { slots, verifier, addUpload, store } = await openStage(16)
  for (const replaced of [0, 3 * dataSize]) {
    const to = await addUpload(file)
    for (const offset of [0, 3 * dataSize]) await store(verifier, to, offset === replaced ? wrong : file, offset)
    await new Promise((done) => setTimeout(done, 5)) // time for what can be hashed to be hashed
    verifier.forget(to.fileId)
    await store(verifier, to, file, replaced)
    for (const offset of partsOf(file).filter((each) => each % (3 * dataSize) !== 0 || each > 3 * dataSize)) {
      await store(verifier, to, file, offset)
    }
    expect(await verifier.digest(to)).toBe(file.fileSha)
  }
  expect(slots.free).toBe(slots.count)
})

it('gives back the slots of an upload that is forgotten', async () => {
  const { slots, verifier, addUpload, store } = await openStage(8)
  const to = await addUpload(file)
  for (const offset of [1_000, 2_000, 3_000]) await store(verifier, to, file, offset)
  expect(slots.free).toBe(5)
  verifier.forget(to.fileId)
  verifier.forget(to.fileId)
  expect(slots.free).toBe(8)
  expect(verifier.lagBytes).toBe(0)
})

it('reads back the prefix after a restart, once, and nothing behind the gap', async () => {
  const { reads, verifier: before, newVerifier, addUpload, store } = await openStage(16)
  const to = await addUpload(file)
  const [prefix, behind] = [partsOf(file).slice(0, 10), partsOf(file).slice(11)]
  for (const offset of [...prefix, ...behind]) await store(before, to, file, offset)

  const verifier = newVerifier()
  verifier.catchUp(to)
  verifier.catchUp(to)
  await expect(verifier.digest(to)).rejects.toMatchObject({ errorName: 'writeFailed' })
  expect(reads.offsets).toEqual(prefix)

  reads.offsets.length = 0
  const later = newVerifier()
  await store(later, to, file, 10 * dataSize)
  expect(await later.digest(to)).toBe(file.fileSha)
  expect(reads.offsets).toEqual([...prefix, ...behind])
})

it('has another thread hash what was stored before a restart, and hashes here what is only not held', async () => {
  const { reads, verifier: before, newVerifier, addUpload, store } = await openStage(1)
  const to = await addUpload(file)
  let threads = 0
  const onThread = () => threads++
  process.on('worker', onThread)
  onTestFinished(() => void process.off('worker', onThread))

  for (const offset of partsOf(file)) await store(before, to, file, offset)
  expect(await before.digest(to)).toBe(file.fileSha)
  expect(reads.offsets).toEqual(partsOf(file))
  expect(threads).toBe(0)

  const verifier = newVerifier()
  expect(await verifier.digest(to)).toBe(file.fileSha)
  expect(threads).toBe(1)
  await verifier.close()
})

it('reports a failure to read back, and gets it right when asked again', async () => {
  const { slots, reads, verifier: before, newVerifier, addUpload, store } = await openStage(8)
  const to = await addUpload(file)
  for (const offset of partsOf(file)) await store(before, to, file, offset)
  await before.digest(to)

  const verifier = newVerifier()
  const failure = new Error('the disk is on fire')
  reads.failures.push(failure)
  await expect(verifier.digest(to)).rejects.toMatchObject({ errorName: 'writeFailed', canRetry: 1, cause: failure })
  expect(await verifier.digest(to)).toBe(file.fileSha)
  expect(slots.free).toBe(slots.count)
})

it('survives a failure that nobody waits for', async () => {
  const { reads, verifier: before, newVerifier, addUpload, store } = await openStage(8)
  const to = await addUpload(file)
  for (const offset of partsOf(file)) await store(before, to, file, offset)
  await before.digest(to)

  const verifier = newVerifier()
  reads.failures.push(new Error('the disk is on fire'))
  verifier.catchUp(to)
  while (reads.offsets.length === 0 || reads.atOnce > 0) await new Promise((done) => setTimeout(done, 1))
  expect(await verifier.digest(to)).toBe(file.fileSha)
})

it('reads nothing any more once it is closed', async () => {
  const { slots, reads, verifier: before, newVerifier, addUpload, store } = await openStage(8)
  const to = await addUpload(file)
  for (const offset of partsOf(file)) await store(before, to, file, offset)
  const verifier = newVerifier()
  verifier.catchUp(to)
  while (reads.atOnce === 0) await new Promise((done) => setImmediate(done))
  await verifier.close()
  const { length } = reads.offsets
  expect(reads.atOnce).toBe(0)
  expect(slots.free).toBe(slots.count)
  await new Promise((done) => setTimeout(done, 20))
  expect(reads.offsets).toHaveLength(length)
})

it('gives everyone who asks at the same time the same digest', async () => {
  const { slots, reads, verifier: before, newVerifier, addUpload, store } = await openStage(8)
  const to = await addUpload(file)
  for (const offset of partsOf(file).slice(0, -1)) await store(before, to, file, offset)
  await before.digest(to).catch(() => undefined) // the last part is missing
  expect(reads.offsets).toEqual([])

  const verifier = newVerifier()
  verifier.catchUp(to)
  await store(verifier, to, file, partsOf(file).at(-1) as number)
  const digests = await Promise.all([1, 2, 3].map(() => verifier.digest(to)))
  expect(digests).toEqual([file.fileSha, file.fileSha, file.fileSha])
  expect(await verifier.digest(to)).toBe(file.fileSha)
  expect(new Set(reads.offsets).size).toBe(reads.offsets.length)
  expect(slots.free).toBe(slots.count)
})

it('reads back four parts at once over all uploads, no more', async () => {
  const { reads, verifier: before, newVerifier, addUpload, store } = await openStage(8)
  const uploads = []
  for (let index = 0; index < 12; index++) {
    const to = await addUpload(file)
    for (const offset of partsOf(file)) await store(before, to, file, offset)
    await before.digest(to)
    uploads.push(to)
  }
  expect(reads.offsets).toEqual([])
  const verifier = newVerifier()
  const digests = await Promise.all(uploads.map((to) => verifier.digest(to)))
  expect(new Set(digests)).toEqual(new Set([file.fileSha]))
  expect(reads.mostAtOnce).toBe(4)
})

it('is right whatever comes in whatever order, and gives every slot back', async () => {
  for (let seed = 1; seed <= 25; seed++) {
    const random = seededRandom(seed)
    const { slots, verifier, addUpload, store } = await openStage(random.between(6, 20))
    const files = Array.from({ length: 3 }, (_, index) =>
      sampleFile(random.between(1, 25) * dataSize + index, seed + index),
    )
    const uploads = await Promise.all(files.map((each) => addUpload(each)))
    const sends = files.flatMap((each, index) =>
      partsOf(each).map((offset) => ({ each, to: uploads[index] as Upload, offset })),
    )
    await atOnce(6, random.chance(0.5) ? sends : random.shuffled(sends), async ({ each, to, offset }) => {
      if (random.chance(0.05)) verifier.forget(to.fileId)
      if (random.chance(0.05)) verifier.catchUp(to)
      await store(verifier, to, each, offset)
    })
    const digests = await Promise.all(uploads.map((to) => verifier.digest(to)))
    expect(digests, `with seed ${seed}`).toEqual(files.map((each) => each.fileSha))
    expect(slots.free, `slots with seed ${seed}`).toBe(slots.count)
  }
})
