import { readFileSync } from 'node:fs'

/** A page of the project's documentation. */
export function readPage(name: string): string {
  return readFileSync(new URL(`../../../docs/${name}`, import.meta.url), 'utf8')
}

/** The rows of the one table of a page that has these first columns, cell by cell, without its head. */
export function readTable(page: string, ...firstColumns: string[]): string[][] {
  const lines = page.split('\n')
  const heads = lines.flatMap((line, index) => {
    const isHead = /^\| -/.test(lines[index + 1] ?? '') && firstColumns.every((name, n) => cells(line)[n] === name)
    return isHead ? [index] : []
  })
  const [head, second] = heads
  if (head === undefined || second !== undefined) throw new Error(`${heads.length} tables with ${firstColumns}`)
  const body = lines.slice(head + 2)
  const end = body.findIndex((line) => !line.startsWith('|'))
  const rows = body.slice(0, end < 0 ? undefined : end).map(cells)
  const width = cells(lines[head] ?? '').length
  const ragged = rows.find((row) => row.length !== width)
  if (ragged) throw new Error(`expected ${width} cells, found ${ragged.length}: ${ragged.join(' | ')}`)
  return rows
}

function cells(line: string): string[] {
  return line
    .replace(/^\||\|$/g, '')
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim())
}
