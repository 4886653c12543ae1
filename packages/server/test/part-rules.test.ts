import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { done, failed, finishedAs, listed } from './support/answers.ts'
import { sampleFile, shareTestService, startTestService } from './support/service.ts'
import { tablesOf, uploadId } from './support/tables.ts'
import { families, sendAll, serverUploader, ugcUploader } from './support/uploaders.ts'

const file = sampleFile(1_300_000)
const part = (offset: number, length = 524_288) => file.bytes.subarray(offset, offset + length)

describe.each(families)('the $family family', ({ family, uploaderOf }) => {
  const shared = shareTestService()

  it.each([
    { offset: 1, why: 'not at the start of a part' },
    { offset: 524_287, why: 'just before a part' },
    { offset: 1_572_864, why: 'a multiple, but behind the end' },
    { offset: 1_300_000, why: 'the end, but not empty' },
  ])('refuses offset $offset: $why', async ({ offset }) => {
    const uploader = uploaderOf(shared())
    await uploader.init(file)
    expect(await uploader.part(file, 0, { params: { offset } })).toEqual(failed(-10003, 0))
  })

  it.each([
    { offset: 0, dataSize: 524_287 },
    { offset: 0, dataSize: 524_289 },
    { offset: 0, dataSize: 0 },
    { offset: 1_048_576, dataSize: 251_423 },
    { offset: 1_048_576, dataSize: 524_288 },
  ])('refuses dataSize $dataSize at offset $offset', async ({ offset, dataSize }) => {
    const uploader = uploaderOf(shared())
    await uploader.init(file)
    const body = Buffer.alloc(dataSize, 7)
    expect(await uploader.part(file, offset, { body })).toEqual(failed(-10003, 0))
  })

  it.each([
    { what: 'a byte too few', body: part(0, 524_287) },
    { what: 'a byte too many', body: part(0, 524_289) },
    { what: 'none at all', body: Buffer.alloc(0) },
    { what: 'far more than a part', body: Buffer.alloc(1_200_000, 1) },
  ])('has a part repeated that arrives with $what', async ({ body }) => {
    const uploader = uploaderOf(await startTestService())
    await uploader.init(file)
    const params = { dataSize: 524_288, dataMd5: file.md5(0, 524_288) }
    expect(await uploader.part(file, 0, { body, params })).toEqual(failed(-10006, 1))
    expect(await uploader.init(file)).toEqual(done({ dataSize: 524_288 }))
    expect(await uploader.part(file, 0)).toEqual(done())
  })

  it('has a part repeated whose bytes are not those of dataMd5', async () => {
    const uploader = uploaderOf(await startTestService())
    await uploader.init(file)
    expect(await uploader.part(file, 0, { params: { dataMd5: file.md5(0, 9) } })).toEqual(failed(-10006, 1))
    expect((await uploader.init(file)).code).toBe(0)
  })

  it('takes the empty tail behind the end, to no effect', async () => {
    const service = await startTestService()
    const uploader = uploaderOf(service)
    const tail = { body: Buffer.alloc(0) }
    expect(await uploader.part(file, 1_300_000, tail)).toEqual(failed(-10005, 0))
    await uploader.init(file)
    expect(await uploader.part(file, 1_300_000, tail)).toEqual(done())
    expect((await uploader.init(file)).code).toBe(0)
    expect(await uploader.part(file, 0, tail)).toEqual(failed(-10003, 0))
    expect(await uploader.part(file, 1_300_000, { body: Buffer.from('x') })).toEqual(failed(-10003, 0))
    expect(await uploader.part(file, 1_300_000, { body: Buffer.from('x'), params: { dataSize: 0 } })).toEqual(
      failed(-10006, 1),
    )
    await sendAll(uploader, file)
    await uploader.finish(file)
    expect(await uploader.part(file, 1_300_000, tail)).toEqual(done())
  })

  it('stores a file of 6,000,000 bytes as the page cuts it', async () => {
    const uploader = uploaderOf(await startTestService())
    const large = sampleFile(6_000_000)
    await uploader.init(large, { cut: 1_048_576 })
    await sendAll(uploader, large, 1_048_576)
    const offsets = [0, 1_048_576, 2_097_152, 3_145_728, 4_194_304]
    const sizes = { ...Object.fromEntries(offsets.map((offset) => [offset, 1_048_576])), 5242880: 757_120 }
    const listParts = listed(large, sizes)
    expect(await uploader.init(large)).toEqual(done({ dataSize: 1_048_576, listParts }, 1))
    expect(await uploader.finish(large)).toEqual(done(finishedAs(family)))
  })
})

it('hides the last part while there is a gap before it', async () => {
  const uploader = serverUploader(await startTestService())
  await uploader.init(file)
  await uploader.part(file, 1_048_576)
  expect(await uploader.init(file)).toEqual(done({ dataSize: 524_288, listParts: [] }, 1))
  await uploader.part(file, 0)
  expect((await uploader.init(file)).listParts).toEqual(listed(file, { 0: 524_288 }))
  await uploader.part(file, 524_288)
  expect((await uploader.init(file)).listParts).toEqual(listed(file, { 0: 524_288, 524288: 524_288, 1048576: 251_424 }))
})

it('lists parts in order, whatever order they came in', async () => {
  const uploader = serverUploader(await startTestService())
  const large = sampleFile(2_700_000)
  await uploader.init(large)
  for (const offset of [2_097_152, 524_288, 1_572_864]) await uploader.part(large, offset)
  const listParts = listed(large, { 524288: 524_288, 1572864: 524_288, 2097152: 524_288 })
  expect(await uploader.init(large)).toEqual(done({ dataSize: 524_288, listParts }, 1))
})

it.each([0, 524_288, 1_048_576])(
  'replaces the part at %i by other bytes; the file is checked as a whole',
  async (at) => {
    const service = await startTestService()
    const uploader = serverUploader(service)
    const other = Buffer.alloc(part(at).length, 9)
    await uploader.init(file)
    await sendAll(uploader, file)
    expect(await uploader.part(file, at, { body: other })).toEqual(done())
    const row = () => tablesOf(service).all('select dataMd5 from parts where offset = ?', at)
    expect(row()).not.toEqual([{ dataMd5: file.md5(at, other.length) }])
    expect(await uploader.part(file, at)).toEqual(done())
    expect(row()).toEqual([{ dataMd5: file.md5(at, other.length) }])
    expect(await uploader.finish(file)).toEqual(done(finishedAs('server')))
  },
)

it('finds out at Finish that a part was replaced by other bytes', async () => {
  const uploader = serverUploader(await startTestService())
  await uploader.init(file)
  await sendAll(uploader, file)
  expect(await uploader.part(file, 524_288, { body: Buffer.alloc(524_288, 9) })).toEqual(done())
  expect(await uploader.finish(file)).toEqual(failed(-10006, 0))
})

it('keeps the good bytes when a wrong part follows', async () => {
  const service = await startTestService()
  const uploader = serverUploader(service)
  await uploader.init(file)
  await uploader.part(file, 0)
  const blob = join(service.directory, 'uploads', uploadId(service, file.fileSha))
  const dataMd5 = file.md5(0, 524_288)
  const damaged = { body: Buffer.alloc(524_288, 9), params: { dataMd5 } }
  expect(await uploader.part(file, 0, damaged)).toEqual(failed(-10006, 1))
  const short = { body: part(0, 500_000), params: { dataSize: 524_288, dataMd5 } }
  expect(await uploader.part(file, 0, short)).toEqual(failed(-10006, 1))
  expect((await readFile(blob)).subarray(0, 524_288).equals(part(0))).toBe(true)
  expect((await uploader.init(file)).listParts).toEqual(listed(file, { 0: 524_288 }))
})

it('takes sixteen parts at once, in any order, some of them twice', async () => {
  const service = await startTestService()
  const offsets = Array.from({ length: 16 }, (_, index) => index * 524_288)
  const order = fc.shuffledSubarray([...offsets, ...offsets], { minLength: 20 })
  const orders = fc.sample(order, { seed: 1, numRuns: 3 })
  for (const [seed, mixed] of orders.entries()) {
    const large = sampleFile(16 * 524_288 - 1000, seed + 1)
    const uploader = seed === 1 ? ugcUploader(service) : serverUploader(service)
    await uploader.init(large)
    const rest = offsets.filter((offset) => !mixed.includes(offset))
    const answers = await Promise.all([...mixed, ...rest].map((offset) => uploader.part(large, offset)))
    expect(answers.filter(({ code }) => code !== 0)).toEqual([])
    const { code, url } = await uploader.finish(large)
    expect(code).toBe(0)
    const stored = Buffer.from(await (await fetch(url ?? '')).arrayBuffer())
    expect(stored.equals(large.bytes)).toBe(true)
  }
})
