import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { onTerminal, sluice } from './run-sluice.ts'
import { serve, temporaryDirectory } from './serve-process.ts'

/** A service with files of these names, oldest first, and commands that have nothing of its data but a profile. */
async function serviceWith(...names: string[]) {
  const directory = temporaryDirectory()
  const data = join(directory, 'data')
  const service = await serve({
    SLUICE_DATA_DIR: data,
    SLUICE_SECRET_ID: 'AKIDfiles',
    SLUICE_SECRET_KEY: 'key-of-files',
    SLUICE_APP_ID: '1250000001',
    SLUICE_PROBE: 'off',
  })
  const env = { HOME: join(directory, 'home'), SLUICE_DATA_DIR: join(directory, 'none') }
  mkdirSync(env.HOME)
  const add = ['profile', 'add', 'remote', '--url', service.url, '--secret-id', 'AKIDfiles']
  await sluice(add, { env, stdin: 'key-of-files' })
  const run = (...args: string[]) => sluice(args, { env })
  const lines = async (...args: string[]) =>
    (await run(...args, '--json')).stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line))
  const uploaded = []
  for (const [nth, name] of names.entries()) {
    const path = join(directory, `${name}.mp4`)
    writeFileSync(path, Buffer.alloc(2_000 + nth, nth))
    uploaded.push((await lines('upload', path))[0])
  }
  return { directory, data, env, run, lines, uploaded }
}

test('files are listed from anywhere, the newest first', async () => {
  const { run, lines, uploaded, env } = await serviceWith('first', '第二', 'third')
  const { code, stdout } = await run('files', 'list')
  expect(code).toBe(0)
  const [heading, ...rows] = stdout.trimEnd().split('\n')
  expect(heading).toMatch(/^FILE +SIZE +DURATION +CREATED +NAME$/)
  expect(rows.map((row) => row.split(/ {2,}/))).toEqual(
    ['third', '第二', 'first'].map((name, nth) => [
      uploaded[2 - nth].fileId,
      '2.0 KiB',
      '-',
      expect.stringMatching(/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      name,
    ]),
  )
  expect(await lines('files', 'list', '--limit', '2')).toMatchObject([{ fileName: 'third' }, { fileName: '第二' }])
  expect(await lines('files', 'list', '--class', '7')).toEqual([])

  const narrow = (await onTerminal(['files', 'list'], 66, env)).stdout.split('\r\n')
  expect(narrow[1]).toMatch(/Z {2}thi…$/)
  expect(narrow[2]).toMatch(/Z {2}第二$/)
})

test('more files than one answer of the service holds', async () => {
  const { run, lines, directory } = await serviceWith()
  const folder = join(directory, 'many')
  mkdirSync(folder)
  for (let nth = 0; nth < 130; nth++) writeFileSync(join(folder, `${nth}.mp4`), Buffer.alloc(1_000 + nth))
  expect(await run('upload', folder)).toMatchObject({ code: 0 })
  const ids = async (...more: string[]) => (await lines('files', 'list', ...more)).map(({ fileId }) => fileId)
  expect(await ids()).toHaveLength(50)
  const all = await ids('--limit', '1000')
  expect(new Set(all).size).toBe(130)
  expect(await ids('--limit', '120')).toEqual(all.slice(0, 120))
}, 60_000)

test('one file is shown with all that is known of it', async () => {
  const { run, lines, uploaded } = await serviceWith('one')
  const [{ fileId, url }] = uploaded
  const { code, stdout } = await run('files', 'info', fileId)
  expect(code).toBe(0)
  expect(stdout).toMatch(new RegExp(`^file +${fileId}\nname +one\ntype +mp4\nsize +2\\.0 KiB \\(2000 bytes\\)$`, 'm'))
  expect(stdout).toMatch(/^expires +never$/m)
  expect(await lines('files', 'info', fileId)).toMatchObject([{ fileId, basicInfo: { sourceVideoUrl: url } }])
  expect(await run('files', 'info', '404')).toMatchObject({ code: 1, stderr: expect.stringContaining('10008') })
})

test('files are deleted, several at a time, once that is confirmed', async () => {
  const { run, lines, uploaded, env } = await serviceWith('a', 'b', 'c')
  const [a, b, c] = uploaded.map(({ fileId }) => fileId)
  expect(await run('files', 'rm', a)).toMatchObject({ code: 2, stderr: expect.stringContaining('rm needs --yes') })
  expect(await run('files', 'rm', a, b, '--yes')).toMatchObject({ code: 0, stdout: `deleted ${a}\ndeleted ${b}\n` })
  expect((await fetch(uploaded[0].url)).status).toBe(404)
  expect(await run('files', 'rm', '-y', a, c)).toMatchObject({
    code: 1,
    stdout: `deleted ${c}\n`,
    stderr: expect.stringContaining(`${a}: DeleteVodFile was refused`),
  })
  expect(await lines('files', 'list')).toEqual([])
  expect(env.SLUICE_DATA_DIR).not.toSatisfy(existsSync)
})

test('on a terminal rm shows the names, and no is no', async () => {
  const { lines, uploaded, env } = await serviceWith('precious')
  const [{ fileId }] = uploaded
  const no = await onTerminal(['files', 'rm', fileId], 80, env, { text: 'n\n', after: /y\/N/ })
  expect(no.stdout).toMatch(/2\.0 KiB {2}precious\r\nDelete it for good\? \[y\/N\] /)
  expect(no).toMatchObject({ code: 1, stdout: expect.stringContaining('nothing was deleted') })
  expect(await lines('files', 'list')).toHaveLength(1)
  expect(await onTerminal(['files', 'rm', fileId], 80, env, { text: 'y\n', after: /y\/N/ })).toMatchObject({ code: 0 })
  expect(await lines('files', 'list')).toEqual([])
})

test('open shows a file in the browser, with a signature where the app asks for one', async () => {
  const { run, uploaded, env, data, directory } = await serviceWith('film')
  const [{ fileId, url }] = uploaded
  const opened = join(directory, 'opened')
  const opener = join(directory, 'bin', process.platform === 'darwin' ? 'open' : 'xdg-open')
  mkdirSync(join(opener, '..'))
  writeFileSync(opener, `#!/bin/sh\necho "$1" > ${opened}.new && mv ${opened}.new ${opened}\n`)
  chmodSync(opener, 0o755)
  const withBrowser = { ...env, PATH: `${join(opener, '..')}:${process.env['PATH']}` }
  expect(await sluice(['files', 'open', fileId], { env: withBrowser })).toMatchObject({ code: 0, stdout: '' })
  await expect.poll(() => existsSync(opened)).toBe(true)
  expect(readFileSync(opened, 'utf8')).toBe(`${url}\n`)

  expect(await run('files', 'open', fileId, '--print')).toMatchObject({ code: 0, stdout: `${url}\n` })
  const nowhere = await sluice(['files', 'open', fileId], { env: { ...env, PATH: join(directory, 'none') } })
  expect(nowhere).toMatchObject({ code: 1, stderr: expect.stringContaining('--print shows the address') })

  const key = '24FEQmTzro4V5u3D5epW'
  await sluice(['app', 'set', '1250000001', `hotlinkKey=${key}`], { env: { SLUICE_DATA_DIR: data } })
  await expect.poll(async () => (await fetch(url)).status, { timeout: 10_000 }).toBe(403)
  expect(await run('files', 'open', fileId, '--print')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('set SLUICE_HOTLINK_KEY'),
  })
  for (const known of [{ SLUICE_HOTLINK_KEY: key }, { SLUICE_DATA_DIR: data }]) {
    const { stdout } = await sluice(['files', 'open', fileId, '--print'], { env: { ...env, ...known } })
    expect(stdout).toContain('&sign=')
    expect((await fetch(stdout.trim())).status).toBe(200)
  }
})

test('wrong credentials and a service that is away are told with where they come from', async () => {
  const { run, env } = await serviceWith()
  const wrong = { ...env, SLUICE_SECRET_ID: 'AKIDother', SLUICE_SECRET_KEY: 'x' }
  expect((await sluice(['files', 'list'], { env: wrong })).stderr).toContain(
    'check the credentials (from SLUICE_SECRET_ID and SLUICE_SECRET_KEY)',
  )
  expect((await run('files', 'list', '--url', 'http://127.0.0.1:9')).stderr).toMatch(
    /got no answer .*; check that the service runs at http:\/\/127\.0\.0\.1:9 \(from --url\)/,
  )
})

test.each([
  [['files'], 'expected list, info, rm or open'],
  [['files', 'list', '5'], "unexpected argument '5'"],
  [['files', 'info'], 'FILE_ID is missing'],
  [['files', 'open', '1', '2'], "unexpected argument '2'"],
  [['files', 'rm', '--yes'], 'FILE_ID is missing'],
])('misuse ends with 2: %j', async (args, why) => {
  expect(await sluice(args)).toMatchObject({ code: 2, stderr: expect.stringContaining(why) })
})
