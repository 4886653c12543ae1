import { padText, textWidth } from './text-width.ts'

/** Lays out rows under a heading, columns aligned. */
export function layOutTable(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [heading, ...rows]
  const widths = heading.map((_, column) => Math.max(...lines.map((line) => textWidth(line[column] ?? ''))))
  return lines
    .map((line) =>
      line
        .map((cell, column) => padText(cell, widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('')
}
