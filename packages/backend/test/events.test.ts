import { type AppEvent, createBackend, type EventsOptions, eventKey } from '@sluice/backend'
import { openSqlite } from '@sluice/server'
import { describe, expect, expectTypeOf, it, onTestFinished } from 'vitest'
import {
  keyPair,
  sampleFile,
  startTestService,
  type TestService,
  uploadWhole,
} from '../../server/test/support/service.ts'
import { done, failed, type MetCall, type Reply, rejection, startScript } from './scripted-service.ts'

const backendOf = ({ url, now }: TestService) => createBackend({ url, ...keyPair, clock: now })

/** Uploads small files; returns their ids. */
async function uploadFiles(service: TestService, count: number, firstSeed = 1): Promise<string[]> {
  const fileIds: string[] = []
  for (let seed = firstSeed; seed < firstSeed + count; seed++) {
    fileIds.push((await uploadWhole(service, sampleFile(1_000, seed))).fileId ?? '')
  }
  return fileIds
}

/** How many events of a service are not confirmed, as another process sees it. */
async function countQueued({ directory }: TestService): Promise<number> {
  const metadata = await openSqlite(directory)
  const queued = await metadata.countQueued()
  await metadata.close()
  return queued.reduce((sum, { count }) => sum + count, 0)
}

/** The keys of the first so many events, each handled by `handle`; then the loop is aborted, and so comes back for more. */
async function firstEvents(
  service: TestService,
  count: number,
  handle: (event: AppEvent) => unknown = () => {},
  options: EventsOptions = {},
): Promise<string[]> {
  const abort = new AbortController()
  const seen: string[] = []
  for await (const event of backendOf(service).events({ ...options, signal: abort.signal })) {
    seen.push(eventKey(event))
    await handle(event)
    if (seen.length === count) abort.abort()
  }
  return seen
}

const keysOf = (fileIds: readonly string[]) => fileIds.map((fileId) => `NewFileUpload:${fileId}`)

describe('events of a service', () => {
  it('come in order, are of the types there are, and are confirmed', async () => {
    const service = await startTestService()
    const fileIds = await uploadFiles(service, 20)
    await backendOf(service).call('DeleteVodFile', { fileId: fileIds[0] ?? '', priority: 0 })
    const names: unknown[] = []
    const seen = await firstEvents(service, 21, (event) => {
      if (event.eventType === 'NewFileUpload') {
        expectTypeOf(event.data.fileSize).toEqualTypeOf<number>()
        names.push(event.data.fileName)
      } else if (event.eventType === 'FileDeleted') names.push(event.data.fileInfo)
    })
    expect(seen).toEqual([...keysOf(fileIds), `FileDeleted:${fileIds[0]}`])
    expect(names).toEqual([...Array(20).fill('my video'), [{ fileId: fileIds[0] }]])
    expect(await countQueued(service)).toBe(0)
  })

  it('are waited for', async () => {
    const service = await startTestService()
    const events = backendOf(service).events()
    const next = events.next()
    const fileIds = await uploadFiles(service, 1)
    const { value } = await next
    expect(value && eventKey(value)).toBe(keysOf(fileIds)[0])
    await events.return()
  })

  it('that are left by break or by an error come again, those before them do not', async () => {
    const service = await startTestService()
    const fileIds = await uploadFiles(service, 3)
    const seen: string[] = []
    for await (const event of backendOf(service).events()) {
      seen.push(eventKey(event))
      if (seen.length === 2) break
    }
    expect(await countQueued(service)).toBe(2)
    service.advance(30_000)
    const oops = new Error('the handler failed')
    const failing = firstEvents(service, 1, () => {
      throw oops
    })
    expect(await rejection(failing)).toBe(oops)
    service.advance(30_000)
    seen.push(...(await firstEvents(service, 2)))
    expect(seen).toEqual(keysOf([fileIds[0], fileIds[1], fileIds[1], fileIds[2]] as string[]))
    expect(await countQueued(service)).toBe(0)
  })

  it('whose handling outlives the handle are handled once all the same, and those behind them come again', async () => {
    const service = await startTestService({}, { frozen: true })
    const fileIds = await uploadFiles(service, 3)
    const troubles: unknown[] = []
    let pending = 1
    const seen = await firstEvents(service, 3, () => pending-- > 0 && service.advance(31_000), {
      onTrouble: (trouble) => troubles.push(trouble),
    })
    expect(seen).toEqual(keysOf(fileIds))
    expect(await countQueued(service)).toBe(0)
    expect(troubles).toEqual([expect.objectContaining({ action: 'ConfirmEvent', code: 4000 })])
  })

  it('are not to be pulled from an app that has them sent: the loop says so', async () => {
    const service = await startTestService({ SLUICE_EVENT_MODE: 'off' })
    expect(await rejection(firstEvents(service, 1))).toMatchObject({ code: 4300, action: 'PullEvent' })
  })

  it('end at once when aborted before', async () => {
    const service = await startTestService()
    await uploadFiles(service, 1)
    for await (const _ of backendOf(service).events({ signal: AbortSignal.abort() })) throw new Error('an event')
    expect(await countQueued(service)).toBe(1)
  })

  it('can be handled several at a time; what failed comes again', async () => {
    const service = await startTestService()
    const fileIds = await uploadFiles(service, 8)
    const abort = new AbortController()
    const handled: string[] = []
    const failures: unknown[] = []
    let underWay = 0
    let most = 0
    const open = Promise.withResolvers<void>()
    const running = backendOf(service).handleEvents(
      async (event) => {
        most = Math.max(most, ++underWay)
        if (underWay === 3) open.resolve()
        await open.promise
        underWay--
        if (eventKey(event) === keysOf(fileIds)[4] && failures.length === 0) throw new Error('the handler failed')
        handled.push(eventKey(event))
        if (handled.length === 7) service.advance(30_000)
        if (handled.length === 8) abort.abort()
      },
      {
        concurrency: 3,
        signal: abort.signal,
        // Some confirmations come too late, as the clock moves.
        onTrouble: (trouble, event) => event && failures.push([String(trouble), eventKey(event)]),
      },
    )
    await running
    expect(most).toBe(3)
    expect(handled.toSorted()).toEqual(keysOf(fileIds).toSorted())
    expect(failures).toEqual([['Error: the handler failed', keysOf(fileIds)[4]]])
    expect(await countQueued(service)).toBe(0)
  })

  it('go on after the service was away', async () => {
    const service = await startTestService()
    const { port } = new URL(service.url)
    const fileIds = await uploadFiles(service, 1)
    await service.close()
    let back: Promise<TestService> | undefined
    const seen = await firstEvents(service, 1, () => {}, {
      onTrouble: () => {
        back ??= service.restart({ SLUICE_PORT: port })
      },
    })
    expect(seen).toEqual(keysOf(fileIds))
    await back
  })
})

const event = (fileId: string) => ({ version: '4.0', eventType: 'NewFileUpload', data: { fileId } })
const given = (...pairs: readonly (readonly [handle: string, fileId: string])[]) =>
  done({ eventList: pairs.map(([msgHandle, fileId]) => ({ msgHandle, eventContent: event(fileId) })) })

/** Runs the loop against a script of PullEvents until there is no more of it; says what was yielded and confirmed. */
async function play(pulls: readonly Reply[], confirm: (call: MetCall) => Reply = () => done()) {
  const abort = new AbortController()
  let pulled = 0
  const confirmed: string[][] = []
  const troubles: unknown[] = []
  const script = await startScript((call) => {
    if (call.action === 'ConfirmEvent') {
      confirmed.push([...call.params].filter(([name]) => name.startsWith('msgHandle.')).map(([, handle]) => handle))
      return confirm(call)
    }
    const reply = pulls[pulled++]
    if (reply === undefined) abort.abort()
    return reply ?? 'silence'
  })
  const seen: string[] = []
  const onTrouble = (trouble: unknown) => troubles.push(trouble)
  const run = async () => {
    for await (const one of script.backend.events({ signal: abort.signal, onTrouble })) seen.push(eventKey(one))
  }
  const outcome = await run().then(
    () => 'ended',
    (error: unknown) => error,
  )
  return { seen, confirmed, troubles, outcome, slept: script.slept, calls: script.calls }
}

describe('the loop', () => {
  it('waits longer and longer while the service is away, and begins anew when it is back', async () => {
    const away: Reply[] = ['reset', 503, failed(6200), failed(4400), failed(1001), 'reset', 'reset', 'reset']
    const { seen, slept, troubles, outcome } = await play([...away, given(['a', '1']), 'reset'])
    expect(seen).toEqual(['NewFileUpload:1'])
    expect(slept).toEqual([150, 300, 600, 1_200, 2_400, 4_800, 5_000, 5_000, 150])
    expect(troubles).toHaveLength(9)
    expect(outcome).toBe('ended')
    expect((await play(['reset', 'reset', given(), 'reset'])).slept).toEqual([150, 300, 500, 150])
  })

  it.each([
    ['4100', failed(4100), 4100],
    ['4300', failed(4300), 4300],
    ['HTTP 404', 404, 'http'],
    ['a page', '<html>', 'answer'],
    ['no list', done(), 'answer'],
    ['no handle', done({ eventList: [{ eventContent: event('1') }] }), 'answer'],
    ['no event', done({ eventList: [{ msgHandle: 'a', eventContent: 'text' }] }), 'answer'],
    ['nothing', done({ eventList: [null] }), 'answer'],
  ] as const)('ends with an error when asking again is no use: %s', async (_, reply, code) => {
    const { seen, confirmed, outcome } = await play([given(['a', '1']), reply])
    expect(outcome).toMatchObject({ name: 'BackendError', action: 'PullEvent', code })
    expect(seen).toEqual(['NewFileUpload:1'])
    expect(confirmed, 'what was done is confirmed all the same').toEqual([['a']])
  })

  it('does not ask a service without pause that answers at once with nothing', async () => {
    const { slept, outcome } = await play([given(), given(), given(), given(['a', '1'])])
    expect(slept).toEqual([500, 500, 500])
    expect(outcome).toBe('ended')
  })

  it('confirms many events with few calls, each event once', async () => {
    const pages = Array.from({ length: 10 }, (_, page) =>
      given(...Array.from({ length: 16 }, (_, n) => [`h${page}.${n}`, `${page * 16 + n + 1}`] as const)),
    )
    const { seen, confirmed } = await play(pages)
    expect(seen).toHaveLength(160)
    expect(confirmed.length).toBeLessThan(20)
    expect(Math.max(...confirmed.map((handles) => handles.length))).toBeLessThanOrEqual(100)
    const handles = confirmed.flat()
    expect(new Set(handles).size).toBe(160)
    expect(handles).toHaveLength(160)
  })

  it('tries a confirmation again, and confirms it when the event comes again if that was no use', async () => {
    const twice = await play([given(['a', '1'])], ({ nth }) => (nth < 3 ? 'reset' : done()))
    expect(twice.confirmed).toEqual([['a'], ['a']])
    expect(twice.troubles).toEqual([])

    const confirmations: string[][] = []
    const lost = await play([given(['a', '1']), given(['b', '1'], ['c', '2']), given(['d', '3'])], (call) => {
      const handles = [...call.params].filter(([name]) => name.startsWith('msgHandle.')).map(([, handle]) => handle)
      confirmations.push(handles)
      return handles.includes('a') ? failed(4000) : done()
    })
    expect(lost.seen, 'the first was handled already').toEqual([
      'NewFileUpload:1',
      'NewFileUpload:2',
      'NewFileUpload:3',
    ])
    expect(confirmations.flat()).toEqual(expect.arrayContaining(['a', 'b', 'c', 'd']))
    expect(lost.troubles).toEqual([expect.objectContaining({ code: 4000 })])
  })

  it('knows which of several confirmations came too late', async () => {
    const abort = new AbortController()
    const settled = Promise.withResolvers<void>()
    let pulls = 0
    const { backend } = await startScript(async ({ action, params }) => {
      if (action === 'PullEvent') {
        if (pulls++ === 0) return given(['a', '1'], ['b', '2'])
        await settled.promise
        return pulls === 2 ? given(['c', '1'], ['d', '2']) : given(['e', '3'])
      }
      return [...params.values()].includes('b') ? failed(4000) : done()
    })
    const seen: string[] = []
    // Trouble is the second of both alone, when the first has been confirmed.
    for await (const one of backend.events({ signal: abort.signal, onTrouble: () => settled.resolve() })) {
      if (seen.push(eventKey(one)) === 3) abort.abort()
    }
    expect(seen).toEqual(['NewFileUpload:1', 'NewFileUpload:2', 'NewFileUpload:1'])
  })

  it('ends only when a confirmation under way has been answered', async () => {
    const abort = new AbortController()
    let isAnswered = false
    const { backend } = await startScript(async ({ action, nth }) => {
      if (action === 'PullEvent') return nth === 0 ? given(['a', '1']) : 'silence'
      abort.abort()
      for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
      isAnswered = true
      return done()
    })
    for await (const _ of backend.events({ signal: abort.signal }));
    expect(isAnswered).toBe(true)
  })

  it('hands out an event that is replayed after it was confirmed', async () => {
    const abort = new AbortController()
    const confirmed = Promise.withResolvers<void>()
    let pulls = 0
    const { backend } = await startScript(async ({ action }) => {
      if (action === 'ConfirmEvent') {
        setImmediate(confirmed.resolve)
        return done()
      }
      if (pulls++ === 0) return given(['a', '1'])
      await confirmed.promise
      return given(['b', '1'])
    })
    let seen = 0
    for await (const _ of backend.events({ signal: abort.signal })) if (++seen === 2) abort.abort()
    expect(seen).toBe(2)
  })

  it('does not hand out an event that comes again while it is being handled', async () => {
    const abort = new AbortController()
    const thirdPull = Promise.withResolvers<void>()
    const confirmed: string[] = []
    let pulls = 0
    const { backend } = await startScript(({ action, params }) => {
      if (action === 'ConfirmEvent') {
        const handle = params.get('msgHandle.0') ?? ''
        if (handle !== 'a') abort.abort()
        confirmed.push(handle)
        return handle === 'a' ? failed(4000) : done()
      }
      pulls++
      if (pulls === 3) thirdPull.resolve()
      return pulls === 1 ? given(['a', '1']) : pulls === 2 ? given(['b', '1']) : given(['c', '1'])
    })
    const seen: string[] = []
    await backend.handleEvents(
      async (one) => {
        seen.push(eventKey(one))
        await thirdPull.promise
      },
      { concurrency: 2, signal: abort.signal, onTrouble: () => {} },
    )
    expect(seen).toEqual(['NewFileUpload:1'])
    expect(confirmed).not.toContain('b')
  })

  it('is not run by nobody', async () => {
    const { backend } = await startScript(() => done())
    const running = backend.handleEvents(() => {}, { concurrency: 0 })
    expect(await rejection(running)).toMatchObject({ code: 'argument' })
  })

  it('warns when nobody listens to trouble', async () => {
    const warned = new Promise<Error>((resolve) => process.once('warning', resolve))
    const abort = new AbortController()
    onTestFinished(() => abort.abort())
    const { backend } = await startScript(({ nth }) => (nth === 0 ? 503 : 'silence'))
    const ended = backend.events({ signal: abort.signal }).next()
    expect((await warned).message).toContain('PullEvent was answered HTTP 503')
    abort.abort()
    expect((await ended).done).toBe(true)
  })
})
