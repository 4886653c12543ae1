import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import { fixture } from '../../client/test/fixtures.ts'
import { answer } from '../../client/test/memory-service.ts'
import { secrets, serveMemory, sluice } from './run-sluice.ts'

const dir = mkdtempSync(join(tmpdir(), 'sluice-upload-'))
afterAll(() => rmSync(dir, { recursive: true }))

const bytes = fixture(2_500_000)

function file(name: string, content: Uint8Array = bytes): string {
  const path = join(dir, name)
  writeFileSync(path, content)
  return path
}

let service: Awaited<ReturnType<typeof serveMemory>>
beforeEach(async () => {
  service = await serveMemory()
})
afterEach(() => service.close())

const run = (...args: string[]) => sluice(['upload', ...args], { env: { ...secrets, SLUICE_URL: service.url } })
const objects = (stdout: string) =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))

test.each(['server', 'ugc'])('uploads a file by the %s family and prints its url', async (family) => {
  const path = file('first.mp4')
  const { code, stdout, stderr } = await run('--family', family, path)
  const [stored] = service.files.values()
  expect({ code, stdout }).toEqual({ code: 0, stdout: `http://media.test/${stored?.fileId}\n` })
  expect(Buffer.compare(stored?.bytes ?? Buffer.of(), bytes)).toBe(0)
  expect(stderr).toMatch(/^\S+\/first\.mp4: 2\.4 MiB stored in .* s\n$/)
})

test('--json prints an object for each file, and stored files are instant', async () => {
  const paths = [file('a.mp4'), file('b.mp4')]
  const { code, stdout } = await run('--json', ...paths)
  expect(code).toBe(0)
  const [first, second] = objects(stdout)
  const stored = [...service.files.values()][0]
  const common = { fileId: stored?.fileId, url: `http://media.test/${stored?.fileId}`, bytes: bytes.length }
  expect(first).toEqual({ file: paths[0], ...common, instant: false, seconds: expect.any(Number) })
  expect(second).toEqual({ file: paths[1], ...common, instant: true, seconds: expect.any(Number) })
})

test('names are made to fit, and options reach the service', async () => {
  const options = ['--class', '12', '--tag', 'one', '--tag', 'two', '--transcode', '--screenshot', '--watermark']
  await run(file(`a:b ${'长'.repeat(50)}.MKV`), ...options)
  await run(file('other.mp4', fixture(10)), '--name', 'given name')
  const inits = service.calls.filter(({ action }) => action === 'InitUpload').map(({ params }) => params)
  expect(inits[0]?.get('fileName')).toBe(`a_b ${'长'.repeat(36)}`)
  expect(inits[0]?.get('fileType')).toBe('mkv')
  expect(inits[0]?.get('classId')).toBe('12')
  expect([inits[0]?.get('tags.1'), inits[0]?.get('tags.2')]).toEqual(['one', 'two'])
  for (const flag of ['isTranscode', 'isScreenshot', 'isWatermark']) {
    expect([inits[0]?.get(flag), inits[1]?.get(flag)]).toEqual(['1', undefined])
  }
  expect(inits[1]?.get('fileName')).toBe('given name')
})

test.each(['server', 'ugc'])('an image goes in as the cover of a video, by the %s family', async (family) => {
  const image = fixture(20_000)
  const video = file('covered.mp4')
  const args = ['--family', family, '--json', video, '--cover', file('cover.jpg', image)]
  const { code, stdout } = await run(...args)
  const [stored] = service.files.values()
  const [cover] = service.covers.values()
  expect(code).toBe(0)
  expect(objects(stdout)).toEqual([
    expect.objectContaining({ fileId: stored?.fileId, coverUrl: `http://media.test/${cover?.fileId}` }),
  ])
  expect(Buffer.compare(cover?.bytes ?? Buffer.of(), image)).toBe(0)

  const none = await run(video, '--cover', join(dir, 'none.jpg'))
  expect(none).toMatchObject({ code: 1, stderr: expect.stringContaining('none.jpg cannot be opened') })
  expect(await run(video, file('other.mp4'), '--cover', video)).toMatchObject({ code: 2 })
})

test('one file that fails is told, and the others are uploaded', async () => {
  mkdirSync(join(dir, 'folder.mp4'))
  const none = join(dir, 'none.mp4')
  const files = [none, file('noextension'), file('empty.mp4', Buffer.of()), file('good.mp4')]
  const { code, stdout, stderr } = await run(...files)
  expect(code).toBe(1)
  expect(stdout).toBe(`http://media.test/${[...service.files.values()][0]?.fileId}  ${dir}/good.mp4\n`)
  expect(stderr).toContain(`sluice upload: ${none} cannot be opened: there is no such file\n`)
  expect(stderr).toContain(`sluice upload: ${dir}/noextension has no extension that tells its type, like .mp4`)
  expect(stderr).toContain(`sluice upload: ${dir}/empty.mp4: the file is empty, there is nothing to upload\n`)
  expect(stderr).toMatch(/^1 of 4 files stored, 2\.4 MiB in .* s; 3 failed$/m)

  const json = await run('--json', '--quiet', ...files)
  expect(objects(json.stdout)).toContainEqual({
    file: none,
    error: { code: 'source', message: `${none} cannot be opened: there is no such file` },
  })
  expect(objects(json.stdout)).toContainEqual(expect.objectContaining({ file: join(dir, 'good.mp4'), instant: true }))
  expect(json.stderr.trim().split('\n')).toHaveLength(3)
  expect(await run(join(dir, 'folder.mp4'))).toMatchObject({
    code: 1,
    stderr: 'sluice upload: there is nothing to upload\n',
  })
})

// Root may read everything.
test.skipIf(process.getuid?.() === 0)('a file that may not be read is told (skipped for root)', async () => {
  const path = file('secret.mp4')
  chmodSync(path, 0)
  expect((await run(path)).stderr).toContain('secret.mp4 cannot be opened: you may not read it')
})

describe('credentials', () => {
  const path = file('credentials.mp4')

  test('without any the variables are named', async () => {
    const { code, stderr } = await sluice(['upload', path], {
      env: { SLUICE_URL: service.url, SLUICE_DATA_DIR: join(dir, 'no-service') },
    })
    expect(code).toBe(1)
    expect(stderr).toMatch(/SLUICE_SECRET_ID and SLUICE_SECRET_KEY/)
  })

  test('half of them is not enough', async () => {
    const env = { SLUICE_SECRET_ID: 'AKIDtest' }
    const { code, stderr } = await sluice(['upload', path], { env })
    expect({ code, stderr: stderr.includes('SLUICE_SECRET_KEY is not set') }).toEqual({ code: 1, stderr: true })
  })

  test('wrong ones are refused with what to check', async () => {
    const env = { ...secrets, SLUICE_SECRET_KEY: 'wrong', SLUICE_URL: service.url }
    const { code, stderr } = await sluice(['upload', path], { env })
    expect(code).toBe(1)
    expect(stderr).toContain(`${path}: InitUpload was refused: refused (-10002); check SecretId and SecretKey`)
  })
})

test('Ctrl-C stops, says how to go on, and the same command goes on', async () => {
  service.close()
  let stop = () => {}
  const stopped = new Promise<void>((resolve) => {
    stop = resolve
  })
  service = await serveMemory(async ({ action }, nth) => {
    if (action === 'UploadPart' && nth === 2) {
      stop()
      await new Promise(() => {})
    }
    return undefined as never
  })
  const path = file('long.mp4', fixture(3_500_000))
  const env = { ...secrets, SLUICE_URL: service.url }
  let pid = 0
  const onStart = (started: number) => {
    pid = started
  }
  const running = sluice(['upload', '--parallel', '1', path], { env, onStart })
  await stopped
  process.kill(pid, 'SIGINT')
  const first = await running
  expect(first).toMatchObject({ code: 130, signal: null, stdout: '' })
  expect(first.stderr).toBe(
    'sluice upload: stopped: 0 of 1 files stored, 1.0 MiB with the service; run the same command again to go on\n',
  )

  const before = service.calls.length
  expect(await sluice(['upload', '--parallel', '1', path], { env })).toMatchObject({ code: 0 })
  expect(service.calls.slice(before).map(({ action }) => action)).toEqual([
    'InitUpload',
    'UploadPart',
    'UploadPart',
    'UploadPart',
    'FinishUpload',
  ])
})

test('an error of the service for one file is told with its code', async () => {
  service.close()
  service = await serveMemory(() => answer({ code: -4300, message: 'this app is blocked' }))
  const { code, stderr } = await run(file('blocked.mp4'))
  expect(code).toBe(1)
  expect(stderr).toContain('InitUpload was refused: this app is blocked (-4300); ask the operator of the service')
})
