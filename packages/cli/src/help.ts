import type { Command, Options } from './command.ts'
import { columnsOf } from './screen.ts'
import { padText, textWidth } from './text-width.ts'

/** The help of one command, made from its option table, for so many columns. */
export function commandHelp(name: string, command: Command<Options>, columns = helpColumns()): string {
  const { usage, summary, options, examples = [], notes } = command
  const forms = usage
    .split('\n')
    .map((form, index) => `${index === 0 ? 'Usage: ' : '       '}sluice ${name} ${form}`.trimEnd())
  const rows = Object.entries<Options[string]>({ ...options, help: { short: 'h', text: 'show this' } })
  const groups = Map.groupBy(rows, ([, { group = 'Options' }]) => group)
  const tables = Array.from(groups, ([group, members]) => ['', `${group}:`, ...table(members.map(optionRow), columns)])
  const shown = examples.map(([line, text]) => [`sluice ${line}`, text] as const)
  return [
    ...forms.flatMap((form) => wrap(form, columns, `       ${' '.repeat(`sluice ${name} `.length)}`)),
    '',
    ...wrap(summary, columns),
    ...tables.flat(),
    ...(shown.length === 0 ? [] : ['', 'Examples:', ...table(shown, columns)]),
    ...(notes === undefined ? [] : ['', ...flow(notes, columns)]),
    '',
  ].join('\n')
}

/** The list of commands with what each does. */
export function overviewHelp(commands: readonly (readonly [string, string])[], columns = helpColumns()): string {
  return [
    'Usage: sluice COMMAND [options]',
    '',
    'Commands:',
    ...table(commands, columns),
    '',
    ...wrap('sluice COMMAND --help tells more; sluice --version prints the version.', columns),
    '',
  ].join('\n')
}

/** As wide as the terminal, but no line longer than the eye follows. */
function helpColumns(): number {
  return process.stdout.isTTY ? Math.min(Math.max(columnsOf(process.stdout), 40), 100) : 100
}

function optionRow([option, { short, value, text }]: [string, Options[string]]): readonly [string, string] {
  return [`${short ? `-${short}, ` : '    '}--${option}${value === undefined ? '' : ` ${value}`}`, text]
}

/** Two columns, indented; what the right one has no room for goes on below, and starts there if it has hardly any. */
function table(rows: readonly (readonly [string, string])[], columns: number): string[] {
  const width = Math.max(...rows.map(([left]) => textWidth(left))) + 4
  const room = columns - width
  if (room < 24) return rows.flatMap(([left, text]) => [`  ${left}`, ...wrap(`      ${text}`, columns, '      ')])
  return rows.flatMap(([left, text]) => {
    const lines = wrap(text, room)
    return lines.map((line, index) => padText(index === 0 ? `  ${left}` : '', width) + line)
  })
}

/** Paragraphs, their lines joined and broken anew. Lines that are indented keep their place. */
function flow(text: string, columns: number): string[] {
  const paragraphs: string[] = []
  let open = false
  for (const line of text.split('\n')) {
    const flows = line !== '' && !line.startsWith(' ')
    if (flows && open) paragraphs.push(`${paragraphs.pop()} ${line}`)
    else paragraphs.push(line)
    open = flows
  }
  return paragraphs.flatMap((line) => wrap(line, columns, /^ */.exec(line)?.[0]))
}

/** Breaks a line between words; what goes on begins with `indent`. */
function wrap(line: string, columns: number, indent = ''): string[] {
  if (textWidth(line) <= columns) return [line]
  const [, lead = '', rest = ''] = /^( *)(.*)$/s.exec(line) ?? []
  const lines: string[] = []
  let current = lead
  for (const word of rest.split(' ')) {
    const next = current.trim() === '' ? current + word : `${current} ${word}`
    if (textWidth(next) <= columns || current.trim() === '') current = next
    else {
      lines.push(current)
      current = indent + word
    }
  }
  return [...lines, current]
}
