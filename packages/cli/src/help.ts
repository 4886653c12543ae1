import type { Command, Options } from './command.ts'

/** The help of one command, made from its option table. */
export function commandHelp(name: string, command: Command<Options>): string {
  const usage = command.usage
    .split('\n')
    .map((form, index) => `${index === 0 ? 'Usage: ' : '       '}sluice ${name} ${form}`.trimEnd())
  const rows = Object.entries({ ...command.options, help: { text: 'show this' } }).map(([option, row]) => {
    const { short, value, text }: Options[string] = row
    return [`${short ? `-${short}, ` : ''}--${option}${value === undefined ? '' : ` ${value}`}`, text] as const
  })
  const notes = command.notes === undefined ? [] : ['', command.notes]
  return [...usage, '', command.summary, '', 'Options:', ...table(rows), ...notes, ''].join('\n')
}

/** The list of commands with what each does. */
export function overviewHelp(commands: readonly (readonly [string, string])[]): string {
  return [
    'Usage: sluice COMMAND [options]',
    '',
    'Commands:',
    ...table(commands),
    '',
    'sluice COMMAND --help tells more; sluice --version prints the version.',
    '',
  ].join('\n')
}

/** Two columns, indented; a text of several lines stays in its column. */
function table(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length)) + 2
  return rows.map(([left, text]) => `  ${left.padEnd(width)}${text.replaceAll('\n', `\n${' '.repeat(width + 2)}`)}`)
}
