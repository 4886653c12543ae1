import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { BackendError, createBackend, type VodCalls } from '@sluice/backend'
import { describe, expect, it } from 'vitest'
import { done, failed, keys, type Reply, rejection, startScript } from './scripted-service.ts'

const reading = { action: 'GetVideoInfo', params: { fileId: '1' } } as const
const repeatable = { action: 'ModifyVodInfo', params: { fileId: '1', fileName: 'a' } } as const
const once1 = { action: 'CreateClass', params: { className: 'films' } } as const
type Made = typeof reading | typeof repeatable | typeof once1

/** Makes a call to a service that fails twice so, then succeeds; says how often it was called and what came of it. */
async function meet(reply: Reply, { action, params }: Made) {
  const { backend, calls } = await startScript(({ nth }) => (nth < 2 ? reply : done()))
  const outcome = await backend.call<Made['action']>(action, params as VodCalls[Made['action']]['params']).then(
    () => 'done',
    (error: BackendError) => error.code,
  )
  return { outcome, calls: calls.length }
}

describe('a call that failed', () => {
  it.each([
    ['a connection that breaks', 'reset', 'network'],
    ['HTTP 502', 502, 'http'],
    ['HTTP 429', 429, 'http'],
    ['1001', failed(1001), 1001],
    ['6000', failed(6000), 6000],
  ] as const)('may have been done: made again unless that matters: %s', async (_, reply, code) => {
    expect(await meet(reply, reading)).toEqual({ outcome: 'done', calls: 3 })
    expect(await meet(reply, repeatable)).toEqual({ outcome: 'done', calls: 3 })
    expect(await meet(reply, once1)).toEqual({ outcome: code, calls: 1 })
  })

  it.each([4400, 6200])('was not done: made again whatever it is: %i', async (code) => {
    for (const made of [reading, repeatable, once1]) {
      expect(await meet(failed(code), made)).toEqual({ outcome: 'done', calls: 3 })
    }
  })

  it.each([
    ['4000', failed(4000), 4000],
    ['4100', failed(4100), 4100],
    ['4500', failed(4500), 4500],
    ['10008', failed(10_008), 10_008],
    ['HTTP 404', 404, 'http'],
    ['a redirect', 302, 'http'],
    ['a page', '<html>', 'answer'],
    ['null', 'null', 'answer'],
    ['no code', { message: 'hello' }, 'answer'],
  ] as const)('is not made again when that is no use: %s', async (_, reply, code) => {
    for (const made of [reading, once1]) expect(await meet(reply, made)).toEqual({ outcome: code, calls: 1 })
  })

  it('is made again, whatever it is, when there was no connection', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const { port } = taken.address() as AddressInfo
    taken.close()
    await once(taken, 'close')
    const slept: number[] = []
    const backend = createBackend({
      ...{ ...keys, url: `http://127.0.0.1:${port}`, random: () => 0.5 },
      sleep: async (ms) => void slept.push(ms),
    })
    const error = await rejection(backend.call('CreateClass', { className: 'films' }))
    expect(error).toBeInstanceOf(BackendError)
    expect(error).toMatchObject({ code: 'network', action: 'CreateClass', canRetry: true, mayBeDone: false })
    expect((error as Error).message).toBe(
      `CreateClass got no answer from 127.0.0.1:${port}: connect ECONNREFUSED 127.0.0.1:${port}`,
    )
    expect(slept).toEqual([150, 300, 600])
  })

  it('is given up after so many attempts', async () => {
    const { backend, calls } = await startScript(() => 503)
    const error = await rejection(backend.call('DescribeClass', {}, { attempts: 2 }))
    expect(error).toMatchObject({ code: 'http', canRetry: true, mayBeDone: true })
    expect(calls).toHaveLength(2)
  })

  it('says what the service said', async () => {
    const { backend } = await startScript(() => ({
      code: 10_008,
      message: 'there is no file 1',
      codeDesc: 'FileNotFound',
    }))
    expect(await rejection(backend.call('GetVideoInfo', { fileId: '1' }))).toMatchObject({
      ...{ name: 'BackendError', action: 'GetVideoInfo', code: 10_008, codeDesc: 'FileNotFound' },
      ...{ canRetry: false, mayBeDone: false },
      message: 'GetVideoInfo was refused: there is no file 1 (10008, FileNotFound)',
    })
  })
})

it('every attempt is signed anew, with a Nonce and a time of its own', async () => {
  let now = 1_490_000_000_000
  const { calls, options } = await startScript(({ nth }) => (nth < 3 ? failed(6200) : done()))
  const backend = createBackend({
    ...options,
    clock: () => now,
    sleep: async () => {
      now += 1_000
    },
  })
  await backend.call('DescribeClass', {})
  const all = (name: string) => calls.map(({ params }) => params.get(name))
  expect(all('Timestamp')).toEqual(['1490000000', '1490000001', '1490000002', '1490000003'])
  expect(new Set(all('Nonce')).size).toBe(4)
  expect(new Set(all('Signature')).size).toBe(4)
})

it('parameters arrive as they were given, whatever is in them', async () => {
  const { backend, calls } = await startScript(() => done())
  const fileIntro = 'a&b=c+d %41\n"中文" 😀 _~'
  await backend.call('ModifyVodInfo', { fileId: '1', fileIntro, expireTimeStamp: -1 })
  await backend.call('DeleteVodTags', { fileId: '1', tags: ['a b', '@c'] })
  expect(calls[0]?.params.get('fileIntro')).toBe(fileIntro)
  expect(calls[0]?.params.get('expireTimeStamp')).toBe('-1')
  expect([calls[1]?.params.get('tags.0'), calls[1]?.params.get('tags.1')]).toEqual(['a b', '@c'])
})

it('another name than that of the address can be signed', async () => {
  const { backend, calls } = await startScript(() => done(), 'vod.example.com')
  await backend.call('DescribeClass', {})
  expect(calls).toHaveLength(1)
})

it('a service that is silent is given up after the time limit', async () => {
  const { backend } = await startScript(() => 'silence')
  const error = await rejection(backend.call('CreateClass', { className: 'films' }, { timeoutMs: 30 }))
  expect(error).toMatchObject({ code: 'network', canRetry: true, mayBeDone: true })
  expect((error as Error).message).toContain('nothing within 30 ms')
})

describe('an abort', () => {
  const reason = new Error('not wanted any more')

  it('ends a call under way, which rejects with its reason', async () => {
    const abort = new AbortController()
    const { backend, calls } = await startScript(() => {
      abort.abort(reason)
      return 'silence'
    })
    const made = backend.call('CreateClass', { className: 'films' }, { signal: abort.signal })
    expect(await rejection(made)).toBe(reason)
    expect(calls).toHaveLength(1)
  })

  it('ends the wait for another attempt', async () => {
    const abort = new AbortController()
    const { options, calls } = await startScript(() => {
      setImmediate(() => abort.abort(reason))
      return failed(6200)
    })
    const { sleep: _, ...real } = { ...options, random: () => 1 - 2 ** -32 }
    const backend = createBackend({ ...real, timeoutMs: 60_000 })
    expect(await rejection(backend.call('DescribeClass', {}, { signal: abort.signal }))).toBe(reason)
    expect(calls).toHaveLength(1)
  })

  it('that came before keeps the call from being made', async () => {
    const { backend, calls } = await startScript(() => done())
    expect(await rejection(backend.call('DescribeClass', {}, { signal: AbortSignal.abort(reason) }))).toBe(reason)
    expect(calls).toEqual([])
  })
})

it.each([
  ['url', { url: 'example.com' }],
  ['url', { url: 'ftp://example.com' }],
  ['password', { url: 'http://a:b@example.com' }],
  ['secretId', { secretId: '' }],
  ['secretKey', { secretKey: '' }],
  ['timeoutMs', { timeoutMs: 0 }],
])('an option that is wrong is named: %s', (name, wrong) => {
  const make = () => createBackend({ url: 'http://example.com', ...keys, ...wrong })
  expect(make).toThrow(expect.objectContaining({ code: 'argument', message: expect.stringContaining(name) }))
})
