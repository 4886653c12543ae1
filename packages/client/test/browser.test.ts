import type { HashedFile, UploadResult } from '@sluice/client'
import { signUgc } from '@sluice/protocol/signatures'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { serve, temporaryDirectory } from '../../cli/test/serve-process.ts'
import { startBrowser, type TestBrowser } from './browser/browser.ts'
import { type Fate, type PassingCall, wayTo } from './browser/way.ts'

const mib = 1_048_576
const keys = { secretId: 'AKIDbrowser', secretKey: 'key-of-the-browser-test' }
const long = process.env['SLUICE_TEST_LONG'] === '1'

let browser: TestBrowser
beforeAll(async () => {
  browser = await startBrowser()
  // The app's backend, as far as the page is concerned.
  await browser.context.exposeFunction('sign', (file: HashedFile, nth: number) => sign(file, nth))
}, 60_000)
afterAll(() => browser?.close())

const now = () => Math.floor(Date.now() / 1000)
const goodSignature = (file: HashedFile) => signUgc({ ...keys, ...file, signedAtS: now() })
let sign: (file: HashedFile, nth: number) => string = goodSignature

async function service(directory = temporaryDirectory(), port = '0') {
  return serve({
    SLUICE_DATA_DIR: directory,
    SLUICE_PORT: port,
    SLUICE_APP_ID: '1251000001',
    SLUICE_SECRET_ID: keys.secretId,
    SLUICE_SECRET_KEY: keys.secretKey,
  })
}

async function tab(csp?: string): Promise<Page> {
  const page = await browser.open(csp)
  onTestFinished(() => page.close())
  return page
}

interface Outcome {
  readonly result?: UploadResult
  readonly error?: unknown
  readonly signatures: number
  readonly longTasks: number[]
  readonly last: { hashedBytes: number; sentBytes: number; acknowledgedBytes: number; totalBytes: number }
  readonly waitedFor: string[]
  /** The first bytes that were told as hashed: all of them when the hash was known. */
  readonly firstHashed: number
}

const call = <T>(page: Page, name: string, ...args: unknown[]) =>
  page.evaluate(`test.${name}(...${JSON.stringify(args)})`) as Promise<T>
const makeFile = (page: Page, name: string, size: number, seed: number) => call(page, 'makeFile', name, size, seed)
const begin = (page: Page, name: string, options: object) => call(page, 'begin', name, options)
const outcome = (page: Page, name: string) => call<Outcome>(page, 'outcome', name)

/** Lets so many parts through; the next ones stall. */
const after =
  (parts: number) =>
  ({ nth }: PassingCall): Fate =>
    (nth > parts ? 'stall' : 'through') as Fate

/** What was acknowledged, and then sent again. */
function sentInVain(way: Awaited<ReturnType<typeof wayTo>>): number[] {
  return way.sent.filter((offset, index) => way.sent.indexOf(offset) < index)
}

test.each(long ? [[150], [1024]] : [[150]])(
  'a file of %i MiB goes in by parts of which the page holds none, and is known on a second visit',
  // Whether a task of the page is long is also up to what else the machine does.
  { timeout: long ? 300_000 : 60_000, retry: 2 },
  async (size) => {
    const { url } = await service()
    const page = await tab()
    const name = `large-${size}.mp4`
    await makeFile(page, name, size, 1)
    const before = await browser.pageMemory()
    let most = before
    await begin(page, name, { url })
    const ended = outcome(page, name)
    let over = false
    void ended.finally(() => {
      over = true
    })
    while (!over) {
      most = Math.max(most, await browser.pageMemory())
      await new Promise((resolve) => setTimeout(resolve, 20))
    }

    const { result, longTasks, last } = await ended
    expect(result).toMatchObject({ instant: false, verifyContent: expect.any(String) })
    const totalBytes = size * mib + 1
    expect(last).toMatchObject({ hashedBytes: totalBytes, sentBytes: totalBytes, acknowledgedBytes: totalBytes })
    expect(longTasks).toEqual([])
    expect(most - before).toBeLessThan(64 * mib)

    await reload(page)
    await begin(page, name, { url })
    const again = await outcome(page, name)
    expect(again.result).toMatchObject({ fileId: result?.fileId, instant: true })
    expect(again.firstHashed).toBe(totalBytes)
  },
)

test('paused and resumed it sends no part again that was acknowledged', async () => {
  const { url } = await service()
  let fate = after(8)
  const way = await wayTo(url, (one) => fate(one))
  const page = await tab()
  await makeFile(page, 'paused.mp4', 20, 2)
  await begin(page, 'paused.mp4', { url: way.url })
  await way.stored(8)
  await call(page, 'pause', 'paused.mp4')
  expect((await outcome(page, 'paused.mp4')).error).toBe('paused')

  const [acknowledged, sent] = [new Set(way.acknowledged), way.sent.length]
  fate = after(Infinity)
  await begin(page, 'paused.mp4', { url: way.url })
  const { result, firstHashed } = await outcome(page, 'paused.mp4')
  expect(result).toMatchObject({ instant: false })
  expect(firstHashed).toBe(20 * mib + 1)
  expect(way.sent.slice(sent).filter((offset) => acknowledged.has(offset))).toEqual([])
  expect(new Set(way.acknowledged).size).toBe(21)
})

async function reload(page: Page): Promise<Page> {
  await page.reload()
  await page.waitForFunction('window.test !== undefined')
  return page
}

async function crash(page: Page): Promise<Page> {
  await Promise.all([page.waitForEvent('crash'), page.goto('chrome://crash').catch(() => {})])
  return tab()
}

test.each([
  ['reloaded', 3, reload],
  ['crashed', 13, crash],
])('%s in the middle it goes on', async (what, seed, end) => {
  const name = `${what}.mp4`
  const { url } = await service()
  let fate = after(8)
  const way = await wayTo(url, (one) => fate(one))
  const before = await tab()
  await makeFile(before, name, 20, seed)
  await begin(before, name, { url: way.url })
  await way.stored(8)
  fate = after(Infinity)
  const [acknowledged, sent] = [new Set(way.acknowledged), way.sent.length]
  const page = await end(before)
  await begin(page, name, { url: way.url })
  const { result, firstHashed } = await outcome(page, name)
  expect(result).toMatchObject({ instant: false })
  expect(firstHashed).toBe(20 * mib + 1)
  expect(way.sent.slice(sent).filter((offset) => acknowledged.has(offset))).toEqual([])
})

test.skipIf(!long)(
  'reloaded while it is hashed it goes on hashing (skipped without SLUICE_TEST_LONG: it saves once a second)',
  async () => {
    const { url } = await service()
    const page = await tab()
    await makeFile(page, 'hashed.mp4', 1536, 12)
    await begin(page, 'hashed.mp4', { url })
    while (!(await call(page, 'savedHash'))) await new Promise((resolve) => setTimeout(resolve, 20))
    await reload(page)
    const saved = await call<number>(page, 'savedHash')
    expect(saved).toBeGreaterThan(0)
    await begin(page, 'hashed.mp4', { url })
    const { result, firstHashed } = await outcome(page, 'hashed.mp4')
    expect(result).toMatchObject({ instant: false })
    expect(firstHashed).toBe(saved)
  },
  300_000,
)

test('a picture of a canvas goes in as the cover, and is shown', async () => {
  const page = await tab()
  await makeFile(page, 'covered.mp4', 3, 21)
  const { url } = await service()
  await begin(page, 'covered.mp4', { url, drawnCover: 60 })
  const { result, error, signatures } = await outcome(page, 'covered.mp4')
  expect(error).toBeUndefined()
  expect(signatures).toBe(2)
  expect(result?.coverUrl).toMatch(new RegExp(`/${result?.fileId}/\\d+\\.png$`))
  expect(await call(page, 'widthOf', result?.coverUrl)).toBe(60)
})

test('of two tabs with the same file one uploads, and the other takes over when it is closed', async () => {
  const { url } = await service()
  let fate = after(5)
  const way = await wayTo(url, (one) => fate(one))
  const [first, second, third] = [await tab(), await tab(), await tab()]
  await makeFile(first, 'shared.mp4', 12, 4)
  await begin(first, 'shared.mp4', { url: way.url })
  await way.stored(5)
  for (const page of [second, third]) {
    await begin(page, 'shared.mp4', { url: way.url })
    await page.waitForFunction(`test.lastProgress('shared.mp4').waitingFor === 'tab'`)
  }
  fate = after(Infinity)
  const [acknowledged, sent] = [new Set(way.acknowledged), way.sent.length]
  await first.close()
  const outcomes = [await outcome(second, 'shared.mp4'), await outcome(third, 'shared.mp4')]
  expect(outcomes.map(({ result }) => result?.instant)).toEqual([false, true])
  expect(outcomes[0]?.result?.fileId).toBe(outcomes[1]?.result?.fileId)
  expect(way.sent.slice(sent).filter((offset) => acknowledged.has(offset))).toEqual([])
})

test('without a network it waits for it', async () => {
  const { url } = await service()
  let fate = after(4)
  const way = await wayTo(url, (one) => fate(one))
  const page = await tab()
  await makeFile(page, 'offline.mp4', 10, 5)
  await begin(page, 'offline.mp4', { url: way.url })
  await way.stored(4)
  await browser.context.setOffline(true)
  onTestFinished(() => browser.context.setOffline(false))
  fate = after(Infinity)
  way.cut()
  await page.waitForFunction(`test.lastProgress('offline.mp4').waitingFor === 'network'`)
  await browser.context.setOffline(false)
  const { result, waitedFor } = await outcome(page, 'offline.mp4')
  expect(result).toMatchObject({ instant: false })
  expect(waitedFor).toEqual(['network'])
})

test('a service that is killed and started again in the middle gets the rest', async () => {
  const directory = temporaryDirectory()
  const first = await service(directory)
  const page = await tab()
  await makeFile(page, 'killed.mp4', 20, 6)
  let release = () => {}
  const killed = new Promise<Fate>((resolve) => {
    release = () => resolve('through')
  })
  const way = await wayTo(first.url, ({ nth }) => (nth > 6 ? killed : 'through'))
  await begin(page, 'killed.mp4', { url: way.url })
  await way.stored(6)
  await first.stop('SIGKILL')
  release()
  await service(directory, new URL(first.url).port)
  expect((await outcome(page, 'killed.mp4')).result).toMatchObject({ instant: false })
  const acknowledgedTwice = way.acknowledged.filter((offset, index) => way.acknowledged.indexOf(offset) < index)
  expect(acknowledgedTwice).toEqual([])
})

test('a connection on which nothing moves is given up and the part sent again', async () => {
  const { url } = await service()
  const way = await wayTo(url, ({ nth, action }) => (action === 'UploadPartEx' && nth === 3 ? 'stall' : 'through'))
  const page = await tab()
  await makeFile(page, 'stalled.mp4', 6, 7)
  await begin(page, 'stalled.mp4', { url: way.url, answerTimeoutMs: 2_000 })
  expect((await outcome(page, 'stalled.mp4')).result).toMatchObject({ instant: false })
  expect(sentInVain(way)).toContain(way.sent[2])
})

test('a file that is written to meanwhile is told', async () => {
  const { url } = await service()
  const way = await wayTo(url, after(4))
  const page = await tab()
  await makeFile(page, 'changed.mp4', 10, 10)
  await begin(page, 'changed.mp4', { url: way.url })
  await way.stored(4)
  await makeFile(page, 'changed.mp4', 10, 11)
  way.cut()
  expect((await outcome(page, 'changed.mp4')).error).toMatchObject({
    code: 'source',
    message: expect.stringMatching(/^the file cannot be read at byte \d+: /),
  })
})

test('a signature that has expired is asked for again', async () => {
  const { url } = await service()
  sign = (file, nth) =>
    nth === 0 ? signUgc({ ...keys, ...file, signedAtS: now() - 100, validS: 50 }) : goodSignature(file)
  onTestFinished(() => {
    sign = goodSignature
  })
  const page = await tab()
  await makeFile(page, 'expired.mp4', 3, 8)
  await begin(page, 'expired.mp4', { url })
  expect(await outcome(page, 'expired.mp4')).toMatchObject({ result: { instant: false }, signatures: 2 })
})

test.each([
  ['from a Blob by default', '', {}, 1],
  [
    'where the page says, if it may run its own alone',
    "script-src 'self'; worker-src 'self'",
    { workerUrl: '/sdk/worker.js' },
    1,
  ],
  ['not at all where it may have neither worker nor WebAssembly', "script-src 'self'; worker-src 'none'", {}, 0],
])('a worker is started %s', async (_, csp, options, workers) => {
  const { url } = await service()
  const page = await tab(csp)
  let started = 0
  page.on('worker', () => started++)
  await makeFile(page, 'strict.mp4', 3, 9)
  await begin(page, 'strict.mp4', { url, resumeStore: false, ...options })
  const { result } = await outcome(page, 'strict.mp4')
  expect(result).toMatchObject({ instant: false })
  expect(started).toBe(workers)
})
