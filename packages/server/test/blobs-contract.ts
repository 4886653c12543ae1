import { buffer } from 'node:stream/consumers'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, it, onTestFinished } from 'vitest'
import type { Blobs } from '../src/blobs/blobs.ts'
import { seededRandom } from './support/random.ts'
import { sampleFile } from './support/service.ts'

const id = '1000000000000000001'
const sealedId = '1000000000000000102'
const partSize = 10_000
const video = sampleFile(4 * partSize + 77).bytes
const storeFailed = { errorName: 'writeFailed', code: -10004, canRetry: 1 }

/** What every store of bytes promises. `open` opens the same store again, each test begins with an empty one. */
export function blobsContract(open: () => Promise<Blobs>): void {
  const openStore = async () => {
    const blobs = await open()
    onTestFinished(() => blobs.close())
    return blobs
  }

  it('takes parts in any order and reads them back, before and after sealing', async () => {
    const blobs = await openStore()
    const offsets = seededRandom(1).shuffled(offsetsOf(video))
    for (const offset of offsets) await blobs.writePart(id, offset, partOf(video, offset))
    for (const offset of offsets) expect(await read(blobs, id, offset)).toEqual(partOf(video, offset))
    await blobs.seal(id)
    for (const offset of offsets) expect(await read(blobs, id, offset)).toEqual(partOf(video, offset))
    expect(await content(blobs, id)).toEqual(video)
  })

  it('reads a part while those before it are missing', async () => {
    const blobs = await openStore()
    await blobs.writePart(id, 3 * partSize, partOf(video, 3 * partSize))
    await blobs.writePart(id, partSize, partOf(video, partSize))
    expect(await read(blobs, id, 3 * partSize)).toEqual(partOf(video, 3 * partSize))
    expect(await read(blobs, id, partSize)).toEqual(partOf(video, partSize))
  })

  it('writes other bytes over a part, and leaves its neighbours alone', async () => {
    const blobs = await openStore()
    await write(blobs, id)
    const other = sampleFile(partSize, 9).bytes
    await blobs.writePart(id, partSize, other)
    await blobs.seal(id)
    const expected = Buffer.concat([video.subarray(0, partSize), other, video.subarray(2 * partSize)])
    expect(await content(blobs, id)).toEqual(expected)
  })

  it('takes many parts of one upload at once', async () => {
    const blobs = await openStore()
    const large = sampleFile(200 * partSize + 1).bytes
    await write(blobs, id, large)
    await blobs.seal(id)
    expect(await content(blobs, id)).toEqual(large)
  })

  it('takes parts of many uploads at once, again and again', async () => {
    const blobs = await openStore()
    const ids = Array.from({ length: 300 }, (_, index) => `20000000000000${10_000 + index}`)
    const random = seededRandom(2)
    const writes = ids.flatMap((each, seed) => offsetsOf(video).map((offset) => ({ each, offset, seed })))
    await Promise.all(
      random
        .shuffled(writes)
        .map(({ each, offset, seed }) => blobs.writePart(each, offset, partOf(content(seed), offset))),
    )
    for (const [seed, each] of ids.entries()) {
      expect(await read(blobs, each, partSize)).toEqual(partOf(content(seed), partSize))
    }
    await Promise.all(ids.map((each) => blobs.seal(each)))
    for (const [seed, each] of ids.entries()) expect(await sealed(blobs, each)).toEqual(content(seed))

    function content(seed: number): Buffer {
      return Buffer.concat([Buffer.from([seed, seed >> 8]), video.subarray(2)])
    }
    async function sealed(store: Blobs, fileId: string): Promise<Buffer> {
      return read(store, fileId, 0, video.length)
    }
  })

  it('seals again what is sealed', async () => {
    const blobs = await openStore()
    await write(blobs, id)
    await blobs.seal(id)
    await blobs.seal(id)
    await (await openStore()).seal(id)
    expect(await content(blobs, id)).toEqual(video)
  })

  it('seals many at the same time', async () => {
    const blobs = await openStore()
    const ids = Array.from({ length: 40 }, (_, index) => `30000000000000000${10 + index}`)
    await Promise.all(ids.map((each) => write(blobs, each)))
    await Promise.all(ids.flatMap((each) => [blobs.seal(each), blobs.seal(each)]))
    for (const each of ids) expect(await content(blobs, each)).toEqual(video)
  })

  it('opens what is sealed and nothing else', async () => {
    const blobs = await openStore()
    expect(await blobs.open(id)).toBeUndefined()
    await write(blobs, id)
    expect(await blobs.open(id)).toBeUndefined()
    await blobs.seal(id)
    const blob = await blobs.open(id)
    expect(blob?.size).toBe(video.length)
    await blob?.close()
  })

  it('streams any range, both ends inclusive', async () => {
    const blobs = await openStore()
    const large = sampleFile(1_000_003).bytes
    await write(blobs, id, large)
    await blobs.seal(id)
    const last = large.length - 1
    for (const [start, end] of [
      [0, last],
      [0, 0],
      [last, last],
      [1, 262_144],
      [262_143, 262_144],
      [partSize - 1, partSize],
      [500_000, last],
    ] as const) {
      expect(await content(blobs, id, start, end), `${start}-${end}`).toEqual(large.subarray(start, end + 1))
    }
  })

  it('streams one blob to several readers at once', async () => {
    const blobs = await openStore()
    await write(blobs, id)
    await blobs.seal(id)
    const blob = await blobs.open(id)
    const streams = [0, 1, partSize].map((start) => blob?.stream(start, video.length - 1) as NodeJS.ReadableStream)
    const read = await Promise.all(streams.map((stream) => buffer(stream)))
    expect(read).toEqual([video, video.subarray(1), video.subarray(partSize)])
    await blob?.close()
  })

  it('reads ranges of an open blob, any number of them, up to its end', async () => {
    const blobs = await openStore()
    await write(blobs, id)
    await blobs.seal(id)
    const blob = await blobs.open(id)
    const warnings: Error[] = []
    const onWarning = (warning: Error) => warnings.push(warning)
    process.on('warning', onWarning)
    onTestFinished(() => void process.off('warning', onWarning))
    for (let start = 0; start < 20; start++) {
      expect(Buffer.from((await blob?.read(start, 1_000)) ?? [])).toEqual(video.subarray(start, start + 1_000))
    }
    expect(Buffer.from((await blob?.read(video.length - 7, 1_000)) ?? [])).toEqual(video.subarray(-7))
    expect(await blob?.read(video.length, 10)).toHaveLength(0)
    await nextTurn() // warnings come a turn later
    expect(warnings).toEqual([])
    await blob?.close()
  })

  it('removes a blob, sealed or not, and is content when there is none', async () => {
    const blobs = await openStore()
    await write(blobs, id)
    await write(blobs, sealedId)
    await blobs.seal(sealedId)
    for (const each of [id, sealedId, '11']) {
      await blobs.discard(each)
      await blobs.discard(each)
      expect(await blobs.open(each)).toBeUndefined()
      await expect(read(blobs, each, 0)).rejects.toMatchObject(storeFailed)
    }
    expect(await blobs.listUnsealed()).toEqual([])
  })

  it('removes unsealed blobs only, when told so', async () => {
    const blobs = await openStore()
    await write(blobs, id)
    await write(blobs, sealedId)
    await blobs.seal(sealedId)
    for (const each of [id, sealedId, '11']) await blobs.discardUnsealed(each)
    await expect(read(blobs, id, 0)).rejects.toMatchObject(storeFailed)
    expect(await content(blobs, sealedId)).toEqual(video)
  })

  it('lets no late write reach what is sealed', async () => {
    const blobs = await openStore()
    await write(blobs, id)
    await blobs.seal(id)
    await blobs.writePart(id, 0, sampleFile(partSize, 9).bytes).catch(() => undefined)
    await blobs.discardUnsealed(id)
    expect(await content(blobs, id)).toEqual(video)
  })

  it('takes an upload anew after it was removed', async () => {
    const blobs = await openStore()
    await write(blobs, id, sampleFile(video.length + 5_000, 9).bytes)
    await blobs.discardUnsealed(id)
    await write(blobs, id)
    await blobs.seal(id)
    expect(await content(blobs, id)).toEqual(video)
  })

  it('lists the unsealed', async () => {
    const blobs = await openStore()
    const ids = ['15', '16', '17', '18']
    for (const each of ids) await blobs.writePart(each, 0, partOf(video, 0))
    await blobs.seal('16')
    await blobs.discard('18')
    expect((await blobs.listUnsealed()).sort()).toEqual(['15', '17'])
  })

  it('rejects a read of bytes that are not there', async () => {
    const blobs = await openStore()
    const failure = { ...storeFailed, cause: expect.any(Error) }
    await expect(read(blobs, id, 0)).rejects.toMatchObject(failure)
    await blobs.writePart(id, 0, partOf(video, 0))
    await expect(read(blobs, id, 1, partSize)).rejects.toMatchObject(failure)
    await expect(read(blobs, id, partSize, 1)).rejects.toMatchObject(failure)
    await blobs.seal(id)
    await expect(read(blobs, id, 1, partSize)).rejects.toMatchObject(failure)
    expect(await read(blobs, id, 1, partSize - 1)).toEqual(video.subarray(1, partSize))
  })

  it('rejects sealing what is not there', async () => {
    const blobs = await openStore()
    await expect(blobs.seal(id)).rejects.toMatchObject({ ...storeFailed, cause: expect.any(Error) })
  })

  it('says when it cannot take so much more', async () => {
    const blobs = await openStore()
    await blobs.requireSpace(1)
    await expect(blobs.requireSpace(2 ** 60)).rejects.toMatchObject({ ...storeFailed, codeDesc: 'ENOSPC' })
  })

  it('keeps everything when it is closed and opened again', async () => {
    const before = await openStore()
    await write(before, sealedId)
    await before.seal(sealedId)
    await before.writePart(id, partSize, partOf(video, partSize))
    await before.close()
    const blobs = await openStore()
    expect(await content(blobs, sealedId)).toEqual(video)
    expect(await read(blobs, id, partSize)).toEqual(partOf(video, partSize))
    await write(blobs, id)
    await blobs.seal(id)
    expect(await content(blobs, id)).toEqual(video)
  })
}

function offsetsOf(bytes: Buffer): number[] {
  return Array.from({ length: Math.ceil(bytes.length / partSize) }, (_, index) => index * partSize)
}

function partOf(bytes: Buffer, offset: number): Buffer {
  return bytes.subarray(offset, offset + partSize)
}

async function write(blobs: Blobs, fileId: string, bytes = video): Promise<void> {
  await Promise.all(offsetsOf(bytes).map((offset) => blobs.writePart(fileId, offset, partOf(bytes, offset))))
}

async function read(blobs: Blobs, fileId: string, offset: number, length?: number): Promise<Buffer> {
  const target = Buffer.alloc(length ?? Math.min(partSize, video.length - offset), 0xee)
  await blobs.readPart(fileId, offset, target)
  return target
}

/** Bytes of a sealed blob, the whole of it when no range is given. */
async function content(blobs: Blobs, fileId: string, start = 0, end?: number): Promise<Buffer> {
  const blob = await blobs.open(fileId)
  if (!blob) throw new Error(`there is no sealed blob ${fileId}`)
  try {
    return await buffer(blob.stream(start, end ?? blob.size - 1))
  } finally {
    await blob.close()
  }
}
