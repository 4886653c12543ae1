import {
  type Credentials,
  type HashedFile,
  type Lock,
  type Network,
  type Progress,
  UploadError,
  upload,
} from '@sluice/client'
import { signUgc } from '@sluice/protocol/signatures'
import { describe, expect, onTestFinished, test } from 'vitest'
import { measureRate } from '../src/rate.ts'
import { ugcCredentials } from '../src/ugc-credentials.ts'
import { adaptWidth } from '../src/width.ts'
import { fixture, memorySource, optionsFor, partSize, rejection } from './fixtures.ts'
import { answer, hex, memoryService, now, secretId, secretKey } from './memory-service.ts'

const bytes = fixture(2 * partSize + 1234)
const fileSha = hex('sha1', bytes)
const source = memorySource(bytes)
const countOf = (service: ReturnType<typeof memoryService>, action: string) =>
  service.actions().filter((one) => one === action).length

test('an answer to Finish that is lost is found out by asking again', async () => {
  const service = memoryService()
  let lost = false
  const transport: typeof service.transport = async (request) => {
    const reply = await service.transport(request)
    if (service.calls.at(-1)?.action !== 'FinishUpload' || lost) return reply
    lost = true
    throw new TypeError('fetch failed')
  }
  const { fileId } = await upload(source, optionsFor(transport))
  expect(fileId).toBe(service.files.get(fileSha)?.fileId)
  expect(countOf(service, 'FinishUpload')).toBe(2)
})

test('a part that arrives damaged is read and sent again', async () => {
  let damaged = 0
  const service = memoryService(({ action }) =>
    action === 'UploadPart' && damaged++ === 0 ? answer({ code: -10006, canRetry: 1 }) : undefined,
  )
  await upload(source, optionsFor(service.transport))
  expect(countOf(service, 'UploadPart')).toBe(4)
  expect(service.files.has(fileSha)).toBe(true)
})

describe('a network that is gone', () => {
  /** Offline from the first part on, until it is waited for the given number of times. */
  function failing(times: number) {
    let offline = false
    let left = times
    const waits: Progress['waitingFor'][] = []
    const network: Network = {
      isOffline: () => offline,
      online: async () => {
        offline = --left > 0
      },
    }
    const service = memoryService(({ action }) => {
      if (action !== 'UploadPart' || left === 0) return undefined
      offline = true
      return Promise.reject(new TypeError('fetch failed'))
    })
    const onProgress = ({ waitingFor }: Progress) => waits.push(waitingFor)
    return { service, waits, options: { network, onProgress } }
  }

  test('is waited for, however often, without counting attempts', async () => {
    const { service, waits, options } = failing(30)
    await upload(source, optionsFor(service.transport, { ...options, parallel: 1 }))
    expect(service.files.has(fileSha)).toBe(true)
    expect(waits).toContain('network')
    expect(waits.at(-1)).toBeUndefined()
  })

  test('is not asked about when the service has answered', async () => {
    const network: Network = { isOffline: () => true, online: () => Promise.reject(new Error('it was waited for')) }
    const service = memoryService(() => answer({ code: -6000, canRetry: 1 }))
    const error = await rejection(upload(source, optionsFor(service.transport, { network })))
    expect(error).toMatchObject({ code: -6000 })
  })

  test('keeps the backend from being asked for a signature, which then waits', async () => {
    let left = 3
    const network: Network = { isOffline: () => left > 0, online: async () => void left-- }
    const getSignature = async (file: HashedFile) => {
      if (left > 0) throw new TypeError('fetch failed')
      return signUgc({ secretId, secretKey, ...file, signedAtS: now / 1000 })
    }
    const service = memoryService()
    await upload(source, optionsFor(service.transport, { network, credentials: ugcCredentials(getSignature) }))
    expect(service.files.has(fileSha)).toBe(true)
  })

  test('can be given up', async () => {
    const controller = new AbortController()
    const network: Network = {
      isOffline: () => true,
      online: async (signal) => {
        controller.abort('enough')
        signal.throwIfAborted()
      },
    }
    const transport = () => Promise.reject(new TypeError('fetch failed'))
    const error = await rejection(upload(source, optionsFor(transport, { network, signal: controller.signal })))
    expect(error).toBe('enough')
  })
})

describe('a signature', () => {
  const signFor = (validS: number) => (file: { fileSha: string; fileName: string; fileType: string }) =>
    signUgc({ secretId, secretKey, ...file, signedAtS: now / 1000, validS })

  /** Every call takes half a minute. */
  function slowWorld(getSignature: (nth: number) => Promise<string> | undefined, validS: number) {
    let clockMs = now
    let asked = 0
    const clock = () => clockMs
    const service = memoryService(undefined, clock)
    const transport: typeof service.transport = async (request) => {
      const reply = await service.transport(request)
      clockMs += 30_000
      return reply
    }
    const credentials: Credentials = ugcCredentials(async (file) => {
      const signedAtS = Math.floor(clockMs / 1000)
      return getSignature(asked++) ?? signUgc({ secretId, secretKey, ...file, signedAtS, validS })
    })
    return { service, transport, options: { clock, credentials, parallel: 1 }, asked: () => asked }
  }

  test('that nears its end is replaced before it is refused', async () => {
    const { service, transport, options, asked } = slowWorld(() => undefined, 100)
    await upload(source, optionsFor(transport, options))
    expect(asked()).toBe(2)
    expect(service.actions()).toHaveLength(5)
  })

  test('serves until it is refused when there is no new one', async () => {
    const failsOnce = (nth: number) => (nth === 1 ? Promise.reject(new Error('not now')) : undefined)
    const { service, transport, options, asked } = slowWorld(failsOnce, 125)
    await upload(source, optionsFor(transport, options))
    expect(asked()).toBe(2)
    expect(service.files.has(fileSha)).toBe(true)
  })

  test('that is refused for any reason is asked for once more', async () => {
    let asked = 0
    const credentials = ugcCredentials(async (file) =>
      asked++ === 0 ? 'bm8gc2lnbmF0dXJlIGF0IGFsbA==' : signFor(60)(file),
    )
    const service = memoryService(({ params }) =>
      params.get('Signature') === 'bm8gc2lnbmF0dXJlIGF0IGFsbA=='
        ? answer({ code: -10002, codeDesc: '4100' })
        : undefined,
    )
    await upload(source, optionsFor(service.transport, { credentials }))
    expect(asked).toBe(2)
  })

  test.each([
    ['seconds', 't=1490000000&e=1490000600', 600_000],
    ['the end in milliseconds', 't=1490000000&e=1490000600000', 600_000],
    ['the start in milliseconds, the validity added in seconds', 't=1490000000000&e=1490000000600', 600_000],
    ['more than 90 days', 't=1490000000&e=14900000000', 7_776_000_000],
    ['the end before the start', 't=1490000000&e=1480000000', undefined],
    ['none at all', 'f=x', undefined],
  ])('lasts as long as its times say: %s', async (_, text, lastsMs) => {
    const signature = Buffer.from(`${'\xff'.repeat(20)}s=a&${text}&r=1`, 'latin1').toString('base64')
    const file = { fileSha, fileName: 'a', fileType: 'mp4', fileSize: 1 }
    const { lastsMs: found } = await ugcCredentials(async () => signature).authenticate(
      file,
      new AbortController().signal,
    )
    expect(found).toBe(lastsMs)
  })

  test('of both kinds or neither is an argument error', async () => {
    const { credentials: _, ...neither } = optionsFor(memoryService().transport)
    const error = await rejection(upload(source, neither as never))
    expect(error).toMatchObject({ code: 'argument', message: 'expected one of getSignature and credentials' })
  })
})

test('a file that can be known again is uploaded by one holder of its lock, who is told while he waits', async () => {
  const order: string[] = []
  const lock: Lock = async (name, { onWait }, work) => {
    order.push(name)
    onWait()
    await new Promise(setImmediate)
    const result = await work()
    order.push('released')
    return result
  }
  const service = memoryService()
  const onProgress = ({ waitingFor }: Progress) => {
    if (order.at(-1) !== String(waitingFor)) order.push(String(waitingFor))
  }
  const identified = { ...source, identity: async () => 'me' }
  await upload(identified, optionsFor(service.transport, { lock, onProgress }))
  expect(order).toEqual([
    'undefined',
    expect.stringMatching(/^sluice http:\/\/sluice\.test:8266\/v3\/index\.php me [0-9a-f]{32}$/),
    'tab',
    'undefined',
    'released',
  ])
})

describe('the number of parts under way', () => {
  test('grows while parts are fast, to the most', () => {
    const width = adaptWidth(6)
    const seen = [width.now()]
    for (let i = 0; i < 6; i++) {
      width.stored(100)
      seen.push(width.now())
    }
    expect(seen).toEqual([2, 3, 4, 5, 6, 6, 6])
  })

  test('shrinks to one on a link that takes long, and stays where it is between', () => {
    const width = adaptWidth(6)
    for (let i = 0; i < 4; i++) width.stored(100)
    for (let i = 0; i < 6; i++) width.stored(60_000)
    expect(width.now()).toBe(1)
    width.stored(7_000)
    expect(width.now()).toBe(1)
  })

  test('halves when no answer comes', () => {
    const width = adaptWidth(6)
    for (let i = 0; i < 4; i++) width.stored(100)
    width.failed()
    expect(width.now()).toBe(3)
    width.failed()
    width.failed()
    expect(width.now()).toBe(1)
  })

  test('is what an upload keeps to', async () => {
    let clockMs = now
    let most = 0
    let underWay = 0
    const service = memoryService()
    const transport: typeof service.transport = async (request) => {
      if (request.url.includes('Action=Init')) most = underWay = 0 // until then it is read to be hashed
      clockMs += 20_000
      await new Promise(setImmediate)
      if (request.body) underWay--
      return service.transport(request)
    }
    const clock = () => clockMs
    const slow = memorySource(fixture(12 * partSize))
    const slice: typeof slow.slice = (start, end) => {
      most = Math.max(most, ++underWay)
      return slow.slice(start, end)
    }
    await upload({ ...slow, slice }, optionsFor(transport, { clock, parallel: 6 }))
    expect(most).toBe(2)
  })
})

test('a rate is smoothed, and does not jump at one sample', () => {
  const rate = measureRate(0)
  expect(rate.bytesPerS()).toBe(0)
  for (let second = 1; second <= 30; second++) rate.add(1000, second * 1000)
  expect(rate.bytesPerS()).toBeCloseTo(1000)
  rate.add(9000, 31_000)
  expect(rate.bytesPerS()).toBeGreaterThan(1000)
  expect(rate.bytesPerS()).toBeLessThan(4000)
  for (let second = 32; second <= 90; second++) rate.add(500, second * 1000)
  expect(rate.bytesPerS()).toBeCloseTo(500, 0)
})

test('progress tells the rate and the time left, in which parts found stored have no share', async () => {
  let clockMs = now
  const service = memoryService()
  service.sessions.set(fileSha, {
    fileSize: bytes.length,
    dataSize: partSize,
    parts: new Map([[0, bytes.subarray(0, partSize)]]),
  })
  const transport: typeof service.transport = async (request) => {
    if (request.body) clockMs += 1000
    request.onSent?.(request.body ? 100 : 0)
    return service.transport(request)
  }
  const seen: Progress[] = []
  const onProgress = (progress: Progress) => seen.push(progress)
  await upload(source, optionsFor(transport, { clock: () => clockMs, onProgress, parallel: 1 }))
  const second = seen.find(({ acknowledgedBytes }) => acknowledgedBytes === 2 * partSize)
  expect(second?.bytesPerS).toBeCloseTo(partSize)
  expect(second?.leftMs).toBeCloseTo((1234 / partSize) * 1000)
  expect(seen.some(({ sentBytes, acknowledgedBytes }) => sentBytes === acknowledgedBytes + 100)).toBe(true)
  expect(seen.at(-1)).toMatchObject({ leftMs: 0, waitingFor: undefined })
})

test('an onProgress that throws is reported, and the upload goes on', async () => {
  const others = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  const reported: unknown[] = []
  process.on('uncaughtException', (error) => reported.push(error))
  onTestFinished(() => {
    process.removeAllListeners('uncaughtException')
    for (const other of others) process.on('uncaughtException', other)
  })
  const mistake = new Error('no such element')
  let calls = 0
  const onProgress = () => {
    if (calls++ === 1) throw mistake
  }
  const service = memoryService()
  await upload(source, optionsFor(service.transport, { onProgress }))
  expect(service.files.has(fileSha)).toBe(true)
  expect(reported).toEqual([mistake])
})

test('an error says what, where and why in its members', async () => {
  const error = await rejection(
    upload(
      source,
      optionsFor(memoryService(() => answer({ code: -4300, codeDesc: 'blocked by hand', message: 'no' })).transport),
    ),
  )
  expect(error).toBeInstanceOf(UploadError)
  expect(error).toMatchObject({ code: -4300, codeDesc: 'blocked by hand', canRetry: 0, action: 'InitUpload' })
})
