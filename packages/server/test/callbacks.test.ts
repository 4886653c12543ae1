import { createHmac } from 'node:crypto'
import { join } from 'node:path'
import SQLite from 'better-sqlite3'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type FailedSends, nextSend } from '../src/events/callback-policy.ts'
import { DeliverCallbacks } from '../src/events/deliver-callbacks.ts'
import { eventSettingsBy } from '../src/events/event-settings.ts'
import { PullEvents } from '../src/events/pull-events.ts'
import { lookOnce } from '../src/events/watch-events.ts'
import type { App } from '../src/metadata/metadata.ts'
import { openSqlite } from '../src/metadata/sqlite.ts'
import { createLog } from '../src/observe/log.ts'
import { changeAppSettings } from '../src/settings/app-settings.ts'
import { type Received, startReceiver } from './support/receiver.ts'
import { firstApp } from './support/records.ts'
import { sampleFile, startTestService, temporaryDirectory, uploadWhole } from './support/service.ts'

const { appId } = firstApp

/** A store with apps, and the deliverer on it; time passes when it is told to. */
async function openWorld({
  url,
  allowPrivate = true,
  timeoutMs = 60_000,
  settings = {},
}: {
  url?: string
  allowPrivate?: boolean
  timeoutMs?: number
  settings?: Record<string, string>
}) {
  const directory = await temporaryDirectory()
  const metadata = await openSqlite(directory)
  onTestFinished(() => metadata.close())
  const db = new SQLite(join(directory, 'sluice.db'))
  onTestFinished(() => void db.close())
  await metadata.addApp({ ...firstApp, settings: { ...(url !== undefined && { callbackUrl: url }), ...settings } })
  let time = 50_000
  const now = () => time
  const log = createLog('silent')
  const operator = { appId, mode: 'callback', url: undefined, allowPrivate } as const
  const deliverer = () =>
    new DeliverCallbacks({
      ...{ metadata, settingsOf: eventSettingsBy(operator), now, log, random: () => 1, timeoutMs, onSent: () => {} },
    })
  const callbacks = deliverer()
  onTestFinished(() => callbacks.close())
  const pulls = new PullEvents({ metadata, now, onPulled: () => {} })
  const look = () => lookOnce({ metadata, pulls, callbacks, now })
  const insert = db.prepare('insert into events (appId, fileId, eventType, content, createdAt) values (?, ?, ?, ?, ?)')
  return {
    metadata,
    callbacks,
    now,
    advance: (ms: number) => {
      time += ms
    },
    record: (fileId: string, eventType = 'NewFileUpload', app = appId) =>
      Number(insert.run(app, fileId, eventType, JSON.stringify({ eventType, data: { fileId } }), time).lastInsertRowid),
    look,
    /** Looks, and waits until an event has been sent so often. */
    async sent(eventId: number, sends: number) {
      await look()
      const progress = async () => (await metadata.findEvent(eventId))?.sends
      await expect.poll(progress, { interval: 5, timeout: 10_000 }).toBe(sends)
      return metadata.findEvent(eventId)
    },
    outcomes: async (eventId: number) => (await metadata.listAttempts(eventId)).map(({ outcome }) => outcome),
  }
}

describe('a callback', () => {
  it('is the event in a POST, with its id and its attempt', async () => {
    const { url, received } = await startReceiver()
    const world = await openWorld({ url: `${url}?from=sluice&x=%20` })
    const eventId = world.record('1')
    expect(await world.sent(eventId, 1)).toMatchObject({ state: 'delivered', settledAt: 50_000, firstSentAt: 50_000 })
    const { method, path, headers, body } = received[0] as Received
    expect([method, path, body]).toEqual([
      'POST',
      '/events?from=sluice&x=%20',
      '{"eventType":"NewFileUpload","data":{"fileId":"1"}}',
    ])
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'x-sluice-event-id': String(eventId),
      'x-sluice-attempt': '1',
    })
    expect(headers['x-sluice-signature']).toBeUndefined()
    expect(await world.outcomes(eventId)).toEqual(['status 200'])
    expect(received).toHaveLength(1)
  })

  it('is signed by each of the secrets, the newest first', async () => {
    const { url, received } = await startReceiver()
    const secrets = ['new secret of ours'.replaceAll(' ', '-'), 'old-secret-of-ours']
    const world = await openWorld({ url, settings: { callbackSecret: secrets.join(',') } })
    await world.sent(world.record('1'), 1)
    const proofs = secrets.map((secret) => createHmac('sha256', secret).update(`50.${received[0]?.body}`).digest('hex'))
    expect(received[0]?.headers['x-sluice-signature']).toBe(`t=50,v1=${proofs[0]},v1=${proofs[1]}`)
  })

  it.each([204, 302, 404, 500])('is delivered by any answer, such as %i', async (status) => {
    const target = await startReceiver()
    const { url, received } = await startReceiver((response) =>
      response.writeHead(status, { Location: target.url }).end(),
    )
    const world = await openWorld({ url })
    const eventId = world.record('1')
    expect(await world.sent(eventId, 1)).toMatchObject({ state: 'delivered' })
    expect(await world.outcomes(eventId)).toEqual([`status ${status}`])
    expect([received.length, target.received.length]).toEqual([1, 0])
  })

  it('is delivered by the head of an answer whose body never ends', async () => {
    const { url } = await startReceiver((response) => response.writeHead(200).write('a'))
    const world = await openWorld({ url })
    expect(await world.sent(world.record('1'), 1)).toMatchObject({ state: 'delivered' })
  })

  it('is sent again for a status other than 2xx when that is asked for', async () => {
    let status = 500
    const { url } = await startReceiver((response) => response.writeHead(status).end())
    const world = await openWorld({ url, settings: { retryOnHttpError: 'on' } })
    const eventId = world.record('1')
    expect(await world.sent(eventId, 1)).toMatchObject({ state: 'queued', dueAt: 51_000 })
    status = 201
    world.advance(1_000)
    expect(await world.sent(eventId, 2)).toMatchObject({ state: 'delivered' })
    expect(await world.outcomes(eventId)).toEqual(['status 500', 'status 201'])
  })

  const unanswered = {
    hangs: [() => startReceiver(() => {}), 'no answer in 0.1 s'],
    'answers too slowly': [
      () => startReceiver((response) => void setTimeout(() => response.end(), 1_000).unref()),
      'no answer in 0.1 s',
    ],
    'sends half of a head': [
      () => startReceiver((response) => response.socket?.write('HTTP/1.1 200 O')),
      'no answer in 0.1 s',
    ],
    resets: [() => startReceiver((response) => response.socket?.resetAndDestroy()), 'connection reset'],
    'hangs up': [() => startReceiver((response) => response.socket?.destroy()), 'connection reset'],
    refuses: [async () => ({ url: 'http://127.0.0.1:1/', received: [] }), 'connection refused'],
  } as const

  it.each(Object.entries(unanswered))(
    'to a receiver that %s is sent three times and kept',
    async (_, [start, reason]) => {
      const { url, received } = await start()
      const world = await openWorld({ url, timeoutMs: 100 })
      const eventId = world.record('1')
      expect(await world.sent(eventId, 1)).toMatchObject({ state: 'queued', dueAt: 51_000 })
      world.advance(999)
      await world.look()
      world.advance(1)
      expect(await world.sent(eventId, 2)).toMatchObject({ state: 'queued', dueAt: 56_000 })
      world.advance(5_000)
      expect(await world.sent(eventId, 3)).toMatchObject({ state: 'dead', firstSentAt: 50_000 })
      expect(await world.outcomes(eventId)).toEqual([reason, reason, reason])
      if (received.length > 0) {
        expect(received.map(({ headers }) => headers['x-sluice-attempt'])).toEqual(['1', '2', '3'])
        expect(new Set(received.map(({ headers }) => headers['x-sluice-event-id']))).toEqual(new Set([String(eventId)]))
      }
    },
  )

  it.each([
    'http://127.0.0.1',
    'http://localhost',
    'http://[::1]',
    'http://[::ffff:127.0.0.1]',
    'http://169.254.169.254',
  ])('goes nowhere near this machine: %s', async (origin) => {
    const { url, received } = await startReceiver()
    const world = await openWorld({ url: url.replace('http://127.0.0.1', origin), allowPrivate: false })
    const eventId = world.record('1')
    expect(await world.sent(eventId, 1)).toMatchObject({ state: 'queued' })
    expect((await world.outcomes(eventId))[0]).toMatch(/is no public address|has no public address/)
    expect(received).toEqual([])
  })

  it('of a dead letter that is replayed starts anew, with the same id', async () => {
    let answers = false
    const { url, received } = await startReceiver((response) => (answers ? response.end() : response.destroy()))
    const world = await openWorld({ url })
    const eventId = world.record('1')
    for (const sends of [1, 2, 3]) {
      await world.sent(eventId, sends)
      world.advance(5_000)
    }
    answers = true
    await world.metadata.replayEvent(eventId)
    expect(await world.sent(eventId, 1)).toMatchObject({ state: 'delivered' })
    expect(await world.outcomes(eventId)).toHaveLength(4)
    expect(received.map(({ headers }) => headers['x-sluice-attempt'])).toEqual(['1', '2', '3', '1'])
    expect(new Set(received.map(({ headers }) => headers['x-sluice-event-id'])).size).toBe(1)
  })
})

describe('callbacks', () => {
  it('of the same file go one after the other, the next when the one before is settled', async () => {
    const open: (() => void)[] = []
    const { url, received } = await startReceiver((response) => open.push(() => response.end()))
    const world = await openWorld({ url })
    const [first, second, other] = [world.record('1'), world.record('1', 'FileDeleted'), world.record('2')]
    const ids = () => received.map(({ headers }) => Number(headers['x-sluice-event-id']))
    await world.look()
    await expect.poll(ids, { interval: 5 }).toEqual([first, other])
    await world.look()
    for (const answer of open) answer()
    await expect.poll(ids, { interval: 5 }).toEqual([first, other, second])
    open.at(-1)?.()
    await expect.poll(async () => (await world.metadata.findEvent(second))?.state).toBe('delivered')
  })

  it('do not wait for an earlier event of a type the app does not want', async () => {
    const { url, received } = await startReceiver()
    const world = await openWorld({ url, settings: { eventTypes: 'FileDeleted' } })
    const [first, second] = [world.record('1'), world.record('1', 'FileDeleted')]
    await world.sent(second, 1)
    expect(received).toHaveLength(1)
    expect(await world.metadata.findEvent(first)).toMatchObject({ state: 'queued', sends: 0 })
  })

  it('of an app wait for nobody but its own receiver, however many others hang', async () => {
    const hanging = await startReceiver(() => {})
    const quick = await startReceiver()
    const world = await openWorld({ url: quick.url })
    for (let other = 1; other <= 20; other++) {
      const app: App = { ...firstApp, appId: other, settings: { eventMode: 'callback', callbackUrl: hanging.url } }
      await world.metadata.addApp(app)
      for (let file = 0; file < 30; file++) world.record(`${other}-${file}`, 'NewFileUpload', other)
    }
    await world.look()
    // 16 apps have all of theirs under way; the others, past the limit in all, one each.
    await expect.poll(() => hanging.received.length, { interval: 20, timeout: 10_000 }).toBeGreaterThanOrEqual(256)
    const eventIds = Array.from({ length: 40 }, (_, file) => world.record(`first-${file}`))
    await world.look()
    const settled = async () => (await world.metadata.listEvents({ appId, state: 'delivered', limit: 99 })).length
    await expect.poll(settled, { interval: 20, timeout: 10_000 }).toBe(eventIds.length)
    expect(hanging.received.length).toBeLessThan(256 + 20)
    hanging.close()
  })

  it('are at most 16 at a time for an app', async () => {
    const open: (() => void)[] = []
    const { url, received, close } = await startReceiver((response) => open.push(() => response.end()))
    const world = await openWorld({ url })
    for (let file = 0; file < 40; file++) world.record(String(file))
    await world.look()
    await expect.poll(() => received.length, { interval: 5 }).toBe(16)
    await world.look()
    open[0]?.()
    await expect.poll(() => received.length, { interval: 5 }).toBe(17)
    close()
  })

  it('that a process left under way are sent again when its time is up', async () => {
    const { url, received } = await startReceiver()
    const world = await openWorld({ url })
    const eventId = world.record('1')
    await world.metadata.leaseToSend({ appId, types: undefined, leaseId: 'x', now: 50_000, until: 60_000, limit: 9 })
    world.advance(9_999)
    await world.look()
    expect(received).toEqual([])
    world.advance(1)
    await world.sent(eventId, 1)
    expect(received[0]?.headers['x-sluice-attempt']).toBe('1')
  })

  it('under way are waited for at the end, and no more are sent', async () => {
    const open: (() => void)[] = []
    const { url, received } = await startReceiver((response) => open.push(() => response.end()))
    const world = await openWorld({ url })
    const [first, second] = [world.record('1'), world.record('1')]
    await world.look()
    await expect.poll(() => open.length, { interval: 5 }).toBe(1)
    const closed = world.callbacks.close()
    open[0]?.()
    await closed
    expect(await world.metadata.findEvent(first)).toMatchObject({ state: 'delivered' })
    await world.look()
    expect(await world.metadata.findEvent(second)).toMatchObject({ state: 'queued', leasedUntil: 0 })
    expect(received).toHaveLength(1)
  })

  it('begin when the mode changes, with what was not delivered before; not for an app that is disabled', async () => {
    const { url, received } = await startReceiver()
    const world = await openWorld({ url, settings: { eventMode: 'off' } })
    const eventId = world.record('1')
    await world.look()
    await changeAppSettings(world.metadata, appId, { eventMode: 'callback' })
    await world.metadata.setAppDisabled(appId, 1)
    await world.look()
    expect(received).toEqual([])
    await world.metadata.setAppDisabled(appId, null)
    expect(await world.sent(eventId, 1)).toMatchObject({ state: 'delivered' })
  })
})

describe('the policy', () => {
  const failed = (given: Partial<FailedSends>) => ({ sends: 1, firstSentAt: 0, now: 0, random: () => 1, ...given })

  it('documented: 1 s, then 5 s, then no more', () => {
    const times = [1, 2, 3, 4].map((sends) => nextSend('documented', failed({ sends, now: 100 })))
    expect(times).toEqual([1_100, 5_100, undefined, undefined])
  })

  it('persistent: twice as long each time, up to an hour, for 24 h from the first', () => {
    for (const [random, share] of [
      [0, 0.5],
      [0.5, 0.75],
      [1, 1],
    ] as const) {
      const delays = [1, 2, 3, 11, 12, 13, 1_000].map((sends) =>
        nextSend('persistent', failed({ sends, random: () => random })),
      )
      expect(delays).toEqual([2_000, 4_000, 8_000, 2_048_000, 3_600_000, 3_600_000, 3_600_000].map((ms) => ms * share))
    }
    const day = 24 * 3_600_000
    expect(nextSend('persistent', failed({ sends: 30, firstSentAt: 7, now: day + 7 - 3_600_000 }))).toBe(day + 7)
    expect(nextSend('persistent', failed({ sends: 30, firstSentAt: 7, now: day + 8 - 3_600_000 }))).toBeUndefined()
  })

  it('persistent goes on where documented gives up', async () => {
    const world = await openWorld({ url: 'http://127.0.0.1:1/', settings: { callbackPolicy: 'persistent' } })
    const eventId = world.record('1')
    for (let sends = 1; sends <= 6; sends++) {
      expect(await world.sent(eventId, sends)).toMatchObject({ state: 'queued' })
      world.advance(3_600_000)
    }
    world.advance(24 * 3_600_000)
    expect(await world.sent(eventId, 7)).toMatchObject({ state: 'dead' })
  })
})

describe('the service in callback mode', () => {
  it('sends an event the moment it is committed, to where the operator says', async () => {
    const { url, received } = await startReceiver()
    const service = await startTestService({ SLUICE_EVENT_MODE: 'callback', SLUICE_CALLBACK_URL: url })
    const { fileId } = await uploadWhole(service, sampleFile(1_000))
    await uploadWhole(service, sampleFile(1_000))
    await expect.poll(() => received.length, { interval: 5 }).toBe(1)
    expect(JSON.parse(received[0]?.body ?? '')).toMatchObject({ eventType: 'NewFileUpload', data: { fileId } })
    await service.close()
    expect(received).toHaveLength(1)
  })

  it("sends to an app's own URL on this machine only when the operator allows it", async () => {
    const { url, received } = await startReceiver()
    const service = await startTestService({
      SLUICE_EVENT_MODE: 'callback',
      SLUICE_CALLBACK_URL: 'http://127.0.0.1:1/',
    })
    await service.close()
    const metadata = await openSqlite(service.directory)
    await changeAppSettings(metadata, appId, { callbackUrl: url })
    await metadata.close()
    const again = await service.restart()
    await uploadWhole(again, sampleFile(1_000))
    const failures = async () =>
      /^sluice_event_failures_total (\d+)/m.exec(await (await fetch(`${again.url}/metrics`)).text())?.[1]
    await expect.poll(failures, { interval: 20 }).toBe('1')
    expect(received).toEqual([])
    await again.restart({ SLUICE_ALLOW_PRIVATE_CALLBACKS: 'on' })
    await expect.poll(() => received.length, { interval: 20, timeout: 5_000 }).toBe(1)
  })
})
