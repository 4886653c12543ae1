import { columnsOf } from './screen.ts'
import { keepStart, padText, textWidth } from './text-width.ts'

/** Lays out rows under a heading, columns aligned. On a terminal the last column is cut to fit. */
export function layOutTable(
  heading: readonly string[],
  rows: readonly (readonly string[])[],
  columns = process.stdout.isTTY ? columnsOf(process.stdout) : Infinity,
): string {
  const lines = [heading, ...rows]
  const widths = heading.map((_, column) => Math.max(...lines.map((line) => textWidth(line[column] ?? ''))))
  const last = heading.length - 1
  const room = columns - widths.slice(0, last).reduce((sum, width) => sum + width + 2, 0)
  const fit = (cell: string, column: number) => {
    if (column < last) return padText(cell, widths[column] ?? 0)
    return room < textWidth(heading[last] ?? '') ? cell : keepStart(cell, room)
  }
  return lines.map((line) => `${line.map(fit).join('  ').trimEnd()}\n`).join('')
}
