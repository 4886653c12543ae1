import { rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { poolBecomes, poolIsEmpty } from './support/metrics.ts'
import {
  type Answer,
  callServer,
  initParams,
  sampleFile,
  sendPart,
  startTestService,
  type TestService,
  uploadWhole,
} from './support/service.ts'
import { tablesOf } from './support/tables.ts'
import { openWire } from './support/wire.ts'
import { chunked, fileOf, head, type PartCall, partCall, post } from './support/wire-calls.ts'

const oneSlot = 1_048_576

/** A file of two parts, announced before each case. */
const file = sampleFile(1_000_000)
/** The same file as far as calls say, with other bytes. */
const otherBytes = { ...fileOf(Buffer.from(file.bytes).fill('x')), fileSha: file.fileSha }

async function ask(service: TestService, request: Uint8Array): Promise<Answer> {
  const wire = await openWire(service)
  await wire.send(request)
  return wire.answer()
}

/** Sends all of the first part but its last byte. */
async function holdPart(service: TestService) {
  const wire = await openWire(service)
  const request = post(partCall(service, file))
  await wire.send(request.subarray(0, -1))
  await poolBecomes(service, { bytes: oneSlot, waiting: 0 })
  return { wire, sendRest: () => wire.send(request.subarray(-1)) }
}

const withBody = (service: TestService, length: number): PartCall => ({
  target: partCall(service, file).target,
  body: Buffer.alloc(length),
})

const inChunks = ({ target, body }: PartCall) =>
  Buffer.concat([Buffer.from(head('POST', target, { 'Transfer-Encoding': 'chunked' })), chunked(body)])

/** A call while a table refuses new rows. */
async function whileFull(service: TestService, table: string, call: () => Promise<Answer>): Promise<Answer> {
  const { run } = tablesOf(service)
  run(`create trigger full before insert on ${table} begin select raise(abort, 'full'); end`)
  const answer = await call()
  run('drop trigger full')
  return answer
}

const sendSmall = (service: TestService, small: ReturnType<typeof sampleFile>, body = small.bytes) =>
  callServer(service, 'SmallFileUpload', { ...initParams(small), dataSize: small.bytes.length }, { body })

/** What goes wrong with a part, and the code of its answer where there is one. */
const failures: [what: string, code: number | 'none', fail: (service: TestService) => Promise<Answer | undefined>][] = [
  ['bytes of another MD5', -10006, (service) => ask(service, post(withBody(service, 524_288)))],
  ['an announced length that is not dataSize', -10006, (service) => ask(service, post(withBody(service, 5)))],
  ['too few bytes', -10006, (service) => ask(service, inChunks(withBody(service, 5)))],
  ['too many bytes', -10006, (service) => ask(service, inChunks(withBody(service, 600_000)))],
  [
    'a part that does not fit',
    -10003,
    (service) => ask(service, post(partCall(service, file, { said: { offset: 5 } }))),
  ],
  ['a file nobody announced', -10005, (service) => ask(service, post(partCall(service, sampleFile(500, 8))))],
  ['a small file of another SHA-1', -10006, (service) => sendSmall(service, file, otherBytes.bytes)],
  ['parts of another SHA-1', -10006, (service) => uploadWhole(service, { ...file, fileSha: '0'.repeat(40) })],
  [
    'a chunk that is none',
    'none',
    async (service) => {
      const wire = await openWire(service)
      const { target } = partCall(service, file)
      await wire.send(`${head('POST', target, { 'Transfer-Encoding': 'chunked' })}5\r\nabcde\r\nnonsense\r\n`)
      await wire.closed()
      return undefined
    },
  ],
  [
    'a client that hangs up',
    'none',
    async (service) => {
      const { wire } = await holdPart(service)
      wire.hangUp()
      return undefined
    },
  ],
  [
    'a client that hangs up before its answer',
    'none',
    async (service) => {
      const { wire, sendRest } = await holdPart(service)
      await sendRest()
      wire.hangUp()
      return undefined
    },
  ],
  [
    'a client that stops sending',
    'none',
    async (service) => {
      const { wire } = await holdPart(service)
      await wire.closed()
      return undefined
    },
  ],
  [
    'an upload that ends meanwhile',
    -10005,
    async (service) => {
      await sendPart(service, file, 524_288)
      const { wire, sendRest } = await holdPart(service)
      await callServer(service, 'InitUpload', { ...initParams(file), fileSize: 5 })
      await sendRest()
      return wire.answer()
    },
  ],
  [
    'blobs that cannot be written',
    -10004,
    async (service) => {
      const uploads = join(service.directory, 'uploads')
      await rename(uploads, `${uploads}-away`)
      await writeFile(uploads, '')
      const answer = await sendPart(service, file, 0)
      await rm(uploads)
      await rename(`${uploads}-away`, uploads)
      return answer
    },
  ],
  [
    'a part that cannot be recorded',
    -10004,
    (service) => whileFull(service, 'parts', () => sendPart(service, file, 0)),
  ],
  [
    'a small file that cannot be recorded',
    -10004,
    (service) => whileFull(service, 'files', () => sendSmall(service, sampleFile(5_000, 4))),
  ],
  [
    'metadata that cannot be read',
    -10005,
    async (service) => {
      const { run } = tablesOf(service)
      run('alter table parts rename to parts_away')
      const answer = await sendPart(service, file, 0)
      run('alter table parts_away rename to parts')
      return answer
    },
  ],
]

describe('the only slot comes back', () => {
  it.each(failures)('after %s', async (_, code, fail) => {
    const service = await startTestService({ SLUICE_MEMORY_BUDGET: '1MiB', SLUICE_BODY_IDLE_TIMEOUT: '150ms' })
    await callServer(service, 'InitUpload', initParams(file))
    expect((await fail(service))?.code ?? 'none').toBe(code)
    await poolIsEmpty(service)
    expect((await uploadWhole(service, file)).code).toBe(0)
    await poolIsEmpty(service)
  })

  it.each<[string, (service: TestService) => Promise<Answer>]>([
    ['a part that is there already', (service) => sendPart(service, file, 0)],
    ['other bytes for a part', (service) => sendPart(service, otherBytes, 0)],
    ['the empty part behind the end', (service) => ask(service, post(partCall(service, file, { offset: 1_000_000 })))],
  ])('after %s, before and after the end of its upload', async (_, send) => {
    const service = await startTestService({ SLUICE_MEMORY_BUDGET: '1MiB' })
    await callServer(service, 'InitUpload', initParams(file))
    await sendPart(service, file, 0)
    expect((await send(service)).code).toBe(0)
    await poolIsEmpty(service)
    expect((await uploadWhole(service, file)).code).toBe(0)
    expect((await send(service)).code).toBe(0)
    await poolIsEmpty(service)
  })
})

describe('the slot of a part ahead of a gap', () => {
  const sendAhead = async () => {
    const service = await startTestService({ SLUICE_MEMORY_BUDGET: '2MiB' })
    await callServer(service, 'InitUpload', initParams(file))
    await sendPart(service, file, 524_288)
    await poolBecomes(service, { bytes: oneSlot, waiting: 0 })
    return service
  }

  it('comes back when the gap closes', async () => {
    const service = await sendAhead()
    await sendPart(service, file, 0)
    await poolIsEmpty(service)
  })

  it('comes back when the upload is started over', async () => {
    const service = await sendAhead()
    await callServer(service, 'InitUpload', { ...initParams(file), fileSize: 5 })
    await poolIsEmpty(service)
  })

  it('goes to the next such part when half of all slots are kept that way', async () => {
    const service = await sendAhead()
    const other = sampleFile(1_000_000, 6)
    await callServer(service, 'InitUpload', initParams(other))
    await sendPart(service, other, 524_288)
    await poolBecomes(service, { bytes: oneSlot, waiting: 0 })
    for (const each of [file, other]) expect((await uploadWhole(service, each)).code).toBe(0)
    await poolIsEmpty(service)
  })
})
