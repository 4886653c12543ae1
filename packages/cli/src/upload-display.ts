import { drawOverview } from './draw-overview.ts'
import { formatBytes, formatSeconds } from './quantities.ts'
import { rateOver } from './rate.ts'
import { columnsOf, openScreen } from './screen.ts'
import { acknowledgedBytes, type Overview } from './upload-overview.ts'

/** Shows how far an upload is, and lets others print meanwhile. */
export interface UploadDisplay {
  /** Prints a text that stays. */
  print(stream: NodeJS.WriteStream, text: string): void
  /** Takes the display away. Can be repeated. */
  close(): void
}

const pictureEveryMs = 100
const lineEveryMs = 30_000
const rateWindowMs = 5_000

/** A picture on a terminal, elsewhere a line now and then. */
export function displayUploads(stream: NodeJS.WriteStream, overview: Overview): UploadDisplay {
  return stream.isTTY && process.env['TERM'] !== 'dumb' ? picture(stream, overview) : lines(stream, overview)
}

/** Shows nothing. */
export function noDisplay(): UploadDisplay {
  return { print: (stream, text) => void stream.write(text), close() {} }
}

function picture(stream: NodeJS.WriteStream, overview: Overview): UploadDisplay {
  const screen = openScreen(stream)
  const rate = rateOver(rateWindowMs)
  const draw = () => {
    const columns = columnsOf(stream)
    const rows = stream.rows || 24
    const now = performance.now()
    const bytesPerS = rate(acknowledgedBytes(overview), now)
    screen.draw(drawOverview(overview, { columns, rows, colors: stream.hasColors(), now, bytesPerS }))
  }
  const timer = setInterval(draw, pictureEveryMs)
  return {
    print: (to, text) => screen.print(() => void to.write(text)),
    close() {
      clearInterval(timer)
      screen.close()
    },
  }
}

/** Signs of life in a log. */
function lines(stream: NodeJS.WriteStream, overview: Overview): UploadDisplay {
  let before = acknowledgedBytes(overview)
  const tell = () => {
    const bytes = acknowledgedBytes(overview)
    const bytesPerS = ((bytes - before) / lineEveryMs) * 1000
    before = bytes
    const { stored, failed, files, totalBytes } = overview
    const left = bytesPerS > 0 ? `, ${formatSeconds(Math.max(0, totalBytes - bytes) / bytesPerS)} left` : ''
    const far = `${stored + failed} of ${files} files, ${formatBytes(bytes)} of ${formatBytes(totalBytes)}`
    stream.write(`${far}, ${formatBytes(Math.round(bytesPerS))}/s${left}\n`)
  }
  const timer = setInterval(tell, lineEveryMs)
  return { ...noDisplay(), close: () => clearInterval(timer) }
}
