import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readSettings, startService } from '@sluice/server'
import { expect, it, onTestFinished } from 'vitest'

const program = fileURLToPath(new URL('old-client.mjs', import.meta.url))
const keys = { VOD_SECRET_ID: 'AKIDexample', VOD_SECRET_KEY: 'exampleKey' }

/** Starts the service on an empty directory and any free port, with a file to upload beside it; both end with the test. */
async function start(environment: Record<string, string> = {}) {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const settings = {
    SLUICE_DATA_DIR: join(directory, 'data'),
    SLUICE_PORT: '0',
    SLUICE_SECRET_ID: keys.VOD_SECRET_ID,
    SLUICE_SECRET_KEY: keys.VOD_SECRET_KEY,
    SLUICE_MIN_FREE_SPACE: '0',
    SLUICE_LOG_LEVEL: 'silent',
  }
  const service = await startService(readSettings({ ...settings, ...environment }))
  onTestFinished(() => service.close())
  const bytes = randomBytes(3_000_000)
  const file = join(directory, 'my holiday.mp4')
  await writeFile(file, bytes)
  return { host: new URL(service.url).host, file, bytes }
}

/** Runs the program to its end with nothing else in its environment. */
function run(file: string, env: Record<string, string>): Promise<{ code: unknown; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [program, file], { env: { ...keys, ...env } }, (error, stdout, stderr) => {
      resolve({ code: error ? error.code : 0, stdout, stderr })
    })
  })
}

async function download(url: string): Promise<Buffer> {
  return Buffer.from(await (await fetch(url)).arrayBuffer())
}

it('uploads a file that comes back byte by byte, and the second time finds it there', async () => {
  const { host, file, bytes } = await start()
  const first = await run(file, { VOD_HOST: host })
  expect(first).toMatchObject({ code: 0, stderr: '' })
  const uploaded = JSON.parse(first.stdout) as { fileId: string; url: string }
  expect((await download(uploaded.url)).equals(bytes)).toBe(true)

  const second = await run(file, { VOD_HOST: host })
  expect(JSON.parse(second.stdout)).toEqual(uploaded)
})

it('signs the host of the old service, and gets in by whatever address that leads to', async () => {
  const { host, file, bytes } = await start({ SLUICE_PUBLIC_HOSTS: 'upload.example.com' })
  const { stdout } = await run(file, { VOD_ADDRESS: host })
  const { url } = JSON.parse(stdout) as { url: string }
  expect((await download(url)).equals(bytes)).toBe(true)
})

it('is refused when it signs a host that is not one of the service', async () => {
  const { host, file } = await start({ SLUICE_PUBLIC_HOSTS: 'upload.example.com' })
  const { code, stderr } = await run(file, { VOD_HOST: host })
  expect(code).toBe(1)
  expect(stderr).toContain('InitUpload: -10002')
})
