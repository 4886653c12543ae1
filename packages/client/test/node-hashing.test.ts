import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Worker } from 'node:worker_threads'
import { fetchTransport, type Hashing, nodeHashing, openFile, type SavedHash, type Source } from '@sluice/client/node'
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'
import { hashJobs } from '../src/node/hash-jobs.ts'
import { fixture, memorySource, rejection } from './fixtures.ts'
import { hex } from './memory-service.ts'

const mib = 1_048_576
/** Eight of them, which are hashed together, are a MiB. */
const pieceBytes = mib / 8
const signal = new AbortController().signal
const bytes = fixture(5 * mib + 77)
const fileSha = hex('sha1', bytes)

const dir = mkdtempSync(join(tmpdir(), 'sluice-hashing-'))
const threads: Worker[] = []
const note = (thread: Worker) => threads.push(thread)
process.on('worker', note)
afterAll(() => {
  process.off('worker', note)
  rmSync(dir, { recursive: true })
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
})

type Run = Parameters<Hashing['hashFile']>[1]
const plain: Run = { pieceBytes, onHashed() {}, signal }
const kept: Run = { ...plain, onSave() {} }

function md5sOf(content: Uint8Array, length = pieceBytes): string {
  const pieces = Array.from({ length: Math.ceil(content.length / length) }, (_, n) => n * length)
  return pieces.map((start) => hex('md5', content.subarray(start, start + length))).join('')
}

/** Memory that is filled from, with something to do before the nth reading, counted from 0. */
function watched(before: (nth: number) => unknown) {
  const reads: number[] = []
  const source: Source & { fill(room: Uint8Array, start: number): Promise<number> } = {
    ...memorySource(bytes),
    async fill(room, start) {
      await before(reads.push(start) - 1)
      room.set(bytes.subarray(start, start + room.length))
      return Math.min(room.length, bytes.length - start)
    },
  }
  return { source, reads }
}

/** Runs a program in a process of its own that has the SDK; resolves to what it prints, rejects when it fails. */
async function run(program: string, ...flags: string[]): Promise<string> {
  const main = join(dir, 'main.mjs')
  writeFileSync(main, `import { nodeHashing } from '${new URL('../src/node.ts', import.meta.url)}'\n${program}`)
  return (await promisify(execFile)(process.execPath, [...flags, main])).stdout
}

/** For such programs: 5 MiB and a little, that come at once. */
const inMemory = `
  const bytes = new Uint8Array(${5 * mib + 77}).map((_, i) => i % 251)
  const source = { size: bytes.length, slice: async (start, end) => bytes.subarray(start, end) }
  const run = { pieceBytes: ${pieceBytes}, onHashed() {}, signal: new AbortController().signal }
`

describe.each([
  [
    'a file',
    async (content: Uint8Array) => {
      const path = join(dir, `${content.length}.mp4`)
      writeFileSync(path, content)
      return openFile(path)
    },
  ],
  ['memory of someone else', async (content: Uint8Array) => ({ ...memorySource(content), close: async () => {} })],
])('of %s', (_, open) => {
  test.each([1, 63, 64, 65, 65_535, 65_536, 65_537, mib - 1, mib, mib + 1, 2 * mib, 3 * mib - 63])(
    '%i bytes SHA-1 and MD5s are right, kept or not, and the parts as well',
    async (size) => {
      const content = bytes.slice(0, size)
      const source = await open(content)
      const hashing = nodeHashing()
      for (const way of [plain, kept]) {
        let hashed = 0
        const onHashed = (stretch: number) => {
          hashed += stretch
        }
        const { fileSha: sha, md5s } = await hashing.hashFile(source, { ...way, onHashed })
        expect({ sha, hashed }).toEqual({ sha: hex('sha1', content), hashed: size })
        // A file that is hashed at once has one part, whose MD5 takes no time either.
        expect(md5s).toBe(size > 65_536 ? md5sOf(content) : '')
      }
      for (let offset = 0; offset < size; offset += mib) {
        const range = { offset, dataSize: Math.min(mib, size - offset) }
        const expected = content.subarray(offset, offset + mib)
        for (const known of [undefined, 'known']) {
          const { body, dataMd5, stored } = await hashing.readPart(source, range, known)
          expect(dataMd5).toBe(known ?? hex('md5', expected))
          expect(Buffer.compare(body as Uint8Array, expected)).toBe(0)
          stored?.()
        }
      }
      expect(hex('sha1', content)).toBe(hex('sha1', bytes.subarray(0, size)))
      await source.close()
    },
  )
})

test('no more than 64 KiB at a time are hashed on the main thread', async () => {
  const text = await run(`
    import crypto from 'node:crypto'
    import { syncBuiltinESMExports } from 'node:module'
    const sizes = []
    const { createHash } = crypto
    crypto.createHash = (name) => {
      const hash = createHash(name)
      const update = hash.update.bind(hash)
      hash.update = (bytes) => {
        sizes.push(bytes.length)
        return update(bytes)
      }
      return hash
    }
    syncBuiltinESMExports()
    const { instantiate } = WebAssembly
    WebAssembly.instantiate = (bytes) => {
      sizes.push('WebAssembly')
      return instantiate(bytes)
    }
    ${inMemory}
    for (const onSave of [undefined, () => {}]) await nodeHashing().hashFile(source, { ...run, onSave })
    await nodeHashing().readPart(source, { offset: 0, dataSize: ${mib} })
    await nodeHashing().readPart({ ...source, size: 65_536 }, { offset: 0, dataSize: 65_536 })
    nodeHashing().md5(bytes.subarray(0, 100))
    console.log(JSON.stringify(sizes))
  `)
  expect(JSON.parse(text)).toEqual([65_536, 100])
})

test('a process that awaits a hash does not end, and one that has it does', async () => {
  // Nothing else keeps it: the source has its bytes at once.
  const text = await run(`
    ${inMemory}
    const { fileSha } = await nodeHashing().hashFile(source, run)
    const { dataMd5 } = await nodeHashing().readPart(source, { offset: 0, dataSize: ${mib} })
    console.log(fileSha, dataMd5)
  `)
  expect(text).toBe(`${fileSha} ${hex('md5', bytes.subarray(0, mib))}\n`)
})

test('what the process loads beforehand is not loaded in its threads', async () => {
  const [preload, loaded] = [join(dir, 'preload.cjs'), join(dir, 'loaded')]
  const note = `require('node:fs').appendFileSync(${JSON.stringify(loaded)}, require('node:worker_threads').threadId + ' ')`
  writeFileSync(preload, note)
  vi.stubEnv('NODE_OPTIONS', `--require ${preload}`)
  const program = `${inMemory}
    console.log((await nodeHashing().hashFile(source, run)).fileSha)`
  expect(await run(program, '--import', preload)).toBe(`${fileSha}\n`)
  expect(readFileSync(loaded, 'utf8')).toBe('0 ')
})

test('without the permission to start threads it hashes all the same, and others have their turn', async () => {
  const program = `
    ${inMemory}
    let turns = 0
    const count = () => {
      turns++
      turning = setImmediate(count)
    }
    let turning = setImmediate(count)
    const hashing = nodeHashing()
    const results = []
    for (const onSave of [undefined, () => {}]) results.push(hashing.hashFile(source, { ...run, onSave }))
    for (let n = 0; n < 5; n++) results.push(hashing.readPart(source, { offset: n * ${mib}, dataSize: ${mib} }))
    const done = await Promise.all(results)
    clearImmediate(turning)
    console.log(JSON.stringify([done.slice(0, 2), done.slice(2).map(({ dataMd5 }) => dataMd5).join(''), turns]))
  `
  const [hashes, md5s, turns] = JSON.parse(await run(program, '--permission', '--allow-fs-read=*'))
  expect(hashes).toEqual([
    { fileSha, md5s: md5sOf(bytes) },
    { fileSha, md5s: md5sOf(bytes) },
  ])
  expect(md5s).toBe(md5sOf(bytes.subarray(0, 5 * mib), mib))
  // Six stretches twice and five parts, of which no two are hashed in one turn.
  expect(turns).toBeGreaterThanOrEqual(17)
})

test('when a thread does not come to run the main thread hashes, and the next hash tries again', async () => {
  const text = await run(`
    let started = 0
    process.once('worker', (thread) => thread.terminate()).on('worker', () => started++)
    ${inMemory}
    for (let n = 0; n < 3; n++) console.log((await nodeHashing().hashFile(source, run)).fileSha, started)
  `)
  expect(text).toBe(`${fileSha} 1\n${fileSha} 2\n${fileSha} 2\n`)
})

test('many uploads at a time share the threads', async () => {
  const uploads = Array.from({ length: 12 }, async (_, nth) => {
    const hashing = nodeHashing()
    const { fileSha: sha } = await hashing.hashFile(memorySource(bytes), nth % 2 ? plain : kept)
    const { dataMd5 } = await hashing.readPart(memorySource(bytes), { offset: 0, dataSize: mib })
    return `${sha} ${dataMd5}`
  })
  expect(new Set(await Promise.all(uploads))).toEqual(new Set([`${fileSha} ${hex('md5', bytes.subarray(0, mib))}`]))
  expect(threads).toHaveLength(Math.min(4, Math.max(1, availableParallelism() - 1)))
})

test('of many files at a time each is read in shorter stretches', async () => {
  const { promise: allReading, resolve: areAllReading } = Promise.withResolvers<void>()
  const rooms: number[] = []
  const source: ReturnType<typeof watched>['source'] = {
    ...watched(() => {}).source,
    async fill(room, start) {
      if (start === 0 && rooms.push(room.buffer.byteLength) === 32) areAllReading()
      await allReading
      room.set(bytes.subarray(start, start + room.length))
      return Math.min(room.length, bytes.length - start)
    },
  }
  const hashes = await Promise.all(Array.from({ length: 32 }, () => nodeHashing().hashFile(source, plain)))
  expect(new Set(hashes.map((hash) => JSON.stringify(hash)))).toEqual(
    new Set([JSON.stringify({ fileSha, md5s: md5sOf(bytes) })]),
  )
  expect([rooms[0], rooms.at(-1)]).toEqual([8 * pieceBytes, pieceBytes])
  expect(rooms.reduce((sum, length) => sum + length)).toBeLessThan(96 * pieceBytes)
})

test('of a slow source what has come is hashed while the rest comes', async () => {
  let now = 0
  vi.spyOn(performance, 'now').mockImplementation(() => now)
  const { source } = watched(() => {
    now += 30
  })
  const stretches: number[] = []
  const onHashed = (stretch: number) => stretches.push(stretch)
  expect(await nodeHashing().hashFile(source, { ...plain, onHashed })).toEqual({ fileSha, md5s: md5sOf(bytes) })
  expect(Math.max(...stretches)).toBeLessThanOrEqual(4 * pieceBytes)
})

test('an interrupted hash goes on where it was saved', async () => {
  let now = 0
  vi.spyOn(performance, 'now').mockImplementation(() => {
    now += 1000
    return now
  })
  const controller = new AbortController()
  const saved: SavedHash[] = []
  const onSave = (state: SavedHash) => {
    if (saved.push(structuredClone(state)) === 3) controller.abort('closed')
  }
  const first = nodeHashing().hashFile(memorySource(bytes), { ...plain, onSave, signal: controller.signal })
  expect(await rejection(first)).toBe('closed')
  const from = saved.at(-1)
  expect(from?.hashedBytes).toBe(3 * pieceBytes)
  const { source, reads } = watched(() => {})
  const second = await nodeHashing().hashFile(source, { ...kept, ...(from && { from }) })
  expect(second).toEqual({ fileSha, md5s: md5sOf(bytes) })
  expect(reads).toEqual(Array.from({ length: 38 }, (_, n) => (n + 3) * pieceBytes))
})

test.each([
  ['kept', kept],
  ['not', plain],
])('a hash that is %s stops when it is aborted, and the thread forgets it', async (_, way) => {
  const controller = new AbortController()
  const { source, reads } = watched((nth) => nth === 10 && controller.abort('paused'))
  const posted = vi.spyOn(Worker.prototype, 'postMessage')
  expect(await rejection(nodeHashing().hashFile(source, { ...way, signal: controller.signal }))).toBe('paused')
  expect(reads.length).toBe(11)
  expect(posted.mock.lastCall?.[0]).toEqual({ forget: expect.any(Number) })
})

test('what is forgotten begins anew', async () => {
  const jobs = hashJobs()
  const job = { what: 'apart', bytes: new Uint8Array(100), pieceBytes: 100, run: 1 } as const
  await jobs.hash({ ...job, isLast: false })
  jobs.forget(1)
  expect(await jobs.hash({ ...job, isLast: true })).toEqual({
    md5: hex('md5', job.bytes),
    fileSha: hex('sha1', job.bytes),
  })
})

test('a thread that dies takes with it what it was at, and the next hash has another', async () => {
  await nodeHashing().hashFile(memorySource(bytes), plain)
  const before = threads.length
  let dying: Promise<unknown> | undefined
  const { source } = watched((nth) => {
    if (nth === 10) dying = Promise.all(threads.map((thread) => thread.terminate()))
    return dying
  })
  const error = await rejection(nodeHashing().hashFile(source, plain))
  expect(error).toMatchObject({
    code: 'source',
    canRetry: 1,
    message: 'the file cannot be hashed: the hashing thread ended; try again',
  })
  await dying // others had nothing to lose
  expect(await nodeHashing().hashFile(memorySource(bytes), plain)).toEqual({ fileSha, md5s: md5sOf(bytes) })
  expect(threads.length).toBe(before + 1)
})

test('what is waited for when a thread dies is rejected', async () => {
  const range = { offset: 0, dataSize: mib }
  await nodeHashing().readPart(memorySource(bytes), range)
  const posted = vi.spyOn(Worker.prototype, 'postMessage').mockImplementation(function (this: Worker) {
    void this.terminate() // before it hears of the question
  })
  const error = await rejection(nodeHashing().readPart(memorySource(bytes), range))
  posted.mockRestore()
  expect(error).toMatchObject({ code: 'source', canRetry: 1 })
  expect((await nodeHashing().readPart(memorySource(bytes), range)).dataMd5).toBe(hex('md5', bytes.subarray(0, mib)))
})

test('a part can be sent by fetch, which takes no shared memory', async () => {
  const server = createServer(async (request, response) => {
    response.end(hex('md5', Buffer.concat(await request.toArray())))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const path = join(dir, 'sent.mp4')
  writeFileSync(path, bytes)
  const source = await openFile(path)
  const { body, dataMd5 } = await nodeHashing().readPart(source, { offset: mib, dataSize: mib })
  expect(await fetchTransport()({ url, body, signal })).toEqual({ status: 200, text: dataMd5 })
  await source.close()
  server.closeAllConnections()
  server.close()
})
