import { textWidth } from './text-width.ts'

/** Lines at the bottom of a terminal that are drawn over, with what is printed above them staying. */
export interface Screen {
  /** Shows these lines in the place of those before. None may be wider than the terminal. */
  draw(lines: readonly string[]): void
  /** Prints above the lines. */
  print(write: () => void): void
  /** Takes the lines away and gives the cursor back. Can be repeated. */
  close(): void
}

/** One write for each picture, and no line cleared before it is written anew: that would flicker. */
export function openScreen(stream: NodeJS.WriteStream): Screen {
  let shown: readonly string[] = []
  const hide = () => stream.write('\x1b[?25l')
  const show = () => stream.write('\x1b[?25h')
  // Whatever ends the process: a terminal without a cursor would be left behind.
  process.on('exit', show)

  /** To the first of the lines shown. A terminal that got narrower since has broken them into several. */
  const toTop = () => {
    const rows = shown.reduce(
      (sum, line) => sum + Math.max(1, Math.ceil(textWidth(plain(line)) / columnsOf(stream))),
      0,
    )
    return rows === 0 ? '\r' : `\x1b[${rows}A\r`
  }
  const draw = (lines: readonly string[]) => {
    if (lines.length === 0 && shown.length === 0) return
    if (shown.length === 0 && lines.length > 0) hide()
    stream.write(`${toTop()}${lines.map((line) => `${line}\x1b[K\n`).join('')}\x1b[J`)
    shown = lines
  }
  return {
    draw,
    print(write) {
      if (shown.length === 0) return write()
      const lines = shown
      stream.write(`${toTop()}\x1b[J`)
      shown = []
      write()
      draw(lines)
    },
    close() {
      if (shown.length > 0) stream.write(`${toTop()}\x1b[J`)
      shown = []
      show()
      process.off('exit', show)
    },
  }
}

/** A terminal that nobody has told its size says 0. */
export function columnsOf(stream: NodeJS.WriteStream): number {
  return stream.columns || 80
}

/** A text without what colors it. */
function plain(line: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return line.replace(/\x1b\[[\d;]*m/g, '')
}
