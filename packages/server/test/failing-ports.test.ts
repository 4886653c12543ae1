import { rm } from 'node:fs/promises'
import { ProtocolError } from '@sluice/protocol'
import { expect, it } from 'vitest'
import { Slots } from '../src/engine/slots.ts'
import { audit, sealedBlobs } from './support/audit.ts'
import { app, type Engine, openEngine, recover } from './support/engine.ts'
import { allOf, type EngineClient, engineClient } from './support/engine-client.ts'
import { type Failure, type FailureTime, failingPorts } from './support/failing-ports.ts'
import { memoryDirectory } from './support/memory-directory.ts'
import { sampleFile } from './support/service.ts'

const video = sampleFile(2 * 4096 + 1000, 1)
const cover = sampleFile(3000, 2)
const other = sampleFile(4096, 3).bytes

/** Two users send the same video, one with a part that is replaced twice, and end at once; then it gets its cover. */
async function sendAll(engine: Engine, retries: number, clients: EngineClient[] = []): Promise<void> {
  clients.push(...['one', 'twin'].map((uid) => engineClient(engine, video, { uid, retries })))
  const fileId = await sendVideo(clients[0] as EngineClient, clients[1] as EngineClient)
  const image = engineClient(engine, cover, { retries })
  const { fileId: coverId } = await image.cover(fileId)
  expect((await image.cover(fileId)).fileId, 'the cover again').toBe(coverId)
}

async function sendVideo(one: EngineClient, twin: EngineClient): Promise<string> {
  for (const client of [one, twin]) {
    const outcome = await client.init()
    if (outcome.kind === 'finished') return outcome.finished.fileId
    const there = outcome.kind === 'partial' ? outcome.parts : []
    const isThere = (offset: number) =>
      there.some((part) => part.offset === offset && part.dataMd5 === video.md5(offset, part.dataSize))
    await allOf(client.offsets.filter((offset) => !isThere(offset)).map((offset) => client.part(offset)))
  }
  await one.part(4096, other)
  await one.part(4096)
  const finishes = await allOf([one.finish(), twin.finish(), one.finish()])
  const fileIds = [...finishes, await one.finish()].map((finished) => finished.fileId)
  expect(new Set(fileIds).size, `all get the same file: ${fileIds}`).toBe(1)
  return fileIds[0] as string
}

/** One video with its cover, both whole, one event, and nothing besides once what nobody goes on with has expired. */
async function expectAllWhole(directory: string): Promise<void> {
  const inTwoDays = Date.now() + 2 * 86_400_000
  const engine = await openEngine(directory, { now: () => inTwoDays })
  await recover(engine)
  const page = { appId: app.appId, limit: 10 }
  const files = await engine.metadata.listFiles(page)
  expect(files.map((file) => file.fileSha)).toEqual([video.fileSha])
  expect(await engine.metadata.findCover(files[0]?.coverId ?? '')).toMatchObject({ fileSha: cover.fileSha })
  expect(await engine.metadata.listEvents(page)).toHaveLength(1)
  expect(await engine.metadata.countUploads()).toBe(0)
  expect(await engine.blobs.listUnsealed()).toEqual([])
  expect(sealedBlobs(directory)).toHaveLength(2)
  expect(audit(directory)).toEqual([])
  await engine.close()
}

/** Every part that was acknowledged is listed, of the upload or of the file it has become. */
async function expectPartsListed({ metadata }: Engine, { key, acknowledged }: EngineClient): Promise<void> {
  const upload = await metadata.findUpload(key)
  const file = await metadata.findFileBySha(app.appId, key.fileSha)
  const listed = await metadata.listParts(upload?.fileId ?? file?.fileId ?? '')
  expect(listed.map((part) => [part.offset, part.dataMd5])).toEqual(expect.arrayContaining([...acknowledged]))
}

/** In which way the n-th call fails. */
type Times = (nth: number) => FailureTime

const alternating =
  (odd: FailureTime, even: FailureTime): Times =>
  (nth) =>
    nth % 2 === 1 ? odd : even

/** In the long run every call fails in both ways, otherwise one in this way, the next in the other. */
const ways = (odd: FailureTime, even: FailureTime): Times[] =>
  process.env['SLUICE_TEST_LONG'] === '1' ? [() => 'before', () => 'after'] : [alternating(odd, even)]

/** Runs a test with the first port call failing, the second, and so on, until there is none left to fail. */
async function forEveryCall(times: Times, test: (failure: Failure, directory: string) => Promise<void>): Promise<void> {
  for (let nth = 1; ; nth++) {
    const directory = await memoryDirectory()
    const failure: Failure = { nth, time: times(nth) }
    try {
      await test(failure, directory)
    } catch (error) {
      throw new Error(`when call ${nth}, ${failure.failed}, fails ${failure.time} its work`, { cause: error })
    }
    await rm(directory, { recursive: true })
    if (failure.failed === undefined) return expect(nth).toBeGreaterThan(20)
  }
}

it('ends whole after a restart, whichever call fails', { timeout: 240_000 }, async () => {
  const test = async (failure: Failure, directory: string) => {
    const broken = await openEngine(directory, { around: (ports) => failingPorts(ports, failure) })
    const clients: EngineClient[] = []
    await sendAll(broken, 0, clients).catch((error: unknown) => {
      if (!(error instanceof ProtocolError)) throw error
    })
    await broken.close()

    const engine = await openEngine(directory)
    await recover(engine)
    expect(audit(directory), 'after the restart').toEqual([])
    for (const client of clients) await expectPartsListed(engine, client)
    await sendAll(engine, 0)
    await engine.close()
    await expectAllWhole(directory)
  }
  for (const times of ways('before', 'after')) await forEveryCall(times, test)
})

it('ends whole when the client just repeats, whichever call fails', { timeout: 240_000 }, async () => {
  const test = async (failure: Failure, directory: string) => {
    const slots = new Slots(2 ** 20, 2 ** 16)
    const engine = await openEngine(directory, { slots, around: (ports) => failingPorts(ports, failure) })
    await sendAll(engine, 1)
    expect(slots.free, 'slots that came back').toBe(slots.count)
    await engine.close()
    await expectAllWhole(directory)
  }
  for (const times of ways('after', 'before')) await forEveryCall(times, test)
})

it('never makes a file of wrong bytes, whichever call fails', { timeout: 60_000 }, async () => {
  const test = async (failure: Failure, directory: string) => {
    const engine = await openEngine(directory, { around: (ports) => failingPorts(ports, failure) })
    const client = engineClient(engine, video, { retries: 1 })
    await client.init()
    await allOf(client.offsets.map((offset) => client.part(offset)))
    await untilVerified(engine)
    await client.part(4096, other)
    await expect(client.finish()).rejects.toMatchObject({ canRetry: 0 })
    await recover(engine).catch(() => recover(engine))
    await engine.close()
    expect(audit(directory)).toEqual([])
    expect(sealedBlobs(directory)).toEqual([])
  }
  for (const time of ['before', 'after'] as const) await forEveryCall(() => time, test)
})

it('leaves nothing of uploads that are cut anew or given up, whichever call fails', { timeout: 60_000 }, async () => {
  const shorter = { ...video, bytes: video.bytes.subarray(0, 9_000) }
  const test = async (failure: Failure, directory: string) => {
    const engine = await openEngine(directory, { around: (ports) => failingPorts(ports, failure) })
    await engineClient(engine, video, { dataSize: 8192, retries: 1 }).init()
    for (const file of [video, shorter, video]) {
      const client = engineClient(engine, file, { retries: 1 })
      await client.init()
      await allOf(client.offsets.map((offset) => client.part(offset)))
    }
    await engine.close()
    const inTwoDays = Date.now() + 2 * 86_400_000
    const later = await openEngine(directory, { now: () => inTwoDays })
    await recover(later)
    expect(await later.metadata.countUploads()).toBe(0)
    expect(await later.blobs.listUnsealed()).toEqual([])
    expect(audit(directory)).toEqual([])
    await later.close()
  }
  for (const time of ['before', 'after'] as const) await forEveryCall(() => time, test)
})

/** Waits until the verifier has hashed all it was told of, or has given up. */
async function untilVerified({ verifier }: Engine): Promise<void> {
  for (let turn = 0; turn < 100 && verifier.lagBytes > 0; turn++) await new Promise((done) => setImmediate(done))
}
