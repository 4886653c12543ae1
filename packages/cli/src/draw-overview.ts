import { formatBytes, formatSeconds } from './quantities.ts'
import { keepEnd, onOneLine, padText, textWidth } from './text-width.ts'
import { acknowledgedBytes, type Overview, type RunningFile } from './upload-overview.ts'

/** What a picture is made for. */
export interface Canvas {
  readonly columns: number
  readonly rows: number
  readonly colors: boolean
  /** Milliseconds of `performance.now`. */
  readonly now: number
  /** Bytes a second, over all files. */
  readonly bytesPerS: number
}

/** A file that is done sooner is not shown on its way: it would only flicker. */
const shownAfterMs = 300
/** No more files than this, however tall the terminal. */
const mostFiles = 8

/** The lines that show how far an upload is: the files on their way, and below them all together if there are several. */
export function drawOverview(overview: Overview, canvas: Canvas): string[] {
  const single = overview.files === 1
  const files = Array.from(overview.running)
    .filter(({ startedAt, progress }) => progress && (single || canvas.now - startedAt >= shownAfterMs))
    .slice(0, Math.max(1, Math.min(mostFiles, canvas.rows - 3)))
  const layout = layOut(files, canvas)
  const lines = files.map((file) => drawFile(file, layout, canvas))
  return single ? lines : [...lines, drawTotal(overview, layout, canvas)]
}

/** Columns of the parts of a line; 0 for what there is no room for. */
interface Layout {
  readonly name: number
  readonly bar: number
  readonly rate: number
  readonly left: number
}

const gap = '  '
const percentColumns = gap.length + 4
const rateColumns = gap.length + 12
const leftColumns = gap.length + 16
const totalName = '99999 of 99999 files'

function layOut(files: readonly RunningFile[], { columns }: Canvas): Layout {
  // The last column stays free: some terminals break the line as soon as it is written to.
  const room = columns - 1 - percentColumns
  const rate = columns >= 50 ? rateColumns : 0
  const left = columns >= 80 ? leftColumns : 0
  const bar = columns >= 120 ? 30 : columns >= 60 ? 20 : columns >= 36 ? 10 : 0
  const widest = Math.max(totalName.length, ...files.map(({ path }) => textWidth(path)))
  const name = Math.max(4, Math.min(widest, room - rate - left - (bar === 0 ? 0 : bar + gap.length)))
  return { name, bar, rate, left }
}

function drawFile({ path, progress }: RunningFile, layout: Layout, canvas: Canvas): string {
  if (!progress) return ''
  const { hashedBytes, acknowledgedBytes, totalBytes, bytesPerS, leftMs, waitingFor } = progress
  const hashing = hashedBytes < totalBytes
  const share = (hashing ? hashedBytes : acknowledgedBytes) / totalBytes
  const sending = bytesPerS > 0 ? `${formatBytes(Math.round(bytesPerS))}/s` : ''
  const rate = waitingFor === 'network' ? 'offline' : hashing ? 'hashing' : sending
  const left = hashing || leftMs === undefined ? '' : `${formatSeconds(leftMs / 1000)} left`
  return drawLine({ name: keepEnd(onOneLine(path), layout.name), share, rate, left, hashing }, layout, canvas)
}

function drawTotal(overview: Overview, layout: Layout, canvas: Canvas): string {
  const { files, stored, failed, totalBytes } = overview
  const bytes = acknowledgedBytes(overview)
  const leftBytes = Math.max(0, totalBytes - bytes) // a file may have grown since it was found
  const share = totalBytes === 0 ? 1 : 1 - leftBytes / totalBytes
  const rate = canvas.bytesPerS > 0 ? `${formatBytes(Math.round(canvas.bytesPerS))}/s` : ''
  const left = canvas.bytesPerS > 0 ? `${formatSeconds(leftBytes / canvas.bytesPerS)} left` : ''
  const name = keepEnd(`${stored + failed} of ${files} files`, layout.name)
  return drawLine({ name, share, rate, left, hashing: false }, layout, canvas)
}

interface Line {
  readonly name: string
  readonly share: number
  readonly rate: string
  readonly left: string
  readonly hashing: boolean
}

function drawLine({ name, share, rate, left, hashing }: Line, layout: Layout, { colors }: Canvas): string {
  const paint = (code: number, text: string) => (colors && text !== '' ? `\x1b[${code}m${text}\x1b[0m` : text)
  const filled = Math.floor(share * layout.bar)
  const bar = colors
    ? paint(hashing ? 33 : 32, '━'.repeat(filled)) + paint(90, '━'.repeat(layout.bar - filled))
    : '█'.repeat(filled) + '░'.repeat(layout.bar - filled)
  const percent = `${Math.floor(share * 100)}%`.padStart(4)
  return [
    padText(name, layout.name),
    ...(layout.bar > 0 ? [bar] : []),
    percent,
    ...(layout.rate > 0 ? [rate.padStart(layout.rate - gap.length)] : []),
    ...(layout.left > 0 ? [paint(90, left)] : []),
  ]
    .join(gap)
    .trimEnd()
}
