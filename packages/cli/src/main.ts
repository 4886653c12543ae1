import { readFileSync } from 'node:fs'
import { type Command, Misuse } from './command.ts'
import { commandHelp, overviewHelp } from './help.ts'
import { parseArguments } from './parse-arguments.ts'

/** The commands by name. A module is loaded when its command runs, so that none waits for another's code. */
const commands = {
  serve: () => import('./commands/serve.ts'),
  upload: () => import('./commands/upload.ts'),
  profile: () => import('./commands/profile.ts'),
  sign: () => import('./commands/sign.ts'),
  'sign-url': () => import('./commands/sign-url.ts'),
  app: () => import('./commands/app.ts'),
  files: () => import('./commands/files.ts'),
  events: () => import('./commands/events.ts'),
  doctor: () => import('./commands/doctor.ts'),
} satisfies Record<string, () => Promise<{ command: Command }>>

type CommandName = keyof typeof commands

/** Runs one command line, without the program's name. Resolves to the exit code: 0 done, 1 failed, 2 misuse. */
export async function main(argv: readonly string[]): Promise<number> {
  // The reader of a pipe may leave early (`sluice files | head`): nothing is left to do then.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))
  const [name = '', ...rest] = argv
  if (name === '--version' || name === '-V') return print(`${version()}\n`)
  if (name === '--help' || name === '-h') return print(await overview())
  if (name === 'help') return rest[0] === undefined ? print(await overview()) : main([rest[0], '--help'])
  if (name === '') {
    process.stderr.write(await overview())
    return 2
  }
  if (!isCommand(name)) {
    const what = name.startsWith('-') ? `unknown option '${name}'` : `unknown command '${name}'`
    process.stderr.write(`sluice: ${what}; see sluice --help\n`)
    return 2
  }
  return runCommand(name, (await commands[name]()).command, rest)
}

async function runCommand(name: string, command: Command, argv: readonly string[]): Promise<number> {
  if (asksForHelp(argv)) return print(commandHelp(name, command))
  try {
    return await command.run(parseArguments(command, argv))
  } catch (error) {
    if (error instanceof Misuse) {
      process.stderr.write(`sluice ${name}: ${error.message}; see sluice ${name} --help\n`)
      return 2
    }
    process.stderr.write(`sluice ${name}: ${error instanceof Error ? error.message : error}\n`)
    if (process.env['SLUICE_DEBUG']) console.error(error)
    return 1
  }
}

function asksForHelp(argv: readonly string[]): boolean {
  const end = argv.indexOf('--')
  return argv.slice(0, end < 0 ? argv.length : end).some((argument) => argument === '--help' || argument === '-h')
}

function isCommand(name: string): name is CommandName {
  return Object.hasOwn(commands, name)
}

async function overview(): Promise<string> {
  const modules = Object.entries(commands).map(async ([name, load]) => [name, (await load()).command.summary] as const)
  return overviewHelp(await Promise.all(modules))
}

function version(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version // our own file
}

function print(text: string): number {
  process.stdout.write(text)
  return 0
}
