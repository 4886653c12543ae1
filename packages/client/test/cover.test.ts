import { type HashedFile, type Progress, UploadError, upload } from '@sluice/client/node'
import { signUgc } from '@sluice/protocol/signatures'
import { describe, expect, test } from 'vitest'
import { ugcCredentials } from '../src/ugc-credentials.ts'
import { credentials, fixture, memorySource, optionsFor, partSize, rejection } from './fixtures.ts'
import { answer, hex, memoryService, now, secretId, secretKey } from './memory-service.ts'

const bytes = fixture(2 * partSize + 1234)
const source = memorySource(bytes)
const image = fixture(4_321)
const cover = new File([image], 'still.PNG')
const small = ['SmallFileUpload']
const steps = ['InitUploadEx', 'UploadPartEx', 'FinishUploadEx']
const videoSteps = (suffix: '' | 'Ex') => [
  `InitUpload${suffix}`,
  ...Array(3).fill(`UploadPart${suffix}`),
  `FinishUpload${suffix}`,
]

function fillFrom(bytes: Uint8Array, room: Uint8Array): number {
  room.set(bytes.subarray(0, room.length))
  return Math.min(bytes.length, room.length)
}

/** A service, what it holds as covers, and options for it. */
function setUp(family: 'server' | 'ugc', script?: Parameters<typeof memoryService>[0]) {
  const service = memoryService(script)
  const shown = () => [...service.covers].map(([key, { bytes }]) => [key, Buffer.compare(bytes, image)])
  return { service, shown, options: optionsFor(service.transport, { credentials: credentials[family], cover }) }
}

describe.each([
  { family: 'server', actions: [...videoSteps(''), ...small] },
  { family: 'ugc', actions: [...videoSteps('Ex'), ...steps] },
] as const)('a cover in the $family family', ({ family, actions }) => {
  test('follows its video', async () => {
    const { service, shown, options } = setUp(family)
    const result = await upload(source, options)
    const fileId = service.files.get(hex('sha1', bytes))?.fileId
    expect(shown()).toEqual([[`${hex('sha1', image)} ${fileId}`, 0]])
    const [stored] = service.covers.values()
    expect(result).toMatchObject({ fileId, instant: false, coverUrl: `http://media.test/${stored?.fileId}` })
    expect(service.actions()).toEqual(actions)
  })

  test('comes again under the same address', async () => {
    const { shown, options } = setUp(family)
    const { coverUrl } = await upload(source, options)
    expect(await upload(source, options)).toMatchObject({ instant: true, coverUrl })
    expect(shown()).toHaveLength(1)
  })

  test('that failed leaves the video stored, and follows when the upload is repeated', async () => {
    const first = actions.length - (family === 'ugc' ? steps : small).length
    const { service, shown, options } = setUp(family, (_, nth) =>
      nth === first ? answer({ code: -10003, message: 'no such picture' }) : undefined,
    )
    const error = await rejection(upload(source, options))
    expect(error).toBeInstanceOf(UploadError)
    expect(error).toMatchObject({
      code: -10003,
      canRetry: 0,
      action: actions[first],
      message: expect.stringMatching(/^the video is stored, its cover is not: .*no such picture/),
      stored: { fileId: service.files.get(hex('sha1', bytes))?.fileId, instant: false },
    })
    expect(shown()).toEqual([])

    expect(await upload(source, options)).toMatchObject({ instant: true, coverUrl: expect.any(String) })
    expect(shown()).toHaveLength(1)
  })

  test('is not begun when its video fails', async () => {
    const { service, options } = setUp(family, () => answer({ code: -10007 }))
    expect(await rejection(upload(source, options))).toMatchObject({ code: -10007, stored: undefined })
    expect(service.calls).toHaveLength(1)
  })

  test('that breaks off is repeated as any call', async () => {
    let broken = 0
    const { shown, options } = setUp(family, ({ params, body }) => {
      if (body.length !== image.length || broken++ > 2) return undefined
      expect(params.get('dataMd5')).toBe(hex('md5', image))
      throw new Error('cut')
    })
    await upload(source, options)
    expect(broken).toBe(4)
    expect(shown()).toHaveLength(1)
  })
})

test('a large cover of the server family goes in parts', async () => {
  const { service, options } = setUp('server')
  await upload(source, { ...options, cover: new File([fixture(1_048_577)], 'large.jpg') })
  expect(service.actions()).toEqual([...videoSteps(''), ...videoSteps('')])
  expect(service.covers.size).toBe(1)
})

test('the app is asked for a signature of its own for the cover, with the proof of its video', async () => {
  const asked: HashedFile[] = []
  const { options } = setUp('ugc')
  const sign = ugcCredentials(async (file) => {
    asked.push(file)
    return signUgc({ secretId, secretKey, ...file, signedAtS: now / 1000 })
  })
  const { fileId } = await upload(source, { ...options, credentials: sign })
  expect(asked).toEqual([
    { fileSha: hex('sha1', bytes), fileName: 'my video', fileType: 'mp4', fileSize: bytes.length },
    {
      ...{ fileSha: hex('sha1', image), fileName: 'still', fileType: 'png', fileSize: image.length },
      ...{ coverOf: fileId, verifyContent: 'proof' },
    },
  ])
})

test.each([
  ['names no video', undefined, 'signed a video'],
  ['names another video', '7', 'signed the cover of 7'],
])('a signature that %s makes no cover, nor a video of the image', async (_, coverOf, told) => {
  const { service, options } = setUp('ugc')
  const sign = ugcCredentials(async ({ fileSha, fileName, fileType, coverOf: asked }) => {
    const said = asked !== undefined && coverOf !== undefined ? { coverOf } : {}
    return signUgc({ secretId, secretKey, fileSha, fileName, fileType, ...said, signedAtS: now / 1000 })
  })
  const error = await rejection(upload(source, { ...options, credentials: sign }))
  const { fileId } = service.files.get(hex('sha1', bytes)) ?? {}
  const message = expect.stringContaining(`asked for the cover of ${fileId} and ${told}`)
  expect(error).toMatchObject({ code: 'signature', message, stored: { fileId } })
  expect(service.actions()).toEqual(videoSteps('Ex'))
})

test.each([
  ['a File by its extension', new File([image], 'a.WebP'), 'a', 'webp'],
  ['a Blob by its media type', new Blob([image], { type: 'image/jpeg' }), 'cover', 'jpeg'],
  ['a File without extension by its media type', new File([image], 'a', { type: 'image/png' }), 'a', 'png'],
])('%s says what the image is', async (_, cover, fileName, fileType) => {
  const { service, options } = setUp('server')
  await upload(source, { ...options, cover })
  const { params } = service.calls.at(-1) ?? {}
  expect([params?.get('fileName'), params?.get('fileType')]).toEqual([fileName, fileType])
})

test.each([
  ['empty', new File([], 'a.png')],
  ['of no known type', new Blob([image])],
])('a cover that is %s is told before anything is sent', async (_, cover) => {
  const { service, options } = setUp('server')
  const error = await rejection(upload(source, { ...options, cover }))
  expect(error).toMatchObject({ code: 'argument', message: expect.stringMatching(/^cover: /) })
  expect(service.calls).toEqual([])
})

test('a cover may be larger than its video', async () => {
  const { service, shown, options } = setUp('server')
  const small = { ...memorySource(fixture(10)), fill: async (room: Uint8Array) => room.fill(7).length }
  const large = { ...memorySource(image), name: 'still.png', fill: async (room: Uint8Array) => fillFrom(image, room) }
  await upload(small, { ...options, cover: large })
  expect(service.files.size).toBe(1)
  expect(shown()).toMatchObject([[expect.any(String), 0]])
})

test('an abort between the two keeps its reason, and the next call sends the cover alone', async () => {
  const controller = new AbortController()
  const { service, shown, options } = setUp('ugc', (_, nth) => {
    if (nth === 5) controller.abort('paused')
    return undefined
  })
  expect(await rejection(upload(source, { ...options, signal: controller.signal }))).toBe('paused')
  expect(shown()).toEqual([])
  service.calls.length = 0
  expect(await upload(source, options)).toMatchObject({ instant: true, coverUrl: expect.any(String) })
  expect(service.actions()).toEqual(['InitUploadEx', 'FinishUploadEx', ...steps])
})

test('progress is that of the video; while the cover waits for the network it says so', async () => {
  const seen: Progress[] = []
  let isOffline = false
  const { options } = setUp('ugc', ({ body }) => {
    if (body.length !== image.length || isOffline) return undefined
    isOffline = true
    throw new Error('cut')
  })
  const network = { isOffline: () => isOffline, online: async () => {} }
  await upload(source, { ...options, network, onProgress: (progress) => seen.push(progress) })
  const done = seen.findIndex(({ acknowledgedBytes }) => acknowledgedBytes === bytes.length)
  expect(new Set(seen.map(({ totalBytes }) => totalBytes))).toEqual(new Set([bytes.length]))
  for (const { hashedBytes, sentBytes, acknowledgedBytes } of seen.slice(done)) {
    expect([hashedBytes, sentBytes, acknowledgedBytes]).toEqual(Array(3).fill(bytes.length))
  }
  expect(seen.slice(done).map(({ waitingFor }) => waitingFor)).toContain('network')
  expect(seen.at(-1)?.waitingFor).toBeUndefined()
})
