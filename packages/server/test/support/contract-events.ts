import { describe, expect, it } from 'vitest'
import type { EventLease, Metadata, RecordedEvent } from '../../src/metadata/metadata.ts'
import { addFile, firstApp, secondApp, sha } from './records.ts'

const { appId } = firstApp

/** Records one event for each digit, of a file of its own, in that order; returns the ids. */
async function record(metadata: Metadata, digits: string, app = firstApp, createdAt = 20_000): Promise<number[]> {
  const eventIds: number[] = []
  for (const digit of digits) {
    await addFile(metadata, { fileId: `${app.appId}${digit}`, fileSha: sha(digit), appId: app.appId }, createdAt)
    eventIds.push((await metadata.listEvents({ appId: app.appId, limit: 1 }))[0]?.eventId ?? 0)
  }
  return eventIds
}

function lease(leaseId: string, given: Partial<EventLease> = {}): EventLease {
  return { appId, types: undefined, leaseId, now: 30_000, until: 60_000, limit: 16, ...given }
}

const idsOf = (events: readonly RecordedEvent[]) => events.map(({ eventId }) => eventId)
const send = (eventId: number | undefined, leaseId: string) => ({
  ...{ eventId: eventId ?? 0, leaseId, startedAt: 30_001, durationMs: 12, outcome: 'status 200', endedAt: 30_013 },
})

/** How events are given out, held, confirmed, sent, given up and forgotten. */
export function eventsContract(open: () => Promise<Metadata>): void {
  describe('events', () => {
    it('are queued when they are recorded', async () => {
      const metadata = await open()
      const [eventId = 0] = await record(metadata, 'a')
      expect(await metadata.findEvent(eventId)).toMatchObject({
        ...{ eventId, appId, state: 'queued', settledAt: null, leaseId: null, firstSentAt: null },
        ...{ leasedUntil: 0, dueAt: 0, pulls: 0, sends: 0 },
      })
      expect(await metadata.findEvent(eventId + 1)).toBeUndefined()
    })

    it('are pulled in order, each held by one at a time, and free again when that ends', async () => {
      const metadata = await open()
      const [a, b, c, d] = await record(metadata, 'abcd')
      await record(metadata, 'e', secondApp)
      expect(idsOf(await metadata.leaseToPull(lease('one', { limit: 2 })))).toEqual([a, b])
      expect(idsOf(await metadata.leaseToPull(lease('two')))).toEqual([c, d])
      expect(await metadata.leaseToPull(lease('three', { now: 59_999 }))).toEqual([])
      const again = await metadata.leaseToPull(lease('four', { now: 60_000, until: 90_000, limit: 3 }))
      expect(again.map(({ eventId, leaseId, pulls }) => [eventId, leaseId, pulls])).toEqual([
        [a, 'four', 2],
        [b, 'four', 2],
        [c, 'four', 2],
      ])
    })

    it('are held by nobody twice, however many ask at once', async () => {
      const [one, other] = [await open(), await open()]
      const recorded = await record(one, '0123456789abcdef')
      const given = await Promise.all(
        Array.from({ length: 24 }, (_, index) =>
          (index % 2 ? one : other).leaseToPull(lease(`lease ${index}`, { limit: 1 })),
        ),
      )
      expect(idsOf(given.flat()).sort((a, b) => a - b)).toEqual(recorded)
    })

    it('are delivered when who holds them confirms in time, also when told again', async () => {
      const metadata = await open()
      const [a = 0, b = 0] = await record(metadata, 'ab')
      await metadata.leaseToPull(lease('one'))
      const [heldA, heldB] = [
        { eventId: a, leaseId: 'one' },
        { eventId: b, leaseId: 'one' },
      ]
      const foreign = await metadata.confirmEvents(secondApp.appId, [heldA], 40_000)
      const wrong = await metadata.confirmEvents(
        appId,
        [
          { ...heldA, leaseId: 'two' },
          { ...heldA, eventId: 99 },
        ],
        40_000,
      )
      expect([...foreign, ...wrong]).toEqual([false, false, false])
      expect(await metadata.confirmEvents(appId, [heldA], 59_999)).toEqual([true])
      expect(await metadata.confirmEvents(appId, [heldA, heldB], 60_000)).toEqual([true, false])
      expect(await metadata.findEvent(a)).toMatchObject({ state: 'delivered', settledAt: 59_999 })
      expect(await metadata.findEvent(b)).toMatchObject({ state: 'queued' })
      expect(idsOf(await metadata.leaseToPull(lease('two', { now: 99_999 })))).toEqual([b])
      expect(await metadata.confirmEvents(appId, [heldB], 30_001)).toEqual([false])
    })

    it('are free again at once when who held them gives them back', async () => {
      const metadata = await open()
      const [a = 0, b = 0] = await record(metadata, 'ab')
      await metadata.leaseToPull(lease('one', { limit: 1 }))
      await metadata.leaseToPull(lease('two', { limit: 1 }))
      await metadata.endLease('one', [a, b])
      expect(idsOf(await metadata.leaseToPull(lease('three')))).toEqual([a])
      await metadata.endLease('two', [a, b])
      expect(idsOf(await metadata.leaseToPull(lease('four')))).toEqual([b])
    })

    it('of other types than asked for stay where they are', async () => {
      const metadata = await open()
      const [a] = await record(metadata, 'a')
      for (const leaseTo of [metadata.leaseToPull, metadata.leaseToSend]) {
        expect(await leaseTo(lease('one', { types: ['FileDeleted'] }))).toEqual([])
      }
      expect(idsOf(await metadata.leaseToSend(lease('one', { types: ['FileDeleted', 'NewFileUpload'] })))).toEqual([a])
    })

    it('are sent when they are due, and due again when a send fails', async () => {
      const metadata = await open()
      const [a = 0, b = 0] = await record(metadata, 'ab')
      expect(idsOf(await metadata.leaseToSend(lease('one', { until: 40_000 })))).toEqual([a, b])
      expect(await metadata.leaseToSend(lease('two'))).toEqual([])
      expect(await metadata.endSend({ ...send(a, 'one'), outcome: 'reset', next: { dueAt: 31_000 } })).toBe(true)
      expect(await metadata.endSend({ ...send(b, 'one'), next: 'delivered' })).toBe(true)
      expect(await metadata.leaseToSend(lease('two', { now: 30_999 }))).toEqual([])
      expect(idsOf(await metadata.leaseToSend(lease('two', { now: 31_000 })))).toEqual([a])
      expect(await metadata.endSend({ ...send(a, 'two'), startedAt: 31_000, next: 'dead' })).toBe(true)
      expect(await metadata.findEvent(a)).toMatchObject({
        state: 'dead',
        sends: 2,
        firstSentAt: 30_001,
        settledAt: 30_013,
      })
      expect(await metadata.findEvent(b)).toMatchObject({ state: 'delivered', sends: 1 })
      expect(await metadata.listAttempts(a)).toEqual([
        { startedAt: 30_001, durationMs: 12, outcome: 'reset' },
        { startedAt: 31_000, durationMs: 12, outcome: 'status 200' },
      ])
    })

    it('are ended by who holds them only', async () => {
      const metadata = await open()
      const [a = 0] = await record(metadata, 'a')
      await metadata.leaseToSend(lease('one', { until: 40_000 }))
      await metadata.leaseToSend(lease('two', { now: 40_000 }))
      expect(await metadata.endSend({ ...send(a, 'one'), next: 'dead' })).toBe(false)
      expect(await metadata.endSend({ ...send(a, 'two'), next: 'delivered' })).toBe(true)
      expect(await metadata.endSend({ ...send(a, 'two'), next: 'delivered' })).toBe(false)
      expect(await metadata.listAttempts(a)).toHaveLength(1)
    })

    it('are pulled whenever a callback would be due', async () => {
      const metadata = await open()
      const [a = 0] = await record(metadata, 'a')
      await metadata.leaseToSend(lease('one'))
      await metadata.endSend({ ...send(a, 'one'), next: { dueAt: 9_000_000 } })
      expect(idsOf(await metadata.leaseToPull(lease('two')))).toEqual([a])
    })

    it('go back into the queue when they are replayed, as new', async () => {
      const metadata = await open()
      const [a = 0, b = 0] = await record(metadata, 'ab')
      await metadata.leaseToSend(lease('one'))
      await metadata.endSend({ ...send(a, 'one'), next: 'dead' })
      expect(await metadata.replayEvent(a)).toBe(true)
      for (const eventId of [a, b, b + 1]) expect(await metadata.replayEvent(eventId)).toBe(false)
      expect(await metadata.findEvent(a)).toMatchObject({
        ...{ state: 'queued', settledAt: null, leaseId: null, leasedUntil: 0, dueAt: 0, sends: 0, firstSentAt: null },
      })
      expect(await metadata.listAttempts(a)).toHaveLength(1)
      expect(idsOf(await metadata.leaseToSend(lease('two')))).toEqual([a])
    })

    it('are counted while they are queued, with the time of the oldest', async () => {
      const metadata = await open()
      expect(await metadata.countQueued()).toEqual([])
      await record(metadata, 'ab', firstApp, 20_000)
      await record(metadata, 'c', firstApp, 19_000)
      await record(metadata, 'd', secondApp, 25_000)
      await metadata.leaseToPull(lease('one', { limit: 1 }))
      const counted = (await metadata.countQueued()).sort((a, b) => a.appId - b.appId)
      expect(counted).toEqual([
        { appId, eventType: 'NewFileUpload', count: 3, oldestAt: 20_000 },
        { appId: secondApp.appId, eventType: 'NewFileUpload', count: 1, oldestAt: 25_000 },
      ])
      expect(await metadata.countDead()).toBe(0)
      const [d] = await metadata.leaseToSend(lease('two', { appId: secondApp.appId }))
      await metadata.endSend({ ...send(d?.eventId, 'two'), next: 'dead' })
      expect(await metadata.countDead()).toBe(1)
      expect(await metadata.countQueued()).toHaveLength(1)
      expect(idsOf(await metadata.listEvents({ appId: undefined, state: 'dead', limit: 9 }))).toEqual([d?.eventId])
    })

    it('that nobody holds say whose they are', async () => {
      const metadata = await open()
      const both = [appId, secondApp.appId]
      expect(await metadata.whichHaveEvents(both, 30_000)).toEqual([])
      await record(metadata, 'a')
      expect(await metadata.whichHaveEvents(both, 30_000)).toEqual([appId])
      expect(await metadata.whichHaveEvents([secondApp.appId], 30_000)).toEqual([])
      expect(await metadata.whichHaveEvents([], 30_000)).toEqual([])
      await metadata.leaseToPull(lease('one'))
      expect(await metadata.whichHaveEvents(both, 59_999)).toEqual([])
      expect(await metadata.whichHaveEvents(both, 60_000)).toEqual([appId])
    })

    it('are forgotten with their attempts once they are old, so many at a time', async () => {
      const metadata = await open()
      const [a = 0] = await record(metadata, 'a', firstApp, 1_000)
      const [b] = await record(metadata, 'b', firstApp, 2_000)
      const [c] = await record(metadata, 'c', firstApp, 3_000)
      await metadata.leaseToSend(lease('one', { limit: 1 }))
      await metadata.endSend({ ...send(a, 'one'), next: 'delivered' })
      const drop = (recordedBefore: number, limit: number, settledBefore = 99_999) =>
        metadata.dropEvents({ recordedBefore, settledBefore, limit })
      expect(await drop(2_000, 9, 30_013)).toEqual({ dropped: 0, queued: 0 }) // settled at that moment
      expect(await drop(3_000, 1)).toEqual({ dropped: 1, queued: 0 })
      expect(await metadata.listAttempts(a)).toEqual([])
      expect(idsOf(await metadata.listEvents({ appId, limit: 9 }))).toEqual([c, b])
      expect(await drop(3_000, 9)).toEqual({ dropped: 1, queued: 1 })
      expect(await drop(3_000, 9)).toEqual({ dropped: 0, queued: 0 })
    })
  })
}
