import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openSqlite } from '@sluice/server'
import { build, preview } from 'vite'
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest'
import { startBrowser, type TestBrowser } from '../../packages/client/test/browser/browser.ts'
import {
  keyPair,
  sampleFile,
  startTestService,
  temporaryDirectory,
} from '../../packages/server/test/support/service.ts'
import { startServer } from '../start-server.ts'

const root = fileURLToPath(new URL('.', import.meta.url))
const backendProgram = fileURLToPath(new URL('../app-backend/app-backend.ts', import.meta.url))

let browser: TestBrowser
beforeAll(async () => {
  browser = await startBrowser()
}, 60_000)
afterAll(() => browser?.close())

it('a user uploads a video with a cover, and it is theirs', async () => {
  const service = await startTestService({}, { startAt: Date.now() })
  const metadata = await openSqlite(service.directory)
  onTestFinished(() => metadata.close())
  const [own] = await metadata.listApps()
  const backend = await startServer(backendProgram, {
    SLUICE_URL: service.url,
    SLUICE_SECRET_ID: keyPair.secretId,
    SLUICE_SECRET_KEY: keyPair.secretKey,
    SLUICE_VERIFY_KEY: own?.verifyKey ?? '',
    USERS: 'token-of-ann:ann',
    PORT: '0',
  })
  vi.stubEnv('BACKEND_URL', backend.url)
  vi.stubEnv('VITE_SLUICE_URL', service.url)
  onTestFinished(() => {
    vi.unstubAllEnvs()
  })
  const directory = await temporaryDirectory()
  const outDir = join(directory, 'dist')
  await build({ root, logLevel: 'error', build: { outDir } })
  const app = await preview({ root, logLevel: 'error', build: { outDir }, preview: { port: 0, host: '127.0.0.1' } })
  onTestFinished(() => app.close())

  const { bytes } = sampleFile(1_500_000)
  const video = join(directory, 'my holiday.mp4')
  await writeFile(video, bytes)
  const page = await browser.context.newPage()
  onTestFinished(() => page.close())
  await page.goto(app.resolvedUrls?.local[0] ?? '')
  const chooserOpens = page.waitForEvent('filechooser')
  await page.getByRole('button', { name: 'Drop videos here' }).click()
  await (await chooserOpens).setFiles(video)
  const url = (await page.getByRole('link', { name: 'my holiday.mp4' }).getAttribute('href')) ?? ''
  expect(Buffer.from(await (await fetch(url)).arrayBuffer()).equals(bytes)).toBe(true)

  const coverChooserOpens = page.waitForEvent('filechooser')
  const permitted = page.waitForResponse((response) => /"coverOf"/.test(response.request().postData() ?? ''))
  await page.getByRole('button', { name: 'Choose a cover for my holiday.mp4' }).click()
  await (await coverChooserOpens).setFiles({ name: 'sea.png', mimeType: 'image/png', buffer: sampleFile(20_000).bytes })
  expect((await permitted).status()).toBe(200)
  await page.getByText('Uploaded · 1.5 MB').waitFor()

  await backend.line('event NewFileUpload:')
  await page.reload()
  await page.getByRole('link', { name: 'my holiday' }).waitFor()
})
