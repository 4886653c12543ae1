import { spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Programs the tests use, by their Debian package. Any one of the commands will do. */
const programs = [
  { name: 'ffmpeg', commands: ['ffmpeg'], use: 'makes the test video' },
  { name: 'chromium', commands: ['chromium', 'google-chrome'], use: 'plays it' },
  { name: 'strace', commands: ['strace'], use: 'watches the order of syncs' },
] as const

function isThere(command: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, command), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

const missing = programs.filter(({ name, commands }) => {
  if (name === 'chromium' && process.env['CHROMIUM_PATH']) return false
  return !commands.some(isThere)
})

if (missing.length > 0) {
  const packages = missing.map(({ name }) => name)
  if (process.getuid?.() === 0 && isThere('apt-get')) {
    console.log(`Installing what the tests need: ${packages.join(', ')}`)
    run('apt-get', ['update', '-qq'])
    run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages])
  } else {
    const list = missing.map(({ name, use }) => `  ${name} (${use})`).join('\n')
    console.error(`The tests need these programs:\n${list}\nOn Debian: sudo apt-get install ${packages.join(' ')}`)
    process.exit(1)
  }
}

function run(command: string, args: string[]): void {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const { status, stdout, stderr } = spawnSync(command, args, { env, encoding: 'utf8' })
  if (status === 0) return
  console.error(`${stdout}${stderr}\n${command} ${args.join(' ')} failed`)
  process.exit(1)
}
