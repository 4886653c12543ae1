import {
  type Hashing,
  type HashRecord,
  type NodeUploadOptions,
  nodeHashing,
  type ResumeStore,
  type Source,
  upload,
} from '@sluice/client'
import { expect, test } from 'vitest'
import { openDigests } from '../src/digests/digests.ts'
import { hashBlob } from '../src/hash-pieces.ts'
import { fixture, memorySource, optionsFor, partSize, rejection } from './fixtures.ts'
import { answer, hex, memoryService } from './memory-service.ts'

const bytes = fixture(3 * partSize + 1234)
const fileSha = hex('sha1', bytes)

/** Hashing as browsers do it, and what was hashed by it. */
function browserLike() {
  const hashed: number[] = []
  const md5s: number[] = []
  const hashing: Hashing = {
    ...nodeHashing(),
    async hashFile(source, run) {
      const blob = new Blob([await source.slice(0, source.size)])
      const onHashed = (stretch: number) => {
        hashed.push(stretch)
        run.onHashed(stretch)
      }
      return hashBlob(await openDigests(), blob, { ...run, onHashed })
    },
    async readPart(source, range, knownMd5) {
      if (knownMd5 === undefined) md5s.push(range.offset)
      const part = await nodeHashing().readPart(source, range)
      return { ...part, dataMd5: knownMd5 ?? part.dataMd5 }
    },
  }
  return { hashing, md5s, hashedBytes: () => hashed.reduce((sum, stretch) => sum + stretch, 0) }
}

function memoryStore(records = new Map<string, HashRecord>()): ResumeStore & { records: typeof records } {
  return {
    records,
    get: async (key) => records.get(key),
    put: async (key, record) => void records.set(key, structuredClone(record)),
    delete: async (key) => void records.delete(key),
  }
}

const known = (content = bytes, identity = 'one') => ({ ...memorySource(content), identity: async () => identity })

test('a second visit hashes nothing, and no part whose MD5 is known', async () => {
  const resumeStore = memoryStore()
  const { hashing, md5s, hashedBytes } = browserLike()
  const service = memoryService()
  await upload(known(), optionsFor(service.transport, { hashing, resumeStore }))
  expect(hashedBytes()).toBe(bytes.length)
  service.files.clear()
  await upload(known(), optionsFor(service.transport, { hashing, resumeStore }))
  expect(hashedBytes()).toBe(bytes.length)
  expect(md5s).toEqual([])
  expect(service.files.has(fileSha)).toBe(true)
})

test('where nothing is remembered, nothing is read to know a file again', async () => {
  const read: number[] = []
  const source = known()
  const slice = (start: number, end: number) => {
    read.push(end - start)
    return source.slice(start, end)
  }
  await upload({ ...source, slice }, optionsFor(memoryService().transport))
  expect(read.reduce((sum, stretch) => sum + stretch, 0)).toBe(2 * bytes.length)
})

const keeping: readonly (readonly [
  string,
  Partial<Pick<NodeUploadOptions, 'resumeStore' | 'lock'>>,
  Source,
  boolean,
])[] = [
  ['is saved where there is a store', { resumeStore: memoryStore() }, known(), true],
  ['is not without an identity', { resumeStore: memoryStore() }, memorySource(bytes), false],
  ['is not without a store', {}, known(), false],
  ['is not with a lock alone', { lock: (_name, _run, work) => work() }, known(), false],
]
test.each(keeping)('on its way a hash %s', async (_, options, source, isSaved) => {
  const asked: boolean[] = []
  const hashing: Hashing = {
    ...nodeHashing(),
    hashFile(file, run) {
      asked.push(run.onSave !== undefined)
      return nodeHashing().hashFile(file, run)
    },
  }
  await upload(source, optionsFor(memoryService().transport, { hashing, ...options }))
  expect(asked).toEqual([isSaved])
})

test.each([
  ['another identity', known(bytes, 'two')],
  ['other bytes at a place that is looked at', known(bytes.with(0, 99))],
])('a file with %s is hashed for itself', async (_, other) => {
  const resumeStore = memoryStore()
  const service = memoryService()
  await upload(known(), optionsFor(service.transport, { resumeStore }))
  const { hashing, hashedBytes } = browserLike()
  await upload(other, optionsFor(service.transport, { hashing, resumeStore }))
  expect(hashedBytes()).toBe(bytes.length)
})

test('of a file that was uploaded with another part size the MD5s alone are made again', async () => {
  const resumeStore = memoryStore()
  const { hashing, md5s, hashedBytes } = browserLike()
  await upload(known(), optionsFor(memoryService().transport, { hashing, resumeStore, dataSize: 1_048_576 }))
  const service = memoryService()
  await upload(known(), optionsFor(service.transport, { hashing, resumeStore, dataSize: partSize }))
  expect(hashedBytes()).toBe(bytes.length)
  expect(md5s.toSorted((a, b) => a - b)).toEqual([0, partSize, 2 * partSize, 3 * partSize])
  expect(service.files.has(fileSha)).toBe(true)
})

test('an interrupted hash goes on where it was saved', async () => {
  const resumeStore = memoryStore()
  const service = memoryService()
  const controller = new AbortController()
  const { hashing, hashedBytes } = browserLike()
  const interrupted: Hashing = {
    ...hashing,
    async hashFile(source, run) {
      // The browser saves by the clock; here after the second piece.
      const digests = await openDigests()
      digests.begin()
      let md5s = ''
      for (const piece of [bytes.subarray(0, partSize), bytes.subarray(partSize, 2 * partSize)]) {
        digests.room.set(piece)
        digests.beginPiece()
        digests.take(0, piece.length, 'both')
        md5s += digests.endPiece(piece.length)
      }
      run.onSave?.({ hashedBytes: 2 * partSize, sha1: digests.state(), md5s })
      controller.abort('closed')
      return hashing.hashFile(source, run)
    },
  }
  const first = upload(
    known(),
    optionsFor(service.transport, { hashing: interrupted, resumeStore, signal: controller.signal }),
  )
  expect(await rejection(first)).toBe('closed')
  await upload(known(), optionsFor(service.transport, { hashing, resumeStore }))
  expect(hashedBytes()).toBe(bytes.length - 2 * partSize)
  expect(Buffer.compare(service.files.get(fileSha)?.bytes ?? Buffer.of(), bytes)).toBe(0)
})

test.each([
  ['cannot be', { hashedBytes: bytes.length + 1 }],
  ['is of another part size', { pieceBytes: 1_048_576 }],
  ['stops inside a piece', { hashedBytes: 100 }],
])('a record that %s is of no use', async (_, wrong) => {
  const { hashing, hashedBytes } = browserLike()
  const record = { hashedBytes: partSize, sha1: [1, 2, 3, 4, 5], md5s: '', pieceBytes: partSize, savedAt: 0, ...wrong }
  const resumeStore = { ...memoryStore(), get: async () => record }
  const service = memoryService()
  await upload(known(), optionsFor(service.transport, { hashing, resumeStore }))
  expect(hashedBytes()).toBe(bytes.length)
  expect(service.files.has(fileSha)).toBe(true)
})

test('a remembered hash that the service finds wrong is forgotten, and the file hashed', async () => {
  const resumeStore = memoryStore()
  const { hashing, hashedBytes } = browserLike()
  await upload(known(), optionsFor(memoryService().transport, { hashing, resumeStore }))
  const [[key, record] = ['', undefined]] = resumeStore.records
  if (record) resumeStore.records.set(key, { ...record, fileSha: '0'.repeat(40) })

  const service = memoryService()
  await upload(known(), optionsFor(service.transport, { hashing, resumeStore }))
  expect(service.files.has(fileSha)).toBe(true)
  expect(hashedBytes()).toBe(2 * bytes.length)
  expect(resumeStore.records.get(key)?.fileSha).toBe(fileSha)
})

test('bytes that changed where no one looked are found by their part, and the file is hashed again', async () => {
  const resumeStore = memoryStore()
  const { hashing, hashedBytes } = browserLike()
  await upload(known(), optionsFor(memoryService().transport, { hashing, resumeStore }))
  const other = bytes.with(5000, 99)
  const service = memoryService()
  await upload(known(other), optionsFor(service.transport, { hashing, resumeStore }))
  expect(hashedBytes()).toBe(2 * bytes.length)
  expect(service.files.has(hex('sha1', other))).toBe(true)
})

test('a fresh hash that the service finds wrong is the error, and not remembered', async () => {
  const resumeStore = memoryStore()
  const service = memoryService(({ action }) => (action === 'FinishUpload' ? answer({ code: -10006 }) : undefined))
  const error = await rejection(upload(known(), optionsFor(service.transport, { resumeStore })))
  expect(error).toMatchObject({ code: -10006 })
  expect(resumeStore.records.size).toBe(0)
})

test('a store that fails does not keep an upload from going on', async () => {
  const broken = () => Promise.reject(new Error('quota'))
  const service = memoryService()
  await upload(known(), optionsFor(service.transport, { resumeStore: { get: broken, put: broken, delete: broken } }))
  expect(service.files.has(fileSha)).toBe(true)
})

test('a part size that is no multiple of a block, or another one of the service, is hashed part by part', async () => {
  const { hashing, md5s } = browserLike()
  const service = memoryService()
  await upload(known(), optionsFor(service.transport, { hashing, dataSize: 600_001 }))
  expect(md5s).toEqual([0, 600_001, 1_200_002])
  expect(Buffer.compare(service.files.get(fileSha)?.bytes ?? Buffer.of(), bytes)).toBe(0)
})
