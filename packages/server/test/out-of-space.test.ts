import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it, type TestContext } from 'vitest'
import { audit, sealedBlobs } from './support/audit.ts'
import {
  type Answer,
  callServer,
  initParams,
  offsetsOf,
  type SampleFile,
  sampleFile,
  sendPart,
  startTestService,
  type TestService,
} from './support/service.ts'
import { settledAudit } from './support/settled-audit.ts'
import { fillUp, mountSmallDisk, noSmallDisk } from './support/small-disk.ts'

const noRoom = { code: -10004, canRetry: 1 }
const partSize = 524_288

/** A service with 12 MiB for everything it has. */
async function startOnSmallDisk(
  skip: TestContext['skip'],
  environment: Record<string, string> = {},
): Promise<TestService> {
  skip(noSmallDisk !== undefined, noSmallDisk)
  return startTestService(environment, { directory: await mountSmallDisk(12 * 2 ** 20) })
}

/** Sends all parts of a file; says which were acknowledged, and checks that the others were refused for now. */
async function sendParts(service: TestService, file: SampleFile): Promise<number[]> {
  const acknowledged: number[] = []
  for (const offset of offsetsOf(file)) {
    const answer = await sendPart(service, file, offset)
    if (answer.code === 0) acknowledged.push(offset)
    else expect(answer).toMatchObject(noRoom)
  }
  return acknowledged
}

async function listedOffsets(service: TestService, file: SampleFile): Promise<number[]> {
  const { listParts = [] } = await callServer(service, 'InitUpload', initParams(file))
  return listParts.map((part) => part.offset)
}

/** Repeats a call as a client does that may, for it takes the service a second to notice that there is room again. */
async function patiently(call: () => Promise<Answer>): Promise<Answer> {
  for (let attempt = 0; ; attempt++) {
    const answer = await call()
    if (answer.code >= 0 || answer.canRetry === 0 || attempt === 30) return answer
    await sleep(100)
  }
}

async function finish(service: TestService, file: SampleFile): Promise<Answer> {
  return callServer(service, 'FinishUpload', { fileSha: file.fileSha })
}

it('refuses to begin what cannot fit, and takes what can', async ({ skip }) => {
  const service = await startOnSmallDisk(skip)
  const file = sampleFile(4_000_000)
  const tooLarge = { ...initParams(file), fileSize: 20 * 2 ** 20 }
  expect(await callServer(service, 'InitUpload', tooLarge)).toMatchObject({ ...noRoom, codeDesc: 'ENOSPC' })
  expect(await callServer(service, 'InitUpload', initParams(file))).toMatchObject({ code: 0 })
  // Cut anew, it cannot fit either; the upload that is there is not touched.
  expect(await callServer(service, 'InitUpload', tooLarge)).toMatchObject(noRoom)
  expect(await sendParts(service, file)).toEqual(offsetsOf(file))
  expect(await finish(service, file)).toMatchObject({ code: 0 })
  expect(audit(service.directory)).toEqual([])
})

it('loses nothing when uploads fill the disk, and goes on once one of them has expired', async ({ skip }) => {
  const service = await startOnSmallDisk(skip, { SLUICE_MIN_FREE_SPACE: '1MiB' })
  const [given, going] = [sampleFile(6_000_000, 1), sampleFile(8_000_000, 2)]
  for (const file of [given, going]) {
    expect(await callServer(service, 'InitUpload', initParams(file))).toMatchObject({ code: 0 })
  }
  expect(await sendParts(service, given)).toEqual(offsetsOf(given))
  service.advance(23 * 3_600_000)
  const acknowledged = await sendParts(service, going)
  expect(acknowledged.length).toBeGreaterThan(5)
  expect(acknowledged.length).toBeLessThan(offsetsOf(going).length)
  // The last part is short and may have found room; it is not listed while one before it is missing.
  const last = offsetsOf(going).at(-1)
  expect(await listedOffsets(service, going)).toEqual(acknowledged.filter((offset) => offset !== last))
  expect(audit(service.directory)).toEqual([])

  service.advance(2 * 3_600_000)
  const later = await service.restart()
  expect(await settledAudit(later.directory)).toEqual([])
  const missing = offsetsOf(going).filter((offset) => !acknowledged.includes(offset))
  for (const offset of missing) {
    expect(await patiently(() => sendPart(later, going, offset))).toMatchObject({ code: 0 })
  }
  expect(await finish(later, going)).toMatchObject({ code: 0 })
  expect(sealedBlobs(later.directory)).toHaveLength(1)
  expect(audit(later.directory)).toEqual([])
})

it('acknowledges no part whose row has no room, and takes it once there is', async ({ skip }) => {
  const service = await startOnSmallDisk(skip)
  const file = sampleFile(3 * partSize)
  await callServer(service, 'InitUpload', initParams(file))
  expect(await sendPart(service, file, 0)).toMatchObject({ code: 0 })
  const makeRoom = await fillUp(service.directory, { leave: partSize })
  await sleep(1_100)
  expect(await sendPart(service, file, partSize)).toMatchObject({ ...noRoom, codeDesc: 'SQLITE_FULL' })
  expect(await sendPart(service, file, 2 * partSize)).toMatchObject(noRoom)
  await makeRoom()
  expect(await listedOffsets(service, file)).toEqual([0])
  for (const offset of [partSize, 2 * partSize]) {
    expect(await patiently(() => sendPart(service, file, offset))).toMatchObject({ code: 0 })
  }
  expect(await finish(service, file)).toMatchObject({ code: 0 })
  expect(audit(service.directory)).toEqual([])
})

it('finishes later what it cannot finish on a full disk', async ({ skip }) => {
  const service = await startOnSmallDisk(skip)
  const file = sampleFile(3 * partSize)
  await callServer(service, 'InitUpload', initParams(file))
  await sendParts(service, file)
  const makeRoom = await fillUp(service.directory, { leave: 0 })
  for (const attempt of [1, 2]) {
    expect(await finish(service, file), `attempt ${attempt}`).toMatchObject({ ...noRoom, codeDesc: 'SQLITE_FULL' })
  }
  expect(audit(service.directory)).toEqual([])
  await makeRoom()
  expect(await finish(service, file)).toMatchObject({ code: 0 })
  expect(await finish(service, file)).toMatchObject({ code: 0 })
  expect(audit(service.directory)).toEqual([])
})

it('keeps the bytes that are there when there is no room to replace them', async ({ skip }) => {
  const service = await startOnSmallDisk(skip)
  const file = sampleFile(2 * partSize)
  const other = { ...sampleFile(2 * partSize, 2), fileSha: file.fileSha }
  await callServer(service, 'InitUpload', initParams(file))
  await sendParts(service, file)
  const makeRoom = await fillUp(service.directory, { leave: 0 })
  expect(await sendPart(service, other, 0)).toMatchObject(noRoom)
  await makeRoom()
  expect(await finish(service, file)).toMatchObject({ code: 0 })
  expect(audit(service.directory)).toEqual([])
})
