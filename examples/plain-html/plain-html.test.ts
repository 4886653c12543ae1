import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { buildForBrowsers } from '../../packages/client/build.ts'
import { startBrowser, type TestBrowser } from '../../packages/client/test/browser/browser.ts'
import {
  keyPair,
  sampleFile,
  startTestService,
  temporaryDirectory,
} from '../../packages/server/test/support/service.ts'
import { startServer } from '../start-server.ts'

const program = fileURLToPath(new URL('server.ts', import.meta.url))

let browser: TestBrowser
beforeAll(async () => {
  // As `npm run build -w @sluice/client` does.
  await buildForBrowsers(fileURLToPath(new URL('../../packages/client/dist', import.meta.url)))
  browser = await startBrowser()
}, 60_000)
afterAll(() => browser?.close())

it('uploads the videos that are chosen, lists them, and says what it does not take', async () => {
  const service = await startTestService({}, { startAt: Date.now() })
  const server = await startServer(program, {
    SLUICE_URL: service.url,
    SLUICE_SECRET_ID: keyPair.secretId,
    SLUICE_SECRET_KEY: keyPair.secretKey,
    PORT: '0',
  })
  const directory = await temporaryDirectory()
  const { bytes } = sampleFile(1_500_000)
  const paths = ['my holiday.mp4', 'old.avi'].map((name) => join(directory, name))
  for (const path of paths) await writeFile(path, path.endsWith('.avi') ? bytes.subarray(1) : bytes)

  const page = await browser.context.newPage()
  onTestFinished(() => page.close())
  await page.goto(server.url)
  const chooserOpens = page.waitForEvent('filechooser')
  await page.getByRole('button', { name: 'Drop videos here' }).click()
  await (await chooserOpens).setFiles(paths)

  await page.getByText('The upload was not permitted: This is no video we take.').waitFor()
  const link = page.getByRole('link', { name: 'my holiday.mp4' })
  const url = (await link.getAttribute('href')) ?? ''
  expect(Buffer.from(await (await fetch(url)).arrayBuffer()).equals(bytes)).toBe(true)
})
