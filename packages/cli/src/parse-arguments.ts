import { parseArgs } from 'node:util'
import { didYouMean } from './closest.ts'
import { type Arguments, type Command, Misuse, type Options } from './command.ts'

/** Reads a command's arguments by its option table. Throws Misuse naming an option that is unknown or lacks its value. */
export function parseArguments<O extends Options>(command: Command<O>, argv: readonly string[]): Arguments<O> {
  const options = Object.fromEntries(
    Object.entries(command.options).map(([name, { short, value, many }]) => [
      name,
      {
        type: value === undefined ? ('boolean' as const) : ('string' as const),
        ...(short !== undefined && { short }),
        ...(many && { multiple: true, default: [] }),
        ...(value === undefined && { default: false }),
      },
    ]),
  )
  try {
    const { positionals, values } = parseArgs({ args: [...argv], options, allowPositionals: true })
    // The value types follow from the table that made `options`.
    return { positionals, values: values as Arguments<O>['values'] }
  } catch (error) {
    throw misuse(error, Object.keys(command.options))
  }
}

/** What parseArgs says, in our words: its first sentence, lower-cased, with the option that may have been meant. */
function misuse(error: unknown, known: readonly string[]): unknown {
  if (!(error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS'))) return error
  const sentence = error.message.split(/\n|\. /, 1)[0] ?? ''
  const [, unknown = ''] = /^Unknown option '(--[\w-]+)'/.exec(sentence) ?? []
  const meant =
    unknown === ''
      ? ''
      : didYouMean(
          unknown,
          [...known, 'help'].map((name) => `--${name}`),
        )
  return new Misuse(sentence.charAt(0).toLowerCase() + sentence.slice(1).replace(/\.$/, '') + meant)
}
