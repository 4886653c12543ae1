import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { sluice } from './run-sluice.ts'
import { temporaryDirectory } from './serve-process.ts'

const scriptFor = async (shell: string) => (await sluice(['completion', shell])).stdout
const has = (shell: string) => spawnSync(shell, ['-c', 'true']).status === 0

/** What bash proposes for the last of these words, asked as it asks itself, in a folder with two files. */
async function proposed(...words: string[]): Promise<string[]> {
  const directory = temporaryDirectory()
  writeFileSync(join(directory, 'video one.mp4'), '')
  mkdirSync(join(directory, 'folder'))
  const ask = `
    cd "$1"; shift; eval "$(cat)"
    COMP_WORDS=(sluice "$@"); COMP_CWORD=$#; COMP_LINE="sluice $*"; COMP_POINT=\${#COMP_LINE}
    compopt() { options+="$* "; }
    _sluice; printf '%s\\n' "\${COMPREPLY[@]}"; [[ $options ]] || compgen -f -- "\${COMP_WORDS[COMP_CWORD]}"`
  const input = await scriptFor('bash')
  const output = execFileSync('bash', ['--norc', '-c', ask, 'bash', directory, ...words], { input, encoding: 'utf8' })
  return output.split('\n').filter(Boolean).sort()
}

describe('bash proposes', () => {
  test.each([
    [['']],
    [['up'], 'upload'],
    [['si'], 'sign', 'sign-url'],
    [['upload', '--tra'], '--transcode'],
    [['upload', '--family', ''], 'server', 'ugc'],
    [['upload', ''], 'folder', 'video one.mp4'],
    [['upload', '--cover', 'vi'], 'video one.mp4'],
    [['upload', '--tag', '']],
    [['files', ''], 'info', 'list', 'open', 'rm'],
    [['files', 'info', '']],
    [['events', 'list', '--state', 'd'], 'dead', 'delivered'],
    [['profile', 'add', '--secret-key-file', 'vi'], 'video one.mp4'],
    [['completion', ''], 'bash', 'fish', 'zsh'],
  ])('%j', async (words, ...expected) => {
    const found = await proposed(...words)
    if (words[0] === '') expect(found).toEqual(expect.arrayContaining(['upload', 'files', 'profile', '--help']))
    else expect(found).toEqual(expected)
  })
})

test('bash completes a line that is typed', async () => {
  const directory = temporaryDirectory()
  writeFileSync(join(directory, 'rc'), `${await scriptFor('bash')}\nsluice() { printf '<%s>' "$@"; exit; }\nPS1=\n`)
  // Readline reads what is typed; the pseudo-terminal comes from `script`.
  const args = ['-qec', `bash --noprofile --rcfile ${directory}/rc -i`, '/dev/null']
  const { stdout } = spawnSync('script', args, {
    input: 'sluice upl\t--transc\t\n',
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], TERM: 'dumb', HOME: directory },
  })
  expect(stdout).toContain('<upload><--transcode>')
})

describe.each(['bash', 'zsh', 'fish'])('%s', (shell) => {
  test.skipIf(!has(shell))('can read its script (skipped where the shell is not installed)', async () => {
    const { status, stderr } = spawnSync(shell, ['-n'], { input: await scriptFor(shell), encoding: 'utf8' })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  })

  test('is told every command, verb and option', async () => {
    const script = await scriptFor(shell)
    for (const word of ['upload', 'sign-url', 'rotate-key', 'transcode', 'secret-key-file', 'delivered']) {
      expect(script).toContain(word)
    }
  })
})

test('another shell is misuse', async () => {
  expect(await sluice(['completion', 'tcsh'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("expected one of bash, zsh, fish, not 'tcsh'"),
  })
})
