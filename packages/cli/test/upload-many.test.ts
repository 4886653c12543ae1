import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { fixture } from '../../client/test/fixtures.ts'
import { answer, type MetCall } from '../../client/test/memory-service.ts'
import { bin, home, onTerminal, secrets, serveMemory, sluice } from './run-sluice.ts'
import { serve, slowWayTo, temporaryDirectory } from './serve-process.ts'
import { readTerminal } from './terminal.ts'

type Script = NonNullable<Parameters<typeof serveMemory>[0]>

async function service(script?: Script) {
  const memory = await serveMemory(script)
  onTestFinished(() => memory.close())
  const env = { ...secrets, SLUICE_URL: memory.url }
  const names = () =>
    memory.calls
      .filter(({ action }) => action === 'InitUpload')
      .map(({ params }) => `${params.get('fileName')}.${params.get('fileType')}`)
  return { ...memory, env, names, run: (...args: string[]) => sluice(['upload', ...args], { env }) }
}

/** A folder with files of these sizes. */
function folder(files: Readonly<Record<string, number>>): string {
  const top = temporaryDirectory()
  for (const [path, size] of Object.entries(files)) {
    mkdirSync(join(top, path, '..'), { recursive: true })
    writeFileSync(join(top, path), fixture(size))
  }
  return top
}

test('of a folder, what is video or sound is uploaded, at any depth, and what is not is told', async () => {
  const top = folder({
    'b.mp4': 11,
    'a.MOV': 12,
    'season 1/c.mkv': 13,
    'season 1/raw/d.mp3': 14,
    'notes.txt': 15,
    '.hidden.mp4': 16,
    '.git/e.mp4': 17,
    'empty.mp4': 0,
  })
  symlinkSync('b.mp4', join(top, 'link.mp4'))
  symlinkSync('.', join(top, 'loop'))
  const { run, names } = await service()
  const { code, stdout, stderr } = await run(top)
  expect(code).toBe(0)
  expect(names().sort()).toEqual(['a.mov', 'b.mp4', 'c.mkv', 'd.mp3'])
  expect(stdout).toMatch(new RegExp(`^http://media\\.test/\\d+ {2}${top}/season 1/raw/d\\.mp3$`, 'm'))
  const skipped = stderr.split('\n', 1)[0]?.replace('skipped in folders: ', '').split(', ').sort()
  expect(skipped).toEqual(['empty 1', 'hidden 2', 'not video or sound 1', 'symbolic links 2'])
})

test('globs choose the files of a folder, by name or by path', async () => {
  const top = folder({ 'a.mp4': 11, 'b.txt': 12, 'raw/c.mp4': 13, 'raw/d.txt': 14, 'e.dat': 15 })
  const chosen = async (...args: string[]) => {
    const { run, names } = await service()
    await run(top, ...args)
    return names().sort()
  }
  expect(await chosen('--include', '*.txt', '--include', '*.dat')).toEqual(['b.txt', 'd.txt', 'e.dat'])
  expect(await chosen('--include', '*', '--exclude', 'raw/**')).toEqual(['a.mp4', 'b.txt', 'e.dat'])
  expect(await chosen('--exclude', 'a.*')).toEqual(['c.mp4'])
})

test('a file that is named twice is uploaded once, and the same bytes under another name are sent once', async () => {
  const top = folder({ 'a.mp4': 3_000_000, 'b.mp4': 3_000_000 })
  const { run, actions } = await service()
  const { stdout } = await run(join(top, 'a.mp4'), `${top}/./a.mp4`, top, '--json')
  const files = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  // Either of the two may be hashed first.
  expect(files.map(({ file }) => file).sort()).toEqual([join(top, 'a.mp4'), join(top, 'b.mp4')])
  expect(files.map(({ instant }) => instant)).toEqual([false, true])
  expect(actions().filter((action) => action === 'UploadPart')).toHaveLength(3)
})

test('a thousand small files are uploaded with no more than the parts asked for at a time', async () => {
  const top = folder(Object.fromEntries(Array.from({ length: 1000 }, (_, nth) => [`${nth}.mp4`, 9_000 + nth])))
  let parts = 0
  let most = 0
  const watched = await service(({ action }) => {
    if (action !== 'UploadPart') return undefined
    most = Math.max(most, ++parts)
    return new Promise((resolve) => {
      setImmediate(() => {
        parts--
        resolve(undefined as never)
      })
    })
  })
  const { code, stdout, stderr } = await watched.run(top, '--parallel', '3')
  expect(code).toBe(0)
  expect(watched.files.size).toBe(1000)
  expect(stdout.trim().split('\n')).toHaveLength(1000)
  expect(stderr).toMatch(/^1000 of 1000 files stored, 9\.1 MiB in/m)
  expect(most).toBe(3)
}, 60_000)

test('what would fail for every file is told once', async () => {
  const top = folder(Object.fromEntries(Array.from({ length: 100 }, (_, nth) => [`${nth}.mp4`, 10 + nth])))
  const { actions, url } = await service(() => answer({ code: -10002, message: 'signature' }))
  const env = { ...secrets, SLUICE_URL: url }
  const { code, stderr } = await sluice(['upload', top, '--parallel', '2'], { env })
  expect(code).toBe(1)
  expect(stderr.match(/was refused/g)).toHaveLength(1)
  expect(stderr).toMatch(/check SecretId and SecretKey/)
  expect(stderr).toContain('the credentials are from SLUICE_SECRET_ID and SLUICE_SECRET_KEY\n')
  expect(stderr).toMatch(/the other files would fail alike and were not tried\n$/)
  expect(actions().length).toBeLessThanOrEqual(4)
})

test('a large file is not hashed again by the next run', async () => {
  const top = folder({ 'large.mp4': 34_000_000 })
  const [first, second] = [await service(), await service()]
  const cache = join(top, 'cache')
  const run = (env: Record<string, string>) =>
    sluice(['upload', join(top, 'large.mp4')], { env: { ...env, XDG_CACHE_HOME: cache } })
  expect(await run(first.env)).toMatchObject({ code: 0 })
  const [name = ''] = readdirSync(join(cache, 'sluice', 'hashes'))
  const record = join(cache, 'sluice', 'hashes', name)
  const remembered = JSON.parse(readFileSync(record, 'utf8'))
  const other = 'c'.repeat(40)
  writeFileSync(record, JSON.stringify({ ...remembered, fileSha: other }))
  expect(await run(second.env)).toMatchObject({ code: 0 }) // the other SHA-1 is found wrong at the end, and made anew
  const asked = second.calls.filter(({ action }) => action === 'InitUpload').map(({ params }) => params.get('fileSha'))
  expect(asked).toEqual([other, remembered.fileSha])
})

test('Ctrl-C amid several files: what the service has acknowledged is not sent again', async () => {
  const top = folder({ 'a.mp4': 8_000_000, 'b.mp4': 9_000_000, 'c.mp4': 100_000 })
  const data = join(top, '.data')
  const real = await serve({ SLUICE_DATA_DIR: data })
  const way = await slowWayTo(real.url, 2_000_000)
  const metric = async (name: string) => {
    const text = await (await fetch(`${real.url}/metrics`)).text()
    return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1])
  }
  const args = ['upload', top, '--parallel', '2']
  const env = { SLUICE_DATA_DIR: data, SLUICE_URL: way.url }
  let pid = 0
  const first = sluice(args, {
    env,
    onStart(started) {
      pid = started
    },
  })
  await expect.poll(() => metric('sluice_parts_total'), { timeout: 30_000 }).toBeGreaterThan(4)
  process.kill(pid, 'SIGINT')
  expect(await first).toMatchObject({ code: 130, stderr: expect.stringContaining('run the same command again') })
  await expect.poll(() => way.openConnections()).toBe(0)

  const before = await metric('sluice_part_bytes_total')
  expect(await sluice(args, { env })).toMatchObject({ code: 0 })
  const sent = (await metric('sluice_part_bytes_total')) - before
  // A part that was stored while the client went away was never acknowledged to it, and the last part is not listed.
  expect(before + sent).toBeGreaterThanOrEqual(17_100_000)
  expect(before + sent).toBeLessThanOrEqual(17_100_000 + 2 * 1_048_576)
}, 60_000)

/** Parts of a.mp4 wait, so that there is something to see. */
const slowly: Script = ({ action }: MetCall) =>
  action === 'UploadPart' ? new Promise((resolve) => setTimeout(() => resolve(undefined as never), 300)) : undefined

test.each([
  [100, {}],
  [60, { NO_COLOR: '1' }],
  [30, {}],
  [0, {}],
])('on a terminal of %s columns the files and their sum are shown, and go', async (columns, colors) => {
  const long = '一部名字很长的电影'.repeat(4)
  const top = folder({ [`${long}.mp4`]: 3_000_000, 'short.mp4': 2_500_000, 'tiny.mp4': 10 })
  const { env } = await service(slowly)
  const { code, stdout } = await onTerminal(['upload', top, '--parallel', '2'], columns, { ...env, ...colors })
  expect(code).toBe(0)
  expect(stdout.includes('\x1b[32m')).toBe(!('NO_COLOR' in colors) && columns !== 30)
  const { pictures, last, cursor } = readTerminal(stdout, columns || 80)
  const seen = pictures.map((lines) => lines.join('\n'))
  expect(seen.some((text) => /的电影\.mp4.* \d+%(.|\n)* of 3 files.* \d+%/.test(text))).toBe(true)
  expect(last.join('\n')).not.toContain('%')
  expect(last.filter((line) => line.startsWith('http://media.test/'))).toHaveLength(3)
  expect(last.at(-2)).toMatch(/^3 of 3 files stored, 5\.2 MiB in/)
  expect(cursor).toBe(true)
})

test('Ctrl-C at a terminal takes the picture away and gives the cursor back', async () => {
  const { env } = await service(({ action }) => (action === 'UploadPart' ? new Promise(() => {}) : undefined))
  const top = folder({ 'a.mp4': 3_000_000, 'b.mp4': 2_500_000 })
  const { code, stdout } = await onTerminal(['upload', top], 80, env, { text: '\x03', after: /0 of 2 files/ })
  expect(code).toBe(130)
  const { last, cursor } = readTerminal(stdout, 80)
  expect(last.join('\n')).not.toContain('%')
  expect(last.at(-2)).toMatch(
    /stopped: 0 of 2 files stored, 0 B with the service; run the same command again to go on$/,
  )
  expect(cursor).toBe(true)
})

test('a reader of the addresses that leaves early does not make it a success', async () => {
  const { env } = await service(slowly)
  const top = folder({ 'a.mp4': 1_000, 'b.mp4': 2_000_000 })
  const child = spawn(process.execPath, [bin, 'upload', top], {
    env: { ...home, ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  child.stdout.destroy()
  expect((await once(child, 'exit'))[0]).toBe(1)
})

test('--quiet shows nothing but the addresses', async () => {
  const { env } = await service(slowly)
  const { stdout } = await onTerminal(['upload', '-q', folder({ 'a.mp4': 3_000_000 })], 80, env)
  expect(stdout).toMatch(/^http:\/\/media\.test\/\d+\r\n$/)
})
