import { retryDelayMs, UploadError, upload } from '@sluice/client'
import { describe, expect, test } from 'vitest'
import { ugcCredentials } from '../src/ugc-credentials.ts'
import { credentials, fixture, memorySource, optionsFor, partSize, rejection } from './fixtures.ts'
import { answer, memoryService } from './memory-service.ts'

const source = memorySource(fixture(2 * partSize + 1234))
const passing = UploadError.local('network', 'no answer', { canRetry: 1 })
const lasting = UploadError.local('http', 'HTTP 404')

describe('the retry policy', () => {
  test('waits up to 300 ms, doubled each time, at most 10 s, eight attempts', () => {
    const delays = [1, 2, 3, 4, 5, 6, 7, 8].map((attempt) => retryDelayMs(attempt, passing, () => 0.9999999))
    expect(delays).toEqual([299, 599, 1199, 2399, 4799, 9599, 9999, undefined])
  })

  test('jitters over the whole range', () => {
    expect(retryDelayMs(3, passing, () => 0)).toBe(0)
    expect(retryDelayMs(3, passing, () => 0.5)).toBe(600)
  })

  test('gives up at once on what lasts', () => {
    expect(retryDelayMs(1, lasting, () => 0)).toBeUndefined()
  })
})

/** Runs an upload against a script and tells what it asked and how long it would have waited. */
async function run(script: Parameters<typeof memoryService>[0], more = {}) {
  const service = memoryService(script)
  const waits: number[] = []
  const sleep = async (ms: number) => void waits.push(ms)
  const outcome = await upload(source, optionsFor(service.transport, { sleep, ...more })).catch((error) => error)
  return { service, waits, outcome }
}

describe('what passes is repeated', () => {
  test.each([
    ['a broken connection', () => Promise.reject(new TypeError('fetch failed'))],
    ['HTTP 500', () => ({ status: 500, text: 'oops' })],
    ['HTTP 502', () => ({ status: 502, text: '<html>' })],
    ['HTTP 429', () => ({ status: 429, text: '' })],
    ['an answer with canRetry 1', () => answer({ code: -10004, canRetry: 1 })],
    ['an unknown code with canRetry 1', () => answer({ code: -12345, canRetry: 1 })],
  ])('%s, at every call', async (_, failure) => {
    // Every call fails the first time it is made.
    const seen = new Set<string>()
    const { service, waits, outcome } = await run(({ action, params }) => {
      const call = `${action} ${params.get('offset')}`
      if (seen.has(call)) return undefined
      seen.add(call)
      return failure()
    })
    expect(outcome).toMatchObject({ instant: false })
    expect(service.calls).toHaveLength(10)
    expect(waits).toEqual([150, 150, 150, 150, 150])
  })

  test('with a new nonce and signature each time', async () => {
    let nonce = 0
    const { service } = await run((_, nth) => (nth < 2 ? { status: 503, text: '' } : undefined), {
      random: () => ++nonce / 100,
    })
    const inits = service.calls.slice(0, 3)
    expect(new Set(inits.map(({ params }) => params.get('Nonce'))).size).toBe(3)
    expect(new Set(inits.map(({ params }) => params.get('Signature'))).size).toBe(3)
  })
})

describe('what lasts is not repeated', () => {
  test.each([
    ['HTTP 404', { status: 404, text: '' }, { code: 'http' }],
    ['a redirect', { status: 301, text: '' }, { code: 'http' }],
    ['a refusal', answer({ code: -10002, message: 'bad' }), { code: -10002, action: 'InitUpload', canRetry: 0 }],
    ['a web page', { status: 200, text: '<html>' }, { code: 'answer' }],
    ['JSON of something else', { status: 200, text: '{"ok":true}' }, { code: 'answer' }],
    ['JSON that is no object', { status: 200, text: 'null' }, { code: 'answer' }],
    ['a positive code', answer({ code: 4100 }), { code: 'answer' }],
    ['a part size out of bounds', answer({ code: 0, dataSize: 1 }), { code: 'answer' }],
    ['a stored file without id', answer({ code: 2 }), { code: 'answer' }],
  ])('%s', async (_, reply, expected) => {
    const { service, waits, outcome } = await run(() => reply)
    expect(outcome).toBeInstanceOf(UploadError)
    expect(outcome).toMatchObject({ canRetry: 0, ...expected })
    expect(service.calls).toHaveLength(1)
    expect(waits).toEqual([])
  })

  test('a positive code for a part or at the end is not taken for success', async () => {
    for (const action of ['UploadPart', 'FinishUpload']) {
      const { outcome } = await run((call) => (call.action === action ? answer({ code: 1 }) : undefined))
      expect(outcome).toMatchObject({ code: 'answer', action })
    }
  })
})

test('it gives up after eight attempts without progress', async () => {
  const { service, waits, outcome } = await run(() => Promise.reject(new TypeError('fetch failed')))
  expect(outcome).toMatchObject({ code: 'network', canRetry: 1, action: 'InitUpload' })
  expect(service.calls).toHaveLength(8)
  expect(waits).toEqual([150, 300, 600, 1200, 2400, 4800, 5000])
})

test('attempts count from one again once bytes were acknowledged', async () => {
  // The first part fails all the time; the other two come through after its third and its sixth attempt.
  const waits: number[] = []
  let letThrough = () => {}
  const { service, outcome } = await run(
    ({ action, params }) => {
      if (action !== 'UploadPart') return undefined
      if (params.get('offset') === '0') return { status: 503, text: '' }
      return new Promise((resolve) => {
        letThrough = () => resolve(answer({ code: 0 }))
      })
    },
    {
      parallel: 2,
      sleep: async (ms: number) => {
        waits.push(ms)
        if (waits.length === 3 || waits.length === 6) letThrough()
        await new Promise(setImmediate)
      },
    },
  )
  expect(outcome).toMatchObject({ code: 'http', action: 'UploadPart' })
  expect(waits).toEqual([150, 300, 600, 150, 300, 600, 150, 300, 600, 1200, 2400, 4800, 5000])
  expect(service.calls.filter(({ params }) => params.get('offset') === '0')).toHaveLength(3 + 3 + 8)
})

test('the first part that fails for good ends the others, and its error is the one seen', async () => {
  const { service, outcome } = await run(
    ({ action, params }) => {
      if (action !== 'UploadPart') return undefined
      return params.get('offset') === '0' ? answer({ code: -4300, message: 'blocked' }) : { status: 503, text: '' }
    },
    { parallel: 2 },
  )
  expect(outcome).toMatchObject({ code: -4300, action: 'UploadPart', message: expect.stringContaining('operator') })
  expect(service.actions()).not.toContain('FinishUpload')
})

describe('a file that changes', () => {
  test('is told by its version before anything is sent', async () => {
    let versions = 0
    const service = memoryService()
    const changing = { ...source, version: async () => String(versions++) }
    const error = await rejection(upload(changing, optionsFor(service.transport)))
    expect(error).toMatchObject({ code: 'changed', message: expect.stringContaining('file changed') })
    expect(service.calls).toEqual([])
  })

  test('is told by its version before Finish', async () => {
    let version = 'one'
    const service = memoryService(({ action }) => {
      if (action === 'UploadPart') version = 'two'
      return undefined
    })
    const changing = { ...source, version: async () => version }
    const error = await rejection(upload(changing, optionsFor(service.transport)))
    expect(error).toMatchObject({ code: 'changed' })
    expect(service.actions()).not.toContain('FinishUpload')
  })

  test('and became shorter', async () => {
    const shrinking = { ...source, slice: async (start: number) => new Uint8Array(start === 0 ? 10 : 0) }
    expect(await rejection(upload(shrinking, optionsFor(memoryService().transport)))).toMatchObject({ code: 'changed' })
  })

  test('without any of this showing is told when Finish finds another SHA-1', async () => {
    const { outcome } = await run(({ action }) =>
      action === 'FinishUpload' ? answer({ code: -10006, message: 'other SHA-1' }) : undefined,
    )
    expect(outcome).toMatchObject({
      code: -10006,
      action: 'FinishUpload',
      message: expect.stringContaining('the file changed while it was read'),
    })
  })
})

test('a file that cannot be read says where, with its cause', async () => {
  const cause = new Error('EIO: i/o error')
  const broken = { size: 100, slice: () => Promise.reject(cause) }
  const error = await rejection(upload(broken, optionsFor(memoryService().transport)))
  expect(error).toMatchObject({ code: 'source', cause, message: 'the file cannot be read at byte 0: EIO: i/o error' })
})

test('a getSignature that fails or returns nothing is named', async () => {
  const { transport } = memoryService()
  const cause = new Error('not logged in')
  const failing = ugcCredentials(() => Promise.reject(cause))
  expect(await rejection(upload(source, optionsFor(transport, { credentials: failing })))).toMatchObject({
    code: 'signature',
    cause,
    message: 'getSignature failed: not logged in',
  })
  const empty = ugcCredentials(async () => '')
  expect(await rejection(upload(source, optionsFor(transport, { credentials: empty })))).toMatchObject({
    code: 'signature',
  })
})

test.each([
  [{ url: 'sluice.test' }, /url: expected http/],
  [{ url: 'ftp://sluice.test' }, /url: expected http/],
  [{ url: 'http://me:secret@sluice.test' }, /must not hold a password/],
  [{ dataSize: 1000 }, /dataSize: expected a whole number from 524288 to 1048576, found 1000/],
  [{ parallel: 0 }, /parallel: expected/],
  [{ file: { fileName: 'a/b', fileType: 'mp4' } }, /fileName: expected/],
  [{ file: { fileName: '', fileType: 'mp4' } }, /fileName: expected a name/],
  [{ file: { fileName: 'a', fileType: '.mp4' } }, /fileType: expected/],
])('wrong options are named before anything is read: %j', async (more, message) => {
  const untouched = { size: 1, slice: () => Promise.reject(new Error('it was read')) }
  const error = await rejection(upload(untouched, optionsFor(memoryService().transport, more)))
  expect(error).toMatchObject({ code: 'argument', message: expect.stringMatching(message) })
})

test('an empty file is refused', async () => {
  const empty = memorySource(new Uint8Array())
  const error = await rejection(upload(empty, optionsFor(memoryService().transport)))
  expect(error).toMatchObject({ code: 'argument', message: expect.stringContaining('empty') })
})

test('credentials of another app say what to check', async () => {
  const { outcome } = await run(() => answer({ code: -10002, codeDesc: '4100', message: 'signature mismatch' }), {
    credentials: credentials.server,
  })
  expect(outcome.message).toMatch(
    /^InitUpload was refused: signature mismatch \(-10002, 4100\); check SecretId and SecretKey, and .*SLUICE_PUBLIC_HOSTS/,
  )
})
