import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
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
