import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pathToFileURL } from 'node:url'
import { fileStore, type Hashing, nodeHashing, upload } from '@sluice/client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeName } from '../src/file-names.ts'
import { fixture, optionsFor, rejection } from './fixtures.ts'
import { hex, memoryService } from './memory-service.ts'

const bytes = fixture(2_500_000)
const fileSha = hex('sha1', bytes)
let dir = ''
let path = ''
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sluice-inputs-'))
  path = join(dir, 'my:video.MKV')
  await writeFile(path, bytes)
})
afterAll(() => rm(dir, { recursive: true }))

const spooled = async () => (await readdir(tmpdir())).filter((name) => name.startsWith('sluice-upload-'))
const pieces = () => Readable.from([bytes.subarray(0, 1_000_000), bytes.subarray(1_000_000)])

test.each([
  ['a path', () => path],
  ['a file URL', () => pathToFileURL(path)],
  ['a stream of known size', () => ({ stream: pieces(), size: bytes.length, name: 'my:video.MKV' })],
  ['a File', () => new File([bytes], 'my:video.MKV')],
])('%s is uploaded under its own name', async (_, input) => {
  const before = await spooled()
  const service = memoryService()
  const { file: _file, ...options } = optionsFor(service.transport)
  await upload(input(), options as ReturnType<typeof optionsFor>)
  expect(Buffer.compare(service.files.get(fileSha)?.bytes ?? Buffer.of(), bytes)).toBe(0)
  expect(service.calls[0]?.params.get('fileName')).toBe('my_video')
  expect(service.calls[0]?.params.get('fileType')).toBe('mkv')
  expect(await spooled()).toEqual(before)
})

test('a Blob has no name: one is to be given', async () => {
  const service = memoryService()
  const { file, ...options } = optionsFor(service.transport)
  const error = await rejection(upload(new Blob([bytes]), options as ReturnType<typeof optionsFor>))
  expect(error).toMatchObject({ code: 'argument', message: expect.stringContaining('fileName') })
  await upload(new Blob([bytes]), optionsFor(service.transport))
  expect(service.files.has(fileSha)).toBe(true)
})

test.each([
  ['shorter', bytes.length + 1],
  ['longer', bytes.length - 1],
])('a stream that is %s than announced is told, and leaves nothing behind', async (_, size) => {
  const before = await spooled()
  const error = await rejection(upload({ stream: pieces(), size }, optionsFor(memoryService().transport)))
  expect(error).toMatchObject({ code: 'source', message: expect.stringContaining(`to have ${size} bytes`) })
  expect(await spooled()).toEqual(before)
})

test('a stream that breaks is told with its cause', async () => {
  const cause = new Error('the camera is gone')
  const stream = Readable.from(
    (async function* () {
      yield bytes.subarray(0, 1000)
      throw cause
    })(),
  )
  const error = await rejection(upload({ stream, size: bytes.length }, optionsFor(memoryService().transport)))
  expect(error).toMatchObject({ code: 'source', cause })
})

test('an abort reaches a stream', async () => {
  const controller = new AbortController()
  const stream = new Readable({ read: () => controller.abort('enough') })
  const options = optionsFor(memoryService().transport, { signal: controller.signal })
  expect(await rejection(upload({ stream, size: 10 }, options))).toBe('enough')
})

test('a directory remembers hashes, and drops old ones', async () => {
  const directory = join(dir, 'hashes')
  const resumeStore = fileStore(directory)
  const hashed: number[] = []
  const hashing: Hashing = {
    ...nodeHashing(),
    hashFile(source, run) {
      hashed.push(source.size)
      return nodeHashing().hashFile(source, run)
    },
  }
  for (let visit = 0; visit < 2; visit++) {
    await upload(path, optionsFor(memoryService().transport, { hashing, resumeStore, clock: Date.now }))
  }
  expect(hashed).toEqual([bytes.length])
  expect(await readdir(directory)).toHaveLength(1)

  const [old = ''] = await readdir(directory)
  const longAgo = new Date(Date.now() - 31 * 86_400_000)
  await utimes(join(directory, old), longAgo, longAgo)
  await fileStore(directory).put('another', { pieceBytes: 1, hashedBytes: 0, sha1: [], md5s: '', savedAt: Date.now() })
  expect(await readdir(directory)).toEqual([expect.not.stringMatching(old)])
})

test.each([
  ['holiday.mp4', '', { fileName: 'holiday', fileType: 'mp4' }],
  ['a:b/c.MOV', '', { fileName: 'a_b_c', fileType: 'mov' }],
  [`${'长'.repeat(50)}.mkv`, '', { fileName: '长'.repeat(40), fileType: 'mkv' }],
  ['noextension', 'video/x-matroska', { fileName: 'noextension', fileType: 'matroska' }],
  ['noextension', '', { fileName: 'noextension' }],
  ['.mp4', '', { fileName: '.mp4' }],
  ['', 'video/mp4', { fileType: 'mp4' }],
])('the name %s with the type "%s" is made to fit', (name, type, expected) => {
  expect(describeName(name, type)).toEqual(expected)
})
