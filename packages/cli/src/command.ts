/** One row of a command's option table: what it is called is the key, what `--help` says of it stands here. */
export interface Option {
  /** One letter, without its dash. */
  readonly short?: string
  /** What the value is, as help shows it (`URL`, `ugc|server`). Without it the option is a flag. */
  readonly value?: string
  /** Whether it may be given more than once. Only with `value`. */
  readonly many?: true
  /** The heading `--help` shows it under; `Options` unless given. */
  readonly group?: string
  readonly text: string
}

export type Options = Readonly<Record<string, Option>>

/** What was given for each option: a text or nothing, a list of texts when `many`, whether it was there for a flag. */
export type Values<O extends Options> = string extends keyof O
  ? Readonly<Record<string, string | boolean | readonly string[] | undefined>>
  : {
      readonly [K in keyof O]: O[K] extends { readonly value: string }
        ? O[K] extends { readonly many: true }
          ? readonly string[]
          : string | undefined
        : boolean
    }

/** The arguments of one run, parsed by the option table. */
export interface Arguments<O extends Options = Options> {
  readonly positionals: readonly string[]
  readonly values: Values<O>
}

/** A command of `sluice`: a module in `commands/` exports one under the name `command`. */
export interface Command<O extends Options = Options> {
  /** One line, for the list of commands. */
  readonly summary: string
  /** What follows the command's name, one form a line: `FILE… [options]`. */
  readonly usage: string
  readonly options: O
  /** Command lines without `sluice`, each with what it does. */
  readonly examples?: readonly (readonly [line: string, text: string])[]
  /**
   * More to say in `--help`, after the options: paragraphs, which are broken anew to fit the terminal, and lines that are
   * indented, which keep their place.
   */
  readonly notes?: string
  /** Does it. Resolves to the exit code: 0 done, 1 failed. Throws Misuse when the arguments are wrong. */
  run(args: Arguments<O>): Promise<number>
}

/** The command itself, with `run`'s values typed by the option table. */
export function defineCommand<const O extends Options>(command: Command<O>): Command<O> {
  return command
}

/** The arguments are wrong: exit code 2, with a pointer to `--help`. The message names what is wrong. */
export class Misuse extends Error {
  readonly code = 'misuse'

  constructor(message: string) {
    super(message)
    this.name = 'Misuse'
  }
}
