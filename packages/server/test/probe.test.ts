import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { hotlinkQuery } from '@sluice/protocol/signatures'
import { openSqlite } from '@sluice/server'
import { changeAppSettings } from '@sluice/server/apps'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { looksLikeMedia } from '../src/probe/media-signature.ts'
import { type ProbeLimits, type ProbeSource, probe, probeLimits } from '../src/probe/probe.ts'
import { play } from './support/players.ts'
import {
  sampleFile,
  startTestService,
  type TestService,
  temporaryDirectory,
  uploadWhole,
  withDigests,
} from './support/service.ts'
import { recordedEvents, tablesOf } from './support/tables.ts'
import { videoMaker } from './support/videos.ts'
import { callVod } from './support/vod-calls.ts'

let make: ReturnType<typeof videoMaker>
const works: (() => Promise<void>)[] = []
beforeAll(async () => {
  make = videoMaker(await temporaryDirectory((work) => void works.push(work)))
})
afterAll(async () => {
  for (const work of works) await work()
})

/** Bytes as a probe gets at them; behind them nothing but zeros, when a size is given. */
function sourceOf(bytes: Buffer, size = bytes.length) {
  const source = {
    size,
    bytesRead: 0,
    read: async (offset: number, length: number) => {
      source.bytesRead += length
      const read = new Uint8Array(Math.min(length, size - offset))
      read.set(bytes.subarray(offset, offset + length))
      return read
    },
  }
  return source
}

const look = (source: ProbeSource, limits: Partial<ProbeLimits> = {}) =>
  probe(source, new AbortController().signal, { ...probeLimits, ...limits })

const about = (seconds: number) => expect.closeTo(seconds, 0)
const h264 = { width: 320, height: 180, videoCodec: 'AVC', audioCodec: 'AAC', samplingRate: 44_100 }

describe('a probe understands', () => {
  it.each([
    ['moov-first.mp4', ['-movflags', '+faststart'], { container: 'MPEG-4', ...h264, durationS: 3, frameRate: 25 }],
    ['moov-last.mp4', [], { container: 'MPEG-4', ...h264, durationS: 3 }],
    ['fragmented.mp4', ['-movflags', 'frag_keyframe+empty_moov+default_base_moof'], { container: 'MPEG-4', ...h264 }],
    ['a.mov', [], { container: 'MPEG-4', ...h264 }],
    ['upright.mp4', ['-metadata:s:v', 'rotate=90'], { container: 'MPEG-4', ...h264, rotate: 270 }],
    ['a.mkv', [], { container: 'Matroska', ...h264 }],
    ['a.ts', [], { container: 'MPEG-TS', ...h264 }],
    ['a.flv', [], { container: 'Flash Video', ...h264 }],
    ['a.avi', ['-c:v', 'mpeg4', '-c:a', 'mp3'], { container: 'AVI', width: 320, height: 180 }],
    [
      'a.webm',
      ['-c:v', 'libvpx', '-deadline', 'realtime', '-c:a', 'libvorbis'],
      { container: 'WebM', videoCodec: 'VP8' },
    ],
    [
      'a.mp3',
      ['-c:a', 'libmp3lame', '-vn'],
      { container: 'MPEG Audio', audioCodec: 'MPEG Audio', samplingRate: 44_100 },
    ],
  ])('%s', async (name, options, known) => {
    const bytes = make(name, ...options)
    const source = sourceOf(bytes)
    const media = await look(source)
    expect(media).toMatchObject({ durationS: about(3), bitrate: expect.any(Number), ...known })
    expect(looksLikeMedia(bytes.subarray(0, 400))).toBe(true)
    if (name === 'a.mp3') expect(media).not.toHaveProperty('width')
  })

  it('a file that was cut off, as far as it goes', async () => {
    const [first, last] = [make('first.mp4', '-movflags', '+faststart'), make('last.mp4')]
    expect(await look(sourceOf(first.subarray(0, 20_000)))).toMatchObject({ durationS: 3, width: 320 }) // as it says
    expect(await look(sourceOf(last.subarray(0, 20_000)))).toBeUndefined()
  })

  it('a large file without reading it all', async () => {
    const bytes = make('small.mp4', '-movflags', '+faststart')
    const source = sourceOf(bytes, 2 ** 33)
    expect(await look(source)).toMatchObject({ durationS: 3 })
    expect(source.bytesRead).toBeLessThan(2 ** 24)
  })
})

/** An mp4 box; `size` is what it says of itself. */
function box(type: string, body: Buffer, size = body.length + 8): Buffer {
  const head = Buffer.alloc(8)
  head.writeUInt32BE(size)
  head.write(type, 4, 'latin1')
  return Buffer.concat([head, body])
}

const ftyp = box('ftyp', Buffer.from('isom\x00\x00\x02\x00isomiso2avc1mp41', 'latin1'))
const track = box(
  'trak',
  box('mdia', box('hdlr', Buffer.from(`${'\x00'.repeat(8)}vide${'\x00'.repeat(13)}`, 'latin1'))),
)

/** Boxes inside boxes, each of which holds all that follow. */
function nested(depth: number): Buffer {
  const boxes = Buffer.alloc(depth * 8)
  for (let at = 0; at < boxes.length; at += 8) {
    boxes.writeUInt32BE(boxes.length - at, at)
    boxes.write(at === 0 ? 'moov' : 'trak', at + 4, 'latin1')
  }
  return Buffer.concat([ftyp, boxes])
}

/** A tag before a song, with a picture of so many bytes. */
function largePicture(size: number): Buffer {
  const sevenBits = (count: number) => Buffer.from([21, 14, 7, 0].map((shift) => (count >> shift) & 0x7f))
  const image = Buffer.concat([Buffer.from('\x00image/jpeg\x00\x03\x00', 'latin1'), Buffer.alloc(size)])
  const frame = Buffer.concat([Buffer.from('APIC'), sevenBits(image.length), Buffer.alloc(2), image])
  return Buffer.concat([Buffer.from('ID3\x04\x00\x00', 'latin1'), sevenBits(frame.length), frame])
}

describe('a hostile file is one that no probe understands:', () => {
  it.each<[string, Buffer, number?]>([
    ['random bytes', sampleFile(300_000).bytes],
    ['one byte', Buffer.from([0])],
    [
      'an mp4 whose boxes are larger than the file',
      Buffer.concat([ftyp, box('moov', box('udta', Buffer.alloc(9), 2 ** 31 - 99), 2 ** 31 - 9)]),
    ],
    [
      'one that is as large as it says',
      Buffer.concat([ftyp, box('moov', box('udta', Buffer.alloc(9), 2 ** 31 - 99), 2 ** 31 - 9)]),
      2 ** 31,
    ],
    ['an mp4 of boxes inside boxes', nested(200_000)],
    ['a tag of 256 MiB before the sound', Buffer.from('ID3\x04\x00\x00\x7f\x7f\x7f\x7f', 'latin1'), 2 ** 31],
  ])('%s', async (_, bytes, size) => {
    expect(await look(sourceOf(bytes, size))).toBeUndefined()
  })

  it('one that takes the parser for ever is given up', async () => {
    const tracks = Array.from({ length: 100_000 }, () => track)
    const bytes = Buffer.concat([ftyp, box('moov', Buffer.concat(tracks))])
    expect(await look(sourceOf(bytes), { timeMs: 1_000 })).toBeUndefined()
  })

  it('so is one for which too much would be read, or kept in memory', async () => {
    const bytes = make('limited.mp4', '-movflags', '+faststart')
    const source = sourceOf(bytes)
    expect(await look(source, { maxRead: 100_000 })).toBeUndefined()
    expect(source.bytesRead).toBeLessThanOrEqual(100_000)
    const song = Buffer.concat([largePicture(2 ** 20), make('song.mp3', '-c:a', 'libmp3lame', '-vn')])
    expect(await look(sourceOf(song), { maxMemory: 33 * 2 ** 20 })).toBeUndefined()
    expect(await look(sourceOf(song))).toMatchObject({ container: 'MPEG Audio' })
  })

  it('but when its bytes cannot be read, nothing is known of it yet', async () => {
    const broken = { size: 1_000, read: () => Promise.reject(new Error('the disk is on fire')) }
    await expect(look(broken)).rejects.toThrow('the disk is on fire')
    const stop = new AbortController()
    const waiting = probe({ size: 1_000, read: () => new Promise(() => {}) }, stop.signal)
    stop.abort(new Error('the service stops'))
    await expect(waiting).rejects.toThrow('the service stops')
  })
})

/** What is stored of a file, once it has been looked at. */
async function probed(service: TestService, fileId = ''): Promise<unknown> {
  const media = () => String(tablesOf(service).all('select media from files where fileId = ?', fileId)[0]?.['media'])
  await expect.poll(media, { timeout: 30_000 }).not.toBe('unprobed')
  return media() === 'failed' ? 'failed' : JSON.parse(media())
}

describe('the service', () => {
  it('looks into stored files after Finish has answered, and tells of them as before', async () => {
    const service = await startTestService({ SLUICE_PROBE: 'on' })
    const video = withDigests(make('stored.mp4'))
    const { fileId, url = '' } = await uploadWhole(service, video)
    expect(await probed(service, fileId)).toMatchObject({ durationS: 3, width: 320, height: 180 })
    const [event] = recordedEvents(service)
    expect(JSON.stringify(event)).not.toMatch(/duration|width/)
    expect((await play(url)).body.equals(video.bytes)).toBe(true)
  })

  it('tells of it in the management answers', async () => {
    const service = await startTestService({ SLUICE_PROBE: 'on' })
    const { fileId, url = '' } = await uploadWhole(service, withDigests(make('told.mp4', '-metadata:s:v', 'rotate=90')))
    await probed(service, fileId)
    const streams = {
      videoStreamList: [{ bitrate: expect.any(Number), height: 180, width: 320, codec: 'h264', fps: 25 }],
      audioStreamList: [{ samplingRate: 44_100, bitrate: expect.any(Number), codec: 'aac' }],
    }
    expect(await callVod(service, 'GetVideoInfo', { fileId })).toMatchObject({
      basicInfo: { duration: 3 },
      metaData: { duration: 3, height: 180, width: 320, rotate: 270, bitrate: expect.any(Number), ...streams },
      transcodeInfo: { transcodeList: [{ duration: 3, height: 180, ...streams }] },
    })
    expect(await callVod(service, 'DescribeVodInfo', {})).toMatchObject({ fileSet: [{ fileId, duration: '3' }] })
    const playSet = [{ url, definition: 0, vbitrate: expect.any(Number), vheight: 180, vwidth: 320 }]
    expect(await callVod(service, 'DescribeVodPlayUrls', { fileId })).toMatchObject({ playSet })
  })

  it('keeps a file that no probe understands', async () => {
    const service = await startTestService({ SLUICE_PROBE: 'on' })
    const [random, hostile] = [sampleFile(600_000), withDigests(nested(1_000))]
    for (const file of [random, hostile]) {
      const { fileId, url = '' } = await uploadWhole(service, file)
      expect(await probed(service, fileId)).toBe('failed')
      expect((await play(url)).body.equals(file.bytes)).toBe(true)
    }
  })

  it('leaves a file that cannot be read for later, and goes on with the others', async () => {
    const before = await startTestService()
    const { fileId = '' } = await uploadWhole(before, sampleFile(600_000))
    const { fileId: next } = await uploadWhole(before, withDigests(make('next.mp4')))
    const path = join(before.directory, 'files', fileId.slice(-2), fileId)
    rmSync(path)
    mkdirSync(path) // opens, and cannot be read
    const service = await before.restart({ SLUICE_PROBE: 'on' })
    expect(await probed(service, next)).toMatchObject({ durationS: 3 })
    expect(tablesOf(service).all('select media from files where fileId = ?', fileId)).toEqual([{ media: 'unprobed' }])
  })

  it('takes up at the next start what was left, and what was stored before there were probes', async () => {
    const before = await startTestService()
    const video = withDigests(make('left.mp4'))
    const { fileId } = await uploadWhole(before, video)
    expect(tablesOf(before).all('select media from files')).toEqual([{ media: 'unprobed' }])
    const service = await before.restart({ SLUICE_PROBE: 'on' })
    expect(await probed(service, fileId)).toMatchObject({ durationS: 3 })
  })

  it('plays a preview that is longer than the video', async () => {
    const key = '24FEQmTzro4V5u3D5epW'
    const service = await startTestService({ SLUICE_PROBE: 'on' })
    const { fileId, url = '' } = await uploadWhole(service, withDigests(make('preview.mp4')))
    await probed(service, fileId)
    const metadata = await openSqlite(service.directory)
    await changeAppSettings(metadata, 1_251_000_001, { hotlinkKey: key })
    await metadata.close()
    const { pathname } = new URL(url)
    const t = (Math.floor(service.now() / 1000) + 60).toString(16)
    const ask = (exper: string) => {
      const dir = pathname.slice(0, pathname.lastIndexOf('/') + 1)
      return play(url, { path: `${pathname}?${hotlinkQuery({ key, dir, t, exper })}` })
    }
    expect((await ask('2')).status).toBe(403)
    expect((await ask('3')).status).toBe(200)
  })
})

it.each([
  ['an image in webp', 'RIFF\x00\x00\x00\x00WEBP', true],
  ['a transport stream', `G${'\x00'.repeat(187)}G${'\x00'.repeat(187)}`, true],
  ['one with time stamps', `\x00\x00\x00\x00G${'\x00'.repeat(191)}G`, true],
  ['sound without tags', '\xff\xfb\x90\x00', true],
  ['sound of an impossible rate', '\xff\xfb\xf0\x00', false],
  ['a web page', '<!DOCTYPE html>', false],
  ['a program', '\x7fELF\x02\x01\x01', false],
  ['an archive', 'PK\x03\x04', false],
  ['one G', `G${'\x00'.repeat(399)}`, false],
  ['nothing', '', false],
])('%s is shown to a parser or not', (_, text, expected) => {
  expect(looksLikeMedia(Buffer.from(text, 'latin1'))).toBe(expected)
})
