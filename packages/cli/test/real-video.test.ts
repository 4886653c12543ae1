import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import { expect, onTestFinished, test } from 'vitest'
import { bin, home, sluice } from './run-sluice.ts'
import { serve, slowWayTo, temporaryDirectory } from './serve-process.ts'

/** Ten seconds of moving test picture and a tone, H.264 and AAC. */
function makeVideo(path: string): void {
  const inputs = ['-f', 'lavfi', '-i', 'testsrc2=s=640x360:r=25:d=10', '-f', 'lavfi', '-i', 'sine=f=440:d=10']
  const picture = [
    '-vf',
    'noise=alls=60:allf=t',
    '-c:v',
    'libx264',
    '-preset',
    'ultrafast',
    '-b:v',
    '4M',
    '-pix_fmt',
    'yuv420p',
  ]
  execFileSync('ffmpeg', ['-v', 'error', '-y', ...inputs, ...picture, '-c:a', 'aac', '-movflags', '+faststart', path])
}

async function download(url: string): Promise<Buffer> {
  const response = await fetch(url)
  expect(response.status).toBe(200)
  return Buffer.from(await response.arrayBuffer())
}

interface Uploaded {
  fileId: string
  url: string
  instant: boolean
}

test.each(['server', 'ugc'])(
  'a real video goes in by the %s family, survives a killed client, and plays',
  async (family) => {
    const directory = temporaryDirectory()
    const video = join(directory, 'tone and picture.mp4')
    makeVideo(video)
    const { size } = statSync(video)
    expect(size).toBeGreaterThan(3_000_000)

    const data = join(directory, 'data')
    const service = await serve({ SLUICE_DATA_DIR: data })
    const way = await slowWayTo(service.url, 1_000_000)

    // No keys are given: the command finds those of the service on its own machine.
    const env = { SLUICE_DATA_DIR: data, SLUICE_URL: way.url }
    const args = ['upload', video, '--family', family, '--parallel', '2', '--json']
    const first = spawn(process.execPath, [bin, ...args], { env: { ...home, ...env }, stdio: 'ignore' })
    const ended = once(first, 'exit')
    await until(() => way.sentBytes() > size / 2)
    first.kill('SIGKILL')
    await ended
    await until(() => way.openConnections() === 0) // what the killed client had written is still on its way
    const sentBefore = way.sentBytes()

    const second = await sluice(args, { env })
    expect(second).toMatchObject({ code: 0 })
    const uploaded = JSON.parse(second.stdout) as Uploaded
    expect(uploaded.instant).toBe(false)
    expect(way.sentBytes() - sentBefore).toBeLessThan(size - 1_048_576) // what was acknowledged is not sent again

    const again = await sluice(args, { env })
    expect(JSON.parse(again.stdout)).toMatchObject({ fileId: uploaded.fileId, instant: true })
    expect((await download(uploaded.url)).equals(readFileSync(video))).toBe(true)

    const events = await sluice(['events', 'pull', '--confirm'], { env })
    expect(JSON.parse(events.stdout)).toMatchObject({
      eventContent: { eventType: 'NewFileUpload', data: { fileId: uploaded.fileId } },
    })

    const info = async () => JSON.parse((await sluice(['files', 'info', uploaded.fileId, '--json'], { env })).stdout)
    await expect.poll(async () => (await info()).media, { timeout: 30_000 }).not.toBe('unprobed')
    expect((await info()).media).toMatchObject({ durationS: 10, width: 640, height: 360, videoCodec: 'AVC' })
    expect((await sluice(['files', 'info', uploaded.fileId], { env })).stdout).toMatch(/^durationS +10$/m)

    const played = await playInBrowser(uploaded.url)
    expect(played).toMatchObject({ width: 640, height: 360, duration: 10, seekedTo: 7 })
    expect(played.colours).toBeGreaterThan(50)
    expect(await service.stop()).toMatchObject({ code: 0 })
  },
  120_000,
)

test('the worked example of the pages, 6,000,000 bytes, goes in and comes out', async () => {
  const directory = temporaryDirectory()
  const file = join(directory, 'example.flv')
  writeFileSync(
    file,
    Buffer.from(Uint8Array.from({ length: 6_000_000 }, (_, index) => (index * 7 + (index >> 8)) % 256)),
  )
  const data = join(directory, 'data')
  const service = await serve({ SLUICE_DATA_DIR: data })
  const { code, stdout } = await sluice(['upload', file], { env: { SLUICE_DATA_DIR: data, SLUICE_URL: service.url } })
  expect(code).toBe(0)
  expect(stdout).toMatch(/\/vod1250000001\/\d{19}\/f0\.flv\n$/)
  expect((await download(stdout.trim())).equals(readFileSync(file))).toBe(true)
})

/** Plays a video on a page of another origin: its size, length, a seek, and the colours of a picture read back. */
async function playInBrowser(url: string) {
  const page = createServer((_, response) => {
    response
      .setHeader('Content-Type', 'text/html')
      .end('<!doctype html><title>player</title><video muted crossorigin></video>')
  })
  page.listen(0, '127.0.0.1')
  await once(page, 'listening')
  const executablePath = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium'
  const browser = await chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
  onTestFinished(async () => {
    await browser.close()
    page.close()
  })
  const tab = await browser.newPage()
  await tab.goto(`http://localhost:${(page.address() as AddressInfo).port}/`)
  return tab.evaluate(playVideo, url)
}

/** Runs in the page. Its types are those of Node here, so the few browser names it uses are declared below. */
async function playVideo(url: string) {
  const video = document.querySelector('video')
  const happens = (name: string) =>
    new Promise((resolve, reject) => {
      video.addEventListener(name, resolve, { once: true })
      video.addEventListener('error', () => reject(new Error(video.error?.message)), { once: true })
    })
  const loaded = happens('loadeddata')
  video.src = url
  await loaded
  await video.play()
  const seeked = happens('seeked')
  video.currentTime = 7
  await seeked
  const canvas = document.createElement('canvas')
  canvas.width = video.videoWidth
  canvas.height = video.videoHeight
  const context = canvas.getContext('2d')
  context.drawImage(video, 0, 0)
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height)
  const colours = new Set<number>()
  for (let i = 0; i < data.length; i += 4)
    colours.add(((data[i] ?? 0) << 16) | ((data[i + 1] ?? 0) << 8) | (data[i + 2] ?? 0))
  return {
    width: video.videoWidth,
    height: video.videoHeight,
    duration: Math.round(video.duration),
    seekedTo: Math.round(video.currentTime),
    colours: colours.size,
  }
}

declare const document: {
  querySelector(name: 'video'): Video
  createElement(name: 'canvas'): Canvas
}
interface Video {
  src: string
  currentTime: number
  readonly duration: number
  readonly videoWidth: number
  readonly videoHeight: number
  readonly error: { readonly message: string } | null
  play(): Promise<void>
  addEventListener(name: string, listener: (event: unknown) => void, options: { once: true }): void
}
interface Canvas {
  width: number
  height: number
  getContext(name: '2d'): {
    drawImage(video: Video, x: number, y: number): void
    getImageData(x: number, y: number, width: number, height: number): { data: Uint8ClampedArray }
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10))
}
