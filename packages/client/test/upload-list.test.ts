import type { Progress, UploadResult } from '@sluice/client/node'
import { expect, test } from 'vitest'
import { refusalOf } from '../src/component/admission.ts'
import { announcementOf } from '../src/component/announcement.ts'
import { statusOf } from '../src/component/status.ts'
import { languageOf } from '../src/component/texts.ts'
import { type Item, openUploadList, type Run } from '../src/component/upload-list.ts'

const result: UploadResult = { fileId: '1', url: 'http://sluice.test/1', instant: false }
const fileOf = (name: string, bytes = 1000) => new File([new Uint8Array(bytes)], name, { lastModified: 1 })
const progressOf = (changes: Partial<Progress>): Progress => ({
  hashedBytes: 1000,
  sentBytes: 0,
  acknowledgedBytes: 0,
  totalBytes: 1000,
  bytesPerS: 0,
  leftMs: undefined,
  waitingFor: undefined,
  ...changes,
})

/** A list whose uploads end when the test says so; an abort ends them late, as it does a real one. */
function listOf(parallelFiles = 2) {
  const runs: { item: Item; run: Run; done(instant?: boolean): void; fail(error: unknown): void }[] = []
  const changes: [now: Item | undefined, before: Item | undefined][] = []
  const list = openUploadList({
    upload(item, run) {
      const { promise, resolve, reject } = Promise.withResolvers<UploadResult>()
      runs.push({ item, run, done: (instant = false) => resolve({ ...result, instant }), fail: reject })
      return promise
    },
    onChange: (now, before) => changes.push([now, before]),
    parallelFiles: () => parallelFiles,
  })
  const states = () => list.items().map(({ file, state }) => `${file.name} ${state.is}`)
  const runOf = (nth: number) => {
    const run = runs[nth]
    if (!run) throw new Error(`no upload ${nth}`)
    return run
  }
  return { list, changes, states, runs, runOf }
}
/** Lets what has ended be noticed. */
const settle = () => new Promise((resolve) => setImmediate(resolve))

test('files wait for their turn', async () => {
  const { list, states, runOf } = listOf()
  for (const name of ['a', 'b', 'c']) list.add(fileOf(name), { start: true })
  expect(states()).toEqual(['a running', 'b running', 'c waiting'])
  runOf(0).done()
  await settle()
  expect(states()).toEqual(['a done', 'b running', 'c running'])
  runOf(1).fail(new Error('lost'))
  await settle()
  expect(states()).toEqual(['a done', 'b failed', 'c running'])
})

test('what is paused keeps its place until it has come to rest, and then goes on', async () => {
  const { list, states, runs, runOf } = listOf(1)
  list.add(fileOf('a'), { start: true })
  const [{ id = 0 } = {}] = list.items()
  list.pause(id)
  expect(runOf(0).run.signal.aborted).toBe(true)
  list.start(id)
  expect(states()).toEqual(['a waiting'])
  expect(runs.length).toBe(1)
  runOf(0).fail('paused')
  await settle()
  expect(states()).toEqual(['a running'])
  expect(runs.length).toBe(2)
})

test('what an upload says after it was paused or removed changes nothing', async () => {
  const { list, states, changes, runOf } = listOf()
  list.add(fileOf('a'), { start: true })
  list.add(fileOf('b'), { start: true })
  const [a, b] = list.items()
  list.pause(a?.id)
  list.remove(b?.id ?? 0)
  const before = changes.length
  runOf(0).run.onProgress(progressOf({}))
  runOf(1).run.onProgress(progressOf({}))
  runOf(0).done()
  runOf(1).fail(new Error('late'))
  await settle()
  expect(states()).toEqual(['a paused'])
  expect(changes.length).toBe(before)
})

test('an upload that goes on falls back behind nothing that is stored', async () => {
  const { list, runOf } = listOf()
  list.add(fileOf('a'), { start: true })
  runOf(0).run.onProgress(progressOf({ sentBytes: 700, acknowledgedBytes: 400 }))
  list.pause()
  runOf(0).fail('paused')
  await settle()
  list.start()
  runOf(1).run.onProgress(progressOf({ hashedBytes: 0 }))
  expect(list.items()[0]?.progress).toMatchObject({ hashedBytes: 1000, sentBytes: 400, acknowledgedBytes: 400 })
})

test('a cover starts its file again, unless it has not begun', async () => {
  const { list, states, runOf } = listOf()
  const cover = fileOf('cover.png')
  list.add(fileOf('a'), { start: true })
  list.add(fileOf('b'), { start: false })
  const [a, b] = list.items()
  runOf(0).done()
  await settle()
  list.setCover(a?.id ?? 0, cover)
  list.setCover(b?.id ?? 0, cover)
  expect(states()).toEqual(['a running', 'b paused'])
  expect(runOf(1).item.cover).toBe(cover)
  runOf(1).done(true)
  await settle()
  expect(list.items()[0]?.result).toMatchObject({ instant: false })
})

test('suspended nothing runs, and what ran goes on afterwards', async () => {
  const { list, states, runOf } = listOf()
  list.add(fileOf('a'), { start: true })
  list.add(fileOf('b'), { start: false })
  list.suspend()
  runOf(0).fail('paused')
  await settle()
  list.add(fileOf('c'), { start: true })
  expect(states()).toEqual(['a waiting', 'b paused', 'c waiting'])
  list.wake()
  expect(states()).toEqual(['a running', 'b paused', 'c running'])
})

test('files are taken by extension, media type or kind, as an input takes them', () => {
  const refusal = (name: string, type: string, accept: string, size = 1) =>
    refusalOf({ name, type, size }, { accept, maxSize: 10 })
  expect(refusal('a.MP4', '', '.mp4, .mov')).toBeUndefined()
  expect(refusal('a.txt', 'text/plain', '.mp4,.mov')).toBe('type')
  expect(refusal('a', 'video/quicktime', 'video/*')).toBeUndefined()
  expect(refusal('a.png', 'image/png', 'video/*,image/png')).toBeUndefined()
  // A system that does not know the extension gives no type.
  expect(refusal('a.mkv', '', 'video/*')).toBeUndefined()
  expect(refusal('a.anything', '', '')).toBeUndefined()
  expect(refusal('a.mp4', 'video/mp4', 'video/*', 0)).toBe('empty')
  expect(refusal('a.mp4', 'video/mp4', 'video/*', 11)).toBe('size')
})

const limits = { maxSize: Infinity, maxFiles: Infinity }
const itemOf = (changes: Partial<Item>): Item => ({
  id: 1,
  file: fileOf('a.mp4'),
  cover: undefined,
  state: { is: 'running' },
  progress: undefined,
  result: undefined,
  ...changes,
})

test('a status says what is under way, and is never whole before it is', () => {
  const english = languageOf('en')
  const text = (progress: Partial<Progress>) => {
    const item = itemOf({ progress: progressOf({ totalBytes: 27_000_000, hashedBytes: 27_000_000, ...progress }) })
    return statusOf(item, english, limits)
  }
  expect(text({ hashedBytes: 0 }).text).toBe('Preparing · 27 MB')
  expect(text({ hashedBytes: 8_100_000 }).text).toBe('Checking · 30%')
  expect(text({ sentBytes: 12_000_000, bytesPerS: 3_100_000 })).toMatchObject({
    text: '44% · 12.0 MB of 27 MB',
    aside: '3.1 MB/s · 5 sec left',
  })
  expect(text({ sentBytes: 27_000_000 }).text).toBe('99% · 27.0 MB of 27 MB')
  expect(text({ sentBytes: 27_000_000, acknowledgedBytes: 27_000_000 }).text).toBe('Finishing …')
  expect(text({ waitingFor: 'network' }).text).toBe('You are offline. It goes on by itself.')
})

test('a language has numbers of its own, and any tag will do', () => {
  expect(languageOf('zh-CN').duration(3_720_000)).toBe('1小时 2分钟')
  expect(languageOf('en-US').duration(41_000)).toBe('45 sec')
  expect(languageOf('de').rate(3_140_000)).toBe('3.1 MB/s')
  expect(languageOf('de', { left: 'noch {time}' }).rate(3_140_000)).toBe('3,1 MB/s')
  expect(languageOf('not a tag', {}).bytes(1_240_000_000)).toBe('1.24 GB')
})

test('news of one moment are told together', () => {
  const news = [
    { what: 'added', name: 'a.mp4' },
    { what: 'added', name: 'b.mp4' },
    { what: 'uploaded', name: 'c.mp4' },
    { what: 'failed', name: 'd.txt', reason: 'No.' },
  ] as const
  expect(announcementOf(news, languageOf('en'))).toBe('2 files added. c.mp4 uploaded. d.txt: No.')
})
