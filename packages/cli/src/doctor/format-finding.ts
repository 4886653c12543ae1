import { styleText } from 'node:util'
import type { Finding, State } from './finding.ts'

const marks = {
  ok: ['✓', 'green'],
  warning: ['!', 'yellow'],
  failed: ['✗', 'red'],
  skipped: ['-', 'dim'],
} as const satisfies Record<State, readonly [string, 'green' | 'yellow' | 'red' | 'dim']>

/** Columns that the names of checks take. */
const nameWidth = 'credentials'.length

/** A finding for people: mark, check and finding on a line, the remedy below. Colored where `stream` shows colors. */
export function formatFinding({ check, state, finding, remedy }: Finding, stream: NodeJS.WritableStream): string {
  const [mark, color] = marks[state]
  const printable = (text: string) => text.replace(/\p{Cc}/gu, '') // a server has a say in it
  const line = `${styleText(color, mark, { stream })} ${check.padEnd(nameWidth)}  ${printable(finding)}\n`
  return remedy === undefined
    ? line
    : `${line}${' '.repeat(nameWidth + 4)}${styleText('bold', '→', { stream })} ${printable(remedy)}\n`
}
