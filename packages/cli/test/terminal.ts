import { textWidth } from '../src/text-width.ts'

/** What a terminal has shown: every picture before it was drawn over, and the last one. */
export interface Shown {
  readonly pictures: readonly (readonly string[])[]
  readonly last: readonly string[]
  /** Whether the cursor is to be seen at the end. */
  readonly cursor: boolean
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const pieces = /\x1b\[(?<numbers>\??[\d;]*)(?<letter>[A-Za-z])|(?<newline>\r?\n)|(?<return>\r)|(?<text>[^\x1b\r\n]+)/g

/**
 * Reads what was sent to a terminal: text, lines, returns, the cursor going up, what is cleared; colors are left out.
 * Throws when a line of progress is wider than the terminal, or at what it does not know.
 */
export function readTerminal(sent: string, columns: number): Shown {
  const rows: string[] = ['']
  const pictures: string[][] = []
  let row = 0
  let atStart = true
  let cursor = true
  const write = (text: string) => {
    rows[row] = (atStart ? '' : (rows[row] ?? '')) + text
    atStart = false
  }
  const control = (code: string, count: number) => {
    if (code === 'A') {
      pictures.push([...rows])
      row -= count
      if (row < 0) throw new Error('the cursor left the top')
    } else if (code === 'J') {
      rows.splice(row + 1)
      if (atStart) rows[row] = ''
    } else if (code === '?25l' || code === '?25h') cursor = code === '?25h'
    else if (code !== 'K' && code !== 'm') throw new Error(`not known: ${code}`)
  }
  for (const { groups = {} } of sent.matchAll(pieces)) {
    const { numbers = '', letter, newline, return: back, text } = groups
    if (letter !== undefined) control(numbers.startsWith('?') ? numbers + letter : letter, Number(numbers))
    else if (text !== undefined) write(text)
    else if (back !== undefined) atStart = true
    else if (newline !== undefined) {
      row++
      atStart = true
      if (row === rows.length) rows.push('')
    }
  }
  const wide = pictures.flat().find((line) => textWidth(line) >= columns && line.includes('%'))
  if (wide !== undefined) throw new Error(`wider than ${columns}: ${wide}`)
  return { pictures, last: rows, cursor }
}
