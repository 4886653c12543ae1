import { appendFile, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nodeHashing, openFile, upload } from '@sluice/client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fixture, optionsFor, rejection } from './fixtures.ts'
import { hex, memoryService } from './memory-service.ts'

let dir = ''
const bytes = fixture(2_500_000)
const signal = new AbortController().signal

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sluice-client-'))
})
afterAll(() => rm(dir, { recursive: true }))

async function file(name: string, content = bytes): Promise<string> {
  const path = join(dir, name)
  await writeFile(path, content)
  return path
}

test('a file is hashed in stretches and uploaded', async () => {
  const source = await openFile(await file('whole.mp4'))
  const stretches: number[] = []
  const { fileSha, md5s } = await nodeHashing().hashFile(source, {
    pieceBytes: 1_048_576,
    onHashed: (n) => stretches.push(n),
    onSave() {},
    signal,
  })
  expect(fileSha).toBe(hex('sha1', bytes))
  expect(stretches.reduce((sum, stretch) => sum + stretch, 0)).toBe(bytes.length)
  expect(md5s).toBe([0, 1, 2].map((i) => hex('md5', bytes.subarray(i * 1_048_576, (i + 1) * 1_048_576))).join(''))

  const service = memoryService()
  await upload(source, optionsFor(service.transport))
  await source.close()
  expect(Buffer.compare(service.files.get(fileSha)?.bytes ?? Buffer.of(), bytes)).toBe(0)
})

test('slices may be asked for in any order and at once', async () => {
  const source = await openFile(await file('slices.mp4'))
  const [late, early] = await Promise.all([source.slice(2_000_000, 2_500_000), source.slice(0, 10)])
  expect(Buffer.compare(late, bytes.subarray(2_000_000))).toBe(0)
  expect(Buffer.compare(early, bytes.subarray(0, 10))).toBe(0)
  await source.close()
})

test.each([
  ['grows', (path: string) => appendFile(path, 'more')],
  ['shrinks', (path: string) => truncate(path, 1_000_000)],
  ['is written over', (path: string) => writeFile(path, fixture(2_500_000).fill(7))],
])('a file that %s meanwhile is told', async (what, change) => {
  const path = await file(`${what}.mp4`)
  const source = await openFile(path)
  const service = memoryService()
  const transport: typeof service.transport = async (request) => {
    if (service.calls.length === 1) await change(path)
    return service.transport(request)
  }
  const error = await rejection(upload(source, optionsFor(transport, { parallel: 1 })))
  await source.close()
  expect(error).toMatchObject({ code: 'changed' })
  expect(service.files.size).toBe(0)
})

test('what is no file is named', async () => {
  expect(await rejection(openFile(join(dir, 'none.mp4')))).toMatchObject({
    code: 'source',
    message: `${join(dir, 'none.mp4')} cannot be opened: there is no such file`,
  })
  expect(await rejection(openFile(dir))).toMatchObject({ code: 'source', message: `${dir} is a directory` })
})
