import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Action, type ActionName, actions, limits } from '@sluice/protocol'
import { describe, expect, it } from 'vitest'
import { documentedRates, unlimited } from '../src/auth/rate-limits.ts'
import { done, failed } from './support/answers.ts'
import { queryOf } from './support/raw-call.ts'
import { callServer, initParams, sampleFile, startTestService } from './support/service.ts'
import { callVod, vodFailed } from './support/vod-calls.ts'
import { openWire } from './support/wire.ts'

const never = new AbortController().signal
const refused = { code: -4400, canRetry: 1, codeDesc: '4400' }

const rateOf = (action: ActionName) => (actions[action] as Action).rate

/** Takes calls at once, and says what came of those that are settled by now. */
async function take(calls: Promise<void>[]): Promise<{ passed: number; waiting: number; refused: unknown[] }> {
  const outcomes = { passed: 0, waiting: calls.length, refused: [] as unknown[] }
  for (const call of calls) {
    call.then(
      () => {
        outcomes.passed++
        outcomes.waiting--
      },
      (error: unknown) => {
        outcomes.refused.push(error)
        outcomes.waiting--
      },
    )
  }
  await nextTurn()
  return { ...outcomes, refused: [...outcomes.refused] }
}

describe('the documented rates', () => {
  it('let the calls of a minute through at once, then have calls wait, then refuse', async () => {
    const rates = documentedRates(() => 0)
    const given = new AbortController()
    const calls = Array.from({ length: 120 }, () => rates(1, actions.InitUpload.rate, given.signal))
    const outcomes = await take(calls)
    // A call waits up to ten seconds; one comes due every 600 ms.
    expect(outcomes).toMatchObject({ passed: 100, waiting: 16 })
    expect(outcomes.refused).toEqual(Array.from({ length: 4 }, () => expect.objectContaining(refused)))
    given.abort()
    await Promise.allSettled(calls)
  })

  it('have a call wait just as long as it is too early', async () => {
    let now = 0
    const rates = documentedRates(() => now)
    for (let call = 0; call < 100; call++) await rates(1, actions.InitUpload.rate, never)
    now = 580
    const askedAt = performance.now()
    await rates(1, actions.InitUpload.rate, never)
    expect(performance.now() - askedAt).toBeGreaterThan(18)
  })

  it('come back as time goes by', async () => {
    let now = 0
    const rates = documentedRates(() => now)
    for (let call = 0; call < 100; call++) await rates(1, actions.FinishUpload.rate, never)
    const given = new AbortController()
    const times = (count: number) =>
      Array.from({ length: count }, () => rates(1, actions.FinishUpload.rate, given.signal))
    now = 30_000
    const half = times(51)
    expect(await take(half)).toEqual({ passed: 50, waiting: 1, refused: [] })
    now = 120_000
    const calls = [...half, ...times(101)]
    expect(await take(calls)).toEqual({ passed: 150, waiting: 2, refused: [] })
    given.abort()
    await Promise.allSettled(calls)
  })

  it('count each app and each kind of call by itself, both families together', async () => {
    const rates = documentedRates(() => 0)
    const given = new AbortController()
    const times = (count: number, appId: number, action: ActionName) =>
      Array.from({ length: count }, () => rates(appId, rateOf(action), given.signal))
    const all = [
      ...times(60, 1, 'InitUpload'),
      ...times(40, 1, 'InitUploadEx'),
      ...times(100, 2, 'InitUpload'),
      ...times(50, 1, 'FinishUpload'),
      ...times(50, 1, 'FinishUploadEx'),
      ...times(limits.partsPerMinute / 2, 1, 'UploadPart'),
      ...times(limits.partsPerMinute / 2, 1, 'UploadPartEx'),
      ...times(500, 1, 'Report'),
    ]
    expect(await take(all)).toMatchObject({ passed: all.length, waiting: 0 })
    const more = (['InitUploadEx', 'SmallFileUpload', 'FinishUpload', 'UploadPart'] as const).flatMap((action) =>
      times(1, 1, action),
    )
    expect(await take(more)).toEqual({ passed: 0, waiting: 4, refused: [] })
    given.abort()
    await Promise.allSettled(more)
  })

  it('let go of a call whose client hangs up', async () => {
    const rates = documentedRates(() => 0)
    for (let call = 0; call < 100; call++) await rates(1, actions.InitUpload.rate, never)
    const client = new AbortController()
    const waiting = rates(1, actions.InitUpload.rate, client.signal)
    client.abort()
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' })
  })
})

it('without limits every call passes', async () => {
  const calls = Array.from({ length: 500 }, () => unlimited(1, actions.InitUpload.rate, never))
  expect(await take(calls)).toMatchObject({ passed: 500 })
})

describe('a service with the documented rates', () => {
  const file = sampleFile(1_000)
  const isNew = done({ dataSize: 524_288 })

  /** A service with a minute's worth of calls behind it. */
  async function busyService() {
    const service = await startTestService({ SLUICE_RATE_LIMITS: 'documented', SLUICE_DRAIN_TIMEOUT: '1ms' })
    const init = () => callServer(service, 'InitUpload', initParams(file))
    expect(await Promise.all(Array.from({ length: 100 }, init))).toEqual(Array.from({ length: 100 }, () => isNew))
    return { service, init }
  }

  it('delays a call', async () => {
    const startedAt = performance.now()
    const { init } = await busyService()
    expect(await init()).toEqual(isNew)
    expect(performance.now() - startedAt).toBeGreaterThan(590)
  })

  it('refuses a call, to be repeated, when too many are delayed', async () => {
    const { service, init } = await busyService()
    const target = `/v3/index.php?${queryOf(service, 'InitUpload', initParams(file))}`
    const headers = [`Host: ${new URL(service.url).host}`, 'Content-Length: 1', 'Expect: 100-continue']
    const head = [`POST ${target} HTTP/1.1`, ...headers, '', ''].join('\r\n')
    // Calls that are told to go on, and then wait for their turn until their client hangs up.
    const wires = await Promise.all(Array.from({ length: 60 }, () => openWire(service)))
    for (const wire of wires) {
      await wire.send(head)
      expect((await wire.response()).status).toBe(100)
    }
    expect(await Promise.race([init(), init()])).toEqual({ ...failed(-4400, 1), codeDesc: '4400' })
    for (const wire of wires) wire.hangUp()
  })
})

describe('the management API with the documented rates', () => {
  it('lets a hundred calls of an action through, delays more, and refuses when too many wait', async () => {
    const service = await startTestService({ SLUICE_RATE_LIMITS: 'documented', SLUICE_DRAIN_TIMEOUT: '1ms' })
    const call = () => callVod(service, 'DescribeClass')
    const passed = await Promise.all(Array.from({ length: 100 }, call))
    expect(passed.filter(({ code }) => code === 0)).toHaveLength(100)
    // Sixteen wait for up to ten seconds; what came after them is refused at once.
    const more = Array.from({ length: 18 }, () => call().catch(() => 'cut off'))
    expect(await Promise.race(more)).toEqual(vodFailed(4400))
    expect((await callVod(service, 'DescribeAllClass')).code, 'another action has a count of its own').toBe(0)
  })
})
