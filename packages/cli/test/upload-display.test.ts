import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { drawOverview } from '../src/draw-overview.ts'
import { openScreen } from '../src/screen.ts'
import { displayUploads } from '../src/upload-display.ts'
import { countUploads } from '../src/upload-overview.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A stream that keeps what is written. */
function stream(members: { isTTY: boolean; columns?: number; rows?: number }) {
  const made = Object.assign(new PassThrough(), { hasColors: () => false }, members)
  return { made: made as unknown as NodeJS.WriteStream & { columns: number }, read: () => String(made.read() ?? '') }
}

test('where there is no terminal, a line every half minute says how far it is', () => {
  const count = countUploads([{ size: 50_000_000 }, { size: 100_000_000 }])
  const { made, read } = stream({ isTTY: false })
  const display = displayUploads(made, count)
  count.done(count.begin({ path: 'a.mp4', size: 50_000_000 }), false)
  vi.advanceTimersByTime(29_000)
  expect(read()).toBe('')
  vi.advanceTimersByTime(1_000)
  expect(read()).toBe('1 of 2 files, 47.7 MiB of 143.1 MiB, 1.6 MiB/s, 1 min 0 s left\n')
  vi.advanceTimersByTime(30_000)
  expect(read()).toBe('1 of 2 files, 47.7 MiB of 143.1 MiB, 0 B/s\n')
  display.close()
  vi.advanceTimersByTime(60_000)
  expect(read()).toBe('')
})

test('a file that grew since it was found does not fill more than its bar', () => {
  const count = countUploads([{ size: 10 }, { size: 10 }])
  const grown = count.begin({ path: 'a.mp4', size: 10 })
  const bytes = { hashedBytes: 80, sentBytes: 80, acknowledgedBytes: 40, totalBytes: 80, bytesPerS: 5, leftMs: 8_000 }
  grown.progress = { ...bytes, waitingFor: undefined }
  const canvas = { columns: 80, rows: 24, colors: false, now: grown.startedAt + 1_000, bytesPerS: 5 }
  const [file = '', total = ''] = drawOverview(count, canvas)
  expect(file).toMatch(/^a\.mp4 +█{10}░{10} {3}50% +5 B\/s {2}8\.0 s left$/)
  expect(total).toMatch(/^0 of 2 files +█{20} {2}100% +5 B\/s {2}0\.0 s left$/)
})

test('lines that a narrower terminal has broken are drawn over where they begin', () => {
  const { made, read } = stream({ isTTY: true, columns: 40, rows: 20 })
  const screen = openScreen(made)
  screen.draw(['x'.repeat(30), '电影'.repeat(5)])
  read()
  made.columns = 15
  screen.draw(['y'])
  expect(read()).toBe('\x1b[4A\ry\x1b[K\n\x1b[J') // two rows of x, two of the films
  screen.close()
  expect(read()).toBe('\x1b[1A\r\x1b[J\x1b[?25h')
})
