import { type Credentials, type Progress, upload } from '@sluice/client'
import { describe, expect, test } from 'vitest'
import { credentials, fixture, memorySource, optionsFor, partSize, rejection } from './fixtures.ts'
import { answer, hex, type MetCall, memoryService } from './memory-service.ts'

const bytes = fixture(2 * partSize + 1234)
const fileSha = hex('sha1', bytes)
const source = memorySource(bytes)
const offsets = (calls: readonly MetCall[]) =>
  calls.filter(({ action }) => action.startsWith('UploadPart')).map(({ params }) => Number(params.get('offset')))

describe.each(['server', 'ugc'] as const)('the %s family', (family) => {
  const suffix = family === 'ugc' ? 'Ex' : ''

  test('uploads a file whose every request the verifier accepts', async () => {
    const service = memoryService()
    const result = await upload(source, optionsFor(service.transport, { credentials: credentials[family] }))

    const file = service.files.get(fileSha)
    expect(Buffer.compare(file?.bytes ?? Buffer.of(), bytes)).toBe(0)
    expect(result).toEqual({
      fileId: file?.fileId,
      url: `http://media.test/${file?.fileId}`,
      instant: false,
      verifyContent: 'proof',
    })
    expect(service.actions()).toEqual([
      `InitUpload${suffix}`,
      ...Array(3).fill(`UploadPart${suffix}`),
      `FinishUpload${suffix}`,
    ])
  })

  test('sends nothing when the service has the file already', async () => {
    const service = memoryService()
    const options = optionsFor(service.transport, { credentials: credentials[family] })
    const first = await upload(source, options)
    service.calls.length = 0
    const second = await upload(source, options)

    expect(second).toMatchObject({ fileId: first.fileId, url: first.url, instant: true })
    expect(offsets(service.calls)).toEqual([])
  })
})

test('the proof of a file that is there already comes with Finish, and the server family needs none', async () => {
  const service = memoryService()
  await upload(source, optionsFor(service.transport))
  service.calls.length = 0
  const { verifyContent } = await upload(source, optionsFor(service.transport, { credentials: credentials.ugc }))
  expect(verifyContent).toBe('proof')
  expect(await upload(source, optionsFor(service.transport))).not.toHaveProperty('verifyContent')
  expect(service.actions()).toEqual(['InitUploadEx', 'FinishUploadEx', 'InitUpload'])
})

test('a file that is deleted between Init and Finish is sent again', async () => {
  const service = memoryService(({ action }) => {
    if (action !== 'FinishUploadEx' || service.calls.length > 2) return undefined
    service.files.clear()
    service.sessions.clear()
    return undefined
  })
  const options = optionsFor(service.transport, { credentials: credentials.ugc })
  await upload(source, optionsFor(service.transport))
  service.calls.length = 0
  expect(await upload(source, options)).toMatchObject({ instant: false })
  expect(service.files.size).toBe(1)
})

test('Init of the server family says what the file is, leaving defaults out', async () => {
  const service = memoryService()
  const file = { fileName: '视频 1', fileType: 'MP4', classId: 7, tags: ['a&b', 'c d'], transcode: true }
  await upload(source, optionsFor(service.transport, { file }))

  const params = service.calls[0]?.params ?? new Map()
  for (const name of ['Timestamp', 'Nonce', 'Signature']) expect(params.get(name)).toBeTruthy()
  expect(
    Object.fromEntries([...params].filter(([name]) => !['Timestamp', 'Nonce', 'Signature'].includes(name))),
  ).toEqual({
    Action: 'InitUpload',
    SecretId: 'AKIDtest',
    fileSha,
    fileName: '视频 1',
    fileSize: String(bytes.length),
    fileType: 'mp4',
    dataSize: String(partSize),
    classId: '7',
    isTranscode: '1',
    'tags.1': 'a&b',
    'tags.2': 'c d',
  })
})

test('Init of the ugc family leaves to the signature what stands in it', async () => {
  const service = memoryService()
  await upload(source, optionsFor(service.transport, { credentials: credentials.ugc }))
  const names = [...(service.calls[0]?.params.keys() ?? [])]
  expect(names.sort()).toEqual(['Action', 'Signature', 'dataSize', 'fileSha', 'fileSize'])
})

test('a path in the URL is kept and signed', async () => {
  const urls: string[] = []
  const service = memoryService()
  const transport: typeof service.transport = (request) => {
    urls.push(request.url.split('?')[0] ?? '')
    return service.transport(request)
  }
  await upload(source, optionsFor(transport, { url: 'https://media.test/vod/' }))
  await upload(source, optionsFor(transport, { url: 'https://media.test/v2/index.php' }))
  expect([...new Set(urls)]).toEqual(['https://media.test/vod/v3/index.php', 'https://media.test/v2/index.php'])
})

test('the part size of the service wins', async () => {
  const service = memoryService()
  service.sessions.set(fileSha, {
    fileSize: bytes.length,
    dataSize: partSize,
    parts: new Map([[0, bytes.subarray(0, partSize)]]),
  })
  await upload(source, optionsFor(service.transport, { dataSize: 1_048_576 }))
  expect(service.calls[0]?.params.get('dataSize')).toBe('1048576')
  expect(offsets(service.calls)).toEqual([partSize, 2 * partSize])
})

test('an Init answer without dataSize means the one asked for', async () => {
  const service = memoryService((call, nth) => {
    if (nth > 0) return undefined
    service.sessions.set(fileSha, { fileSize: bytes.length, dataSize: partSize, parts: new Map() })
    return answer({ code: 0, sessionInfo: call.action })
  })
  await upload(source, optionsFor(service.transport))
  expect(service.files.size).toBe(1)
})

test.each([
  ['another MD5', { dataLen: partSize, dataSize: partSize, dataMd5: '0'.repeat(32) }],
  ['another length', { dataLen: 1234, dataSize: 1234, dataMd5: hex('md5', bytes.subarray(0, partSize)) }],
  ['no MD5', { dataLen: partSize, dataSize: partSize }],
  ['no length', { dataMd5: hex('md5', bytes.subarray(0, partSize)) }],
])('a listed part with %s is sent again', async (_, part) => {
  const listed = { code: 1, dataSize: partSize, listParts: [{ offset: 0, ...part }, null, 'x'] }
  const service = memoryService((_, nth) => {
    if (nth > 0) return undefined
    service.sessions.set(fileSha, { fileSize: bytes.length, dataSize: partSize, parts: new Map() })
    return answer(listed)
  })
  await upload(source, optionsFor(service.transport))
  expect(offsets(service.calls)).toEqual([0, partSize, 2 * partSize])
})

test('a listed part that fits is not sent, whichever name its length has and whatever case its MD5', async () => {
  const dataMd5 = hex('md5', bytes.subarray(0, partSize)).toUpperCase()
  const service = memoryService((_, nth) => {
    if (nth > 0) return undefined
    const parts = new Map([[0, bytes.subarray(0, partSize)]])
    service.sessions.set(fileSha, { fileSize: bytes.length, dataSize: partSize, parts })
    return answer({ code: 1, dataSize: partSize, listParts: [{ offset: 0, dataSize: partSize, dataMd5 }] })
  })
  await upload(source, optionsFor(service.transport))
  expect(offsets(service.calls)).toEqual([partSize, 2 * partSize])
})

test('parts are read in order, never more at a time than asked for, none held beyond them', async () => {
  const big = memorySource(fixture(9 * partSize))
  const { promise: threeSending, resolve: areThree } = Promise.withResolvers<void>()
  const read: number[] = []
  let sent = 0
  let sending = 0
  let mostSending = 0
  let held = 0
  let mostHeld = 0
  const service = memoryService()
  const transport: typeof service.transport = async (request) => {
    if (!request.body) return service.transport(request)
    mostSending = Math.max(mostSending, ++sending)
    if (sending === 3) areThree()
    if (++sent > 2) await threeSending // it begins with two
    const result = await service.transport(request)
    sending--
    held--
    return result
  }
  let hashing = true
  const counted: typeof big = {
    ...big,
    slice(start, end) {
      if (!hashing) mostHeld = Math.max(mostHeld, ++held)
      if (!hashing) read.push(start)
      return big.slice(start, end)
    },
  }
  const onProgress = ({ hashedBytes, totalBytes }: Progress) => {
    hashing = hashedBytes < totalBytes
  }
  await upload(counted, optionsFor(transport, { parallel: 3, onProgress }))
  expect(read).toEqual(Array.from({ length: 9 }, (_, i) => i * partSize))
  expect({ mostSending, mostHeld }).toEqual({ mostSending: 3, mostHeld: 3 })
})

describe('when the service lost something', () => {
  test('a Finish that lacks parts starts over and sends those', async () => {
    let finishes = 0
    const service = memoryService(({ action }) => {
      if (action === 'FinishUpload' && finishes++ === 0) service.sessions.get(fileSha)?.parts.delete(partSize)
      return undefined
    })
    const result = await upload(source, optionsFor(service.transport))
    expect(result.instant).toBe(false)
    // The last part comes again as well: the list leaves it out while an earlier one is missing.
    expect(offsets(service.calls).toSorted((a, b) => a - b)).toEqual([
      0,
      partSize,
      partSize,
      2 * partSize,
      2 * partSize,
    ])
  })

  test('a part whose upload is gone starts over', async () => {
    const service = memoryService((_, nth) => {
      if (nth === 2) service.sessions.clear()
      return undefined
    })
    await upload(source, optionsFor(service.transport, { parallel: 1 }))
    expect(offsets(service.calls)).toEqual([0, partSize, 0, partSize, 2 * partSize])
  })

  test('a part size that another client moved starts over', async () => {
    const service = memoryService(({ action }, nth) => {
      const session = service.sessions.get(fileSha)
      if (nth === 1 && session && action === 'UploadPart') session.dataSize = 1_048_576
      return undefined
    })
    await upload(source, optionsFor(service.transport, { parallel: 1, dataSize: partSize }))
    expect(service.actions().filter((action) => action === 'InitUpload')).toHaveLength(2)
    expect(service.files.size).toBe(1)
  })

  test('it gives up when the service loses parts again and again', async () => {
    const service = memoryService(({ action }) => {
      if (action === 'FinishUpload') service.sessions.get(fileSha)?.parts.delete(0)
      return undefined
    })
    const error = await rejection(upload(source, optionsFor(service.transport)))
    expect(error).toMatchObject({ name: 'UploadError', code: -10005, action: 'FinishUpload', canRetry: 0 })
    expect(service.actions().filter((action) => action === 'FinishUpload')).toHaveLength(4)
  })
})

describe('progress', () => {
  const watch = async (script?: Parameters<typeof memoryService>[0]) => {
    const seen: Progress[] = []
    const service = memoryService(script)
    await upload(source, optionsFor(service.transport, { onProgress: (progress) => seen.push(progress) }))
    return seen
  }

  test.each([
    ['of a plain upload', undefined],
    [
      'of an upload that starts over',
      ({ action }: MetCall, nth: number) =>
        action === 'FinishUpload' && nth < 6 ? answer({ code: -10005 }) : undefined,
    ],
    ['of an instant upload', () => answer({ code: 2, fileId: '1', url: '' })],
  ])('%s never falls and ends at the total', async (_, script) => {
    const seen = await watch(script)
    const all = bytes.length
    expect(seen[0]).toMatchObject({ hashedBytes: 0, sentBytes: 0, acknowledgedBytes: 0, totalBytes: all })
    expect(seen.at(-1)).toMatchObject({ hashedBytes: all, sentBytes: all, acknowledgedBytes: all, totalBytes: all })
    for (const name of ['hashedBytes', 'sentBytes', 'acknowledgedBytes'] as const) {
      const numbers = seen.map((progress) => progress[name])
      expect(numbers).toEqual(numbers.toSorted((a, b) => a - b))
    }
    for (const { acknowledgedBytes, sentBytes, totalBytes } of seen) {
      expect(acknowledgedBytes).toBeLessThanOrEqual(sentBytes)
      expect(sentBytes).toBeLessThanOrEqual(totalBytes)
    }
  })
})

describe('abort', () => {
  test('rejects with its reason, and the same call again sends only what is missing', async () => {
    const controller = new AbortController()
    const reason = new Error('paused by the user')
    const service = memoryService((_, nth) => {
      if (nth === 2) controller.abort(reason)
      return undefined
    })
    const paused = upload(source, optionsFor(service.transport, { parallel: 1, signal: controller.signal }))
    expect(await rejection(paused)).toBe(reason)
    expect(offsets(service.calls)).toEqual([0, partSize])

    service.calls.length = 0
    await upload(source, optionsFor(service.transport))
    expect(offsets(service.calls)).toEqual([2 * partSize])
  })

  test('before the start nothing is read', async () => {
    const untouched = { size: 1, slice: () => Promise.reject(new Error('it was read')) }
    const reason = new Error('not now')
    const options = optionsFor(memoryService().transport, { signal: AbortSignal.abort(reason) })
    expect(await rejection(upload(untouched, options))).toBe(reason)
  })

  test('stops hashing', async () => {
    const controller = new AbortController()
    const service = memoryService()
    const onProgress = () => controller.abort('enough')
    const paused = upload(source, optionsFor(service.transport, { signal: controller.signal, onProgress }))
    expect(await rejection(paused)).toBe('enough')
    expect(service.calls).toEqual([])
  })

  test('ends the wait before a retry', async () => {
    const controller = new AbortController()
    const service = memoryService(() => ({ status: 503, text: '' }))
    const sleep = (_: number, signal: AbortSignal) => {
      controller.abort('enough')
      return Promise.reject(signal.reason)
    }
    const paused = upload(source, optionsFor(service.transport, { signal: controller.signal, sleep }))
    expect(await rejection(paused)).toBe('enough')
    expect(service.calls).toHaveLength(1)
  })

  test('reaches the requests under way, of which none is left when it rejects', async () => {
    const controller = new AbortController()
    let underWay = 0
    const service = memoryService(({ action }) => {
      if (action === 'InitUpload') return undefined
      if (++underWay === 2) setImmediate(() => controller.abort('enough'))
      return new Promise((_, reject) => {
        controller.signal.addEventListener('abort', () => setImmediate(() => reject(underWay--)))
      })
    })
    const paused = upload(source, optionsFor(service.transport, { signal: controller.signal }))
    expect(await rejection(paused)).toBe('enough')
    expect(underWay).toBe(0)
  })
})

test('a signature that expires on the way is renewed once for all parts under way', async () => {
  let asked = 0
  const renewing: Credentials = {
    family: 'ugc',
    authenticate(file, signal) {
      asked++
      return credentials.ugc.authenticate(file, signal)
    },
  }
  const { promise: bothSent, resolve: areBoth } = Promise.withResolvers<void>()
  const service = memoryService(({ action }, nth) => {
    if (action !== 'UploadPartEx' || nth > 2) return undefined
    if (nth === 2) areBoth()
    return bothSent.then(() => answer({ code: -10002, codeDesc: '4200' }))
  })
  await upload(source, optionsFor(service.transport, { credentials: renewing }))
  expect(asked).toBe(2)
  expect(service.files.size).toBe(1)
})

test('a signature that stays expired is an error that says so', async () => {
  const service = memoryService(() => answer({ code: -10002, codeDesc: '4200', message: 'expired' }))
  const error = await rejection(upload(source, optionsFor(service.transport, { credentials: credentials.ugc })))
  expect(error).toMatchObject({ code: -10002, codeDesc: '4200', message: expect.stringContaining('valid for longer') })
  expect(service.calls).toHaveLength(2)
})
