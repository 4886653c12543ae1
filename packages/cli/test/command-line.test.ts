import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { sluice } from './run-sluice.ts'

const version = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version

test('--version prints the version', async () => {
  expect(await sluice(['--version'])).toMatchObject({ code: 0, stdout: `${version}\n`, stderr: '' })
})

describe('help', () => {
  test('lists the commands', async () => {
    const { code, stdout } = await sluice(['--help'])
    expect(code).toBe(0)
    for (const name of ['serve', 'upload', 'sign', 'sign-url', 'app', 'files', 'events', 'doctor']) {
      expect(stdout).toMatch(new RegExp(`^ {2}${name} `, 'm'))
    }
  })

  test('of a command names every option', async () => {
    const { code, stdout } = await sluice(['upload', '--help'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^Usage: sluice upload FILE… \[options\]$/m)
    for (const option of ['url URL', 'family server|ugc', 'name NAME', 'class ID', 'tag TAG', 'parallel N', 'json']) {
      expect(stdout).toContain(`  --${option} `)
    }
    expect((await sluice(['help', 'upload'])).stdout).toBe(stdout)
  })
})

describe('misuse ends with 2 and a sentence that names it', () => {
  test.each([
    [[], /^Usage: sluice COMMAND/],
    [['uplaod'], "sluice: unknown command 'uplaod'; see sluice --help\n"],
    [['--loud'], "sluice: unknown option '--loud'; see sluice --help\n"],
    [['toString'], "sluice: unknown command 'toString'; see sluice --help\n"],
    [['upload', '--loud', 'a.mp4'], "sluice upload: unknown option '--loud'; see sluice upload --help\n"],
    [['upload', '--json=yes', 'a.mp4'], /option '--json' does not take an argument; see/],
    [['upload', '--url'], /option '--url <value>' argument missing; see/],
    [['upload'], 'sluice upload: no file given; see sluice upload --help\n'],
    [['upload', '--parallel', 'many', 'a.mp4'], /--parallel must be a whole number from 1 to 100, not 'many'/],
    [['upload', '--family', 'both', 'a.mp4'], /--family must be server or ugc, not 'both'/],
    [['upload', '--url', 'localhost', 'a.mp4'], /--url must be like http:\/\/127.0.0.1:8266, not 'localhost'/],
    [['upload', '--name', 'x', 'a.mp4', 'b.mp4'], /--name is for one file/],
    [['upload', '--name', 'a/b', 'a.mp4'], /--name: expected .* found "a\/b"/],
    [['sign', 'a.mp4'], /unexpected argument 'a.mp4', use --file/],
    [['sign', '--sha', 'abc'], /expected --file, or all of --sha, --name and --type/],
    [['sign', '--sha', 'abc', '--name', 'n', '--type', 'mp4'], /--sha must be 40 hex digits, not 'abc'/],
    [['sign', '--file', 'a.mp4', '--valid', 'soon'], /--valid must be a time like .*, not 'soon'/],
    [['sign', '--file', 'a.mp4', '--valid', '91d'], /from 1s to 90d, not '91d'/],
  ])('%j', async (args, stderr) => {
    const run = await sluice(args)
    expect(run).toMatchObject({ code: 2, stdout: '' })
    if (typeof stderr === 'string') expect(run.stderr).toBe(stderr)
    else expect(run.stderr).toMatch(stderr)
  })
})
