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

/** How each shell is made to read our script and to say what it calls `sluice` with. */
const interactive = {
  bash: { rc: 'rc', start: (directory: string) => `bash --noprofile --rcfile ${directory}/rc -i`, before: 'PS1=' },
  zsh: { rc: '.zshrc', start: () => 'zsh -d -i', before: 'PS1=; autoload -Uz compinit; compinit -u -D' },
}

describe.each(['bash', 'zsh'] as const)('%s', (shell) => {
  test.skipIf(!has(shell))('completes a line that is typed (skipped where the shell is not installed)', async () => {
    const directory = temporaryDirectory()
    const { rc, start, before } = interactive[shell]
    writeFileSync(join(directory, rc), `${before}\n${await scriptFor(shell)}\nsluice() { printf '<%s>' "$@"; exit; }\n`)
    // What is typed is read by the shell's own editor; the pseudo-terminal comes from `script`.
    const { stdout } = spawnSync('script', ['-qec', start(directory), '/dev/null'], {
      input: 'sluice upl\t--transc\t\n',
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], TERM: 'dumb', HOME: directory },
    })
    expect(stdout).toContain('<upload><--transcode>')
  })
})

test.skipIf(!has('fish'))('fish proposes (skipped where it is not installed)', async () => {
  const directory = temporaryDirectory()
  const script = join(directory, 'sluice.fish')
  writeFileSync(script, await scriptFor('fish'))
  writeFileSync(join(directory, 'video.mp4'), '')
  const proposedFor = (line: string) => {
    const args = ['--no-config', '-c', `source ${script}; complete -C '${line}'`]
    const output = execFileSync('fish', args, {
      encoding: 'utf8',
      cwd: directory,
      env: { ...process.env, HOME: directory },
    })
    return output.split('\n').flatMap((proposal) => proposal.split('\t')[0] || [])
  }
  expect(proposedFor('sluice si')).toEqual(['sign', 'sign-url'])
  expect(proposedFor('sluice upload --tra')).toEqual(['--transcode'])
  expect(proposedFor('sluice upload --family ')).toEqual(['server', 'ugc'])
  expect(proposedFor('sluice upload --cover vi')).toEqual(['video.mp4'])
  expect(proposedFor('sluice files ')).toEqual(['info', 'list', 'open', 'rm'])
})

describe.each(['bash', 'zsh', 'fish'])('%s', (shell) => {
  test.skipIf(!has(shell))('can read its script (skipped where the shell is not installed)', async () => {
    const script = join(temporaryDirectory(), 'script') // fish reads no pipe of Node's
    writeFileSync(script, await scriptFor(shell))
    const { status, stderr } = spawnSync(shell, ['-n', script], { encoding: 'utf8' })
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
