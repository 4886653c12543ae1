import { describe, expect, it } from 'vitest'
import { openMedia, startListener } from './support/listeners.ts'
import { keptLog, startLoggedService } from './support/logged-service.ts'
import { openFiles, play } from './support/players.ts'
import {
  type Answer,
  callServer,
  initParams,
  type SampleFile,
  sampleFile,
  startTestService,
  type TestService,
  uploadWhole,
} from './support/service.ts'
import { openWire } from './support/wire.ts'
import { head } from './support/wire-calls.ts'

const file = sampleFile(1_000)

function uploadSmall(service: Pick<TestService, 'url' | 'now'>, small: SampleFile, params = {}): Promise<Answer> {
  const all = { ...initParams(small), dataSize: small.bytes.length, ...params }
  return callServer(service, 'SmallFileUpload', all, { body: small.bytes })
}

describe('the type of a file', () => {
  const shown = {
    mp4: 'video/mp4',
    MP4: 'video/mp4',
    webm: 'video/webm',
    flv: 'video/x-flv',
    mov: 'video/quicktime',
    ts: 'video/mp2t',
    mp3: 'audio/mpeg',
    JPG: 'image/jpeg',
    png: 'image/png',
  }
  const executable = [
    'html',
    'HTM',
    'xhtml',
    'shtml',
    'svg',
    'xml',
    'xsl',
    'js',
    'mjs',
    'css',
    'swf',
    'pdf',
    'wasm',
    'm3u8',
    'mpd',
  ]
  const names = ['constructor', 'toString', 'hasOwnProperty', 'exe', 'unheardof', '0']

  it('decides how it is shown, in whatever case it was given', async () => {
    const service = await startTestService()
    for (const [index, [fileType, contentType]] of Object.entries(shown).entries()) {
      const { url = '' } = await uploadSmall(service, sampleFile(100, index), { fileType })
      expect(url).toMatch(new RegExp(`/f0\\.${fileType.toLowerCase()}$`))
      const { status, headers } = await play(url)
      expect({ status, ...headers }).toMatchObject({
        status: 200,
        'content-type': contentType,
        'x-content-type-options': 'nosniff',
      })
      expect(headers).not.toHaveProperty('content-disposition')
    }
  })

  it('is never one that a browser executes: those are downloads of plain bytes', async () => {
    const service = await startTestService()
    for (const [index, fileType] of [...executable, ...names].entries()) {
      const { url = '' } = await uploadSmall(service, sampleFile(100, index), { fileType })
      for (const request of [{}, { method: 'HEAD' }, { headers: { Range: 'bytes=0-9', Accept: 'text/html' } }]) {
        expect((await play(url, request)).headers, fileType).toMatchObject({
          'content-type': 'application/octet-stream',
          'content-disposition': 'attachment',
          'x-content-type-options': 'nosniff',
        })
      }
    }
  })

  it('leaves nothing to run in a page of its own', async () => {
    const service = await startTestService()
    const { url = '' } = await uploadSmall(service, file)
    const policy = (await play(url)).headers['content-security-policy']
    expect(policy).toContain("default-src 'none'")
    expect(policy).toMatch(/(^|; )sandbox$/)
  })
})

describe('an address', () => {
  it('names a file or a cover exactly, or nothing', async () => {
    const service = await startTestService()
    const { url = '', fileId = '' } = await uploadSmall(service, file)
    const { fileId: otherId = '' } = await uploadSmall(service, sampleFile(1_000, 2))
    const cover = sampleFile(1_000, 3)
    const asCover = { fileType: 'jpg', 'extra.usage': 1, 'extra.fileId': fileId }
    const { url: coverUrl = '', fileId: coverId = '' } = await uploadSmall(service, cover, asCover)
    expect(coverUrl).toBe(`${service.url}/vod1251000001/${fileId}/${coverId}.jpg`)
    expect((await play(coverUrl)).body.equals(cover.bytes)).toBe(true)
    expect((await play(url, { path: `${new URL(url).pathname}?t=1&t=2` })).status).toBe(200)
    expect((await play(url, { path: `http://cdn.example.com${new URL(url).pathname}` })).status).toBe(200)

    const dir = `/vod1251000001/${fileId}`
    const wrong = [
      `/vod1251000002/${fileId}/f0.mp4`,
      `/vod01251000001/${fileId}/f0.mp4`,
      `/vod/${fileId}/f0.mp4`,
      `/VOD1251000001/${fileId}/f0.mp4`,
      `${dir}/f0.MP4`,
      `${dir}/f0.jpg`,
      `${dir}/f0.`,
      `${dir}/f0`,
      `${dir}/f1.mp4`,
      `${dir}/`,
      dir,
      `${dir}/f0.mp4/`,
      `${dir}/f0.mp4%00`,
      `${dir}//f0.mp4`,
      `/${dir}/f0.mp4`,
      `${dir}/./f0.mp4`,
      `${dir}/../${fileId}/f0.mp4`,
      `${dir}/%2e%2e/${fileId}/f0.mp4`,
      `${dir}/f0%2emp4`,
      `${dir}%2ff0.mp4`,
      `/vod1251000001/../../../etc/passwd`,
      `/vod1251000001/..%2f..%2fsluice.db`,
      `/vod1251000001/0${fileId}/f0.mp4`,
      `/vod1251000001/${'9'.repeat(19)}/f0.mp4`,
      `/vod1251000001/${'9'.repeat(400)}/f0.mp4`,
      `${dir}/${coverId}.png`,
      `${dir}/${coverId}.mp4`,
      `/vod1251000002/${fileId}/${coverId}.jpg`,
      `/vod1251000001/${otherId}/${coverId}.jpg`,
      `/vod1251000001/${coverId}/f0.jpg`,
      `${dir}/${fileId}.mp4`,
      `${dir}/${otherId}.mp4`,
    ]
    for (const path of wrong) {
      const { status, headers } = await play(url, { path })
      expect({ path, status, cors: headers['access-control-allow-origin'] }).toEqual({ path, status: 404, cors: '*' })
    }
  })
})

describe('a player that leaves', () => {
  const large = sampleFile(16 * 1_048_576, 5)

  /** Asks for a file over a connection that takes nothing of it, and waits until the file is open. */
  async function startStalled(service: Pick<TestService, 'url' | 'directory'>, url: string) {
    const wire = await openWire(service)
    wire.socket.pause()
    await wire.send(head('GET', new URL(url).pathname))
    await expect.poll(() => openFiles(service), { interval: 5 }).toBe(1)
    return wire
  }

  it('in the middle leaves no file open and nothing in the log', async () => {
    const service = await startLoggedService()
    const { url = '' } = await uploadWhole(service, large, 1_048_576)
    const { length } = service.texts
    for (const leave of ['destroy', 'resetAndDestroy'] as const) {
      const { socket } = await startStalled(service, url)
      socket[leave]()
      await expect.poll(() => openFiles(service), { interval: 5 }).toBe(0)
    }
    expect((await play(url)).body.equals(large.bytes)).toBe(true)
    expect(openFiles(service)).toBe(0)
    expect(service.texts.slice(length)).toEqual([])
  })

  it('without a word is given up after a while', async () => {
    const service = await startTestService()
    const { url = '' } = await uploadWhole(service, large, 1_048_576)
    const { log, texts } = keptLog()
    const player = await startListener({ media: { ...(await openMedia(service.directory)), idleMs: 100 }, log })
    const wire = await startStalled({ ...service, ...player }, url)
    await expect.poll(() => openFiles(service), { interval: 5, timeout: 5_000 }).toBe(0)
    wire.socket.resume()
    expect((await wire.closed()).length).toBeLessThan(large.bytes.length)
    expect(texts).toEqual([])
  })

  it('while others play takes nothing from them', async () => {
    const service = await startTestService()
    const { url = '' } = await uploadWhole(service, large, 1_048_576)
    const { socket } = await startStalled(service, url)
    const plays = Array.from({ length: 5 }, () => play(url))
    socket.destroy()
    for (const { body } of await Promise.all(plays)) expect(body.equals(large.bytes)).toBe(true)
    await expect.poll(() => openFiles(service), { interval: 5 }).toBe(0)
  })
})
