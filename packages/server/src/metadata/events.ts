import type { AppEvent } from '@sluice/protocol'
import type { Selectable, Transaction } from 'kysely'
import { groupCommit } from '../engine/group-commit.ts'
import type { Database } from './kysely-store.ts'
import type { EndedSend, EventLease, EventRecords, RecordedEvent } from './metadata.ts'
import type { Tables } from './tables.ts'

/** Calls that confirm, or sends that ended, in one transaction at most. */
const maxCallsPerTransaction = 200

interface Confirmation {
  readonly appId: number
  readonly held: readonly { readonly eventId: number; readonly leaseId: string }[]
  readonly now: number
}

/** Recorded events and their delivery. */
export function eventRecords(db: Database): EventRecords {
  const confirm = groupCommit(
    (calls: Confirmation[]) =>
      db.transaction().execute(async (transaction) => {
        const confirmed: boolean[][] = []
        for (const call of calls) confirmed.push(await confirmEvents(transaction, call))
        return confirmed
      }),
    maxCallsPerTransaction,
  )

  return {
    async listEvents({ appId, state, limit }) {
      const rows = await db
        .selectFrom('events')
        .selectAll()
        .$if(appId !== undefined, (query) => query.where('appId', '=', appId as number))
        .$if(state !== undefined, (query) => query.where('state', '=', state as RecordedEvent['state']))
        .orderBy('eventId', 'desc')
        .limit(limit)
        .execute()
      return rows.map(toEvent)
    },

    async findEvent(eventId) {
      const row = await db.selectFrom('events').selectAll().where('eventId', '=', eventId).executeTakeFirst()
      return row && toEvent(row)
    },

    listAttempts: (eventId) =>
      db
        .selectFrom('eventAttempts')
        .select(['startedAt', 'durationMs', 'outcome'])
        .where('eventId', '=', eventId)
        .orderBy('attemptId')
        .execute(),

    async whichHaveEvents(appIds, now) {
      if (appIds.length === 0) return []
      const rows = await db
        .selectFrom('apps')
        .select('appId')
        .where('appId', 'in', appIds)
        .where(({ exists, selectFrom }) =>
          exists(
            selectFrom('events')
              .select('events.eventId')
              .whereRef('events.appId', '=', 'apps.appId')
              .where('events.state', '=', 'queued')
              .where('events.leasedUntil', '<=', now),
          ),
        )
        .execute()
      return rows.map((row) => row.appId)
    },

    async countQueued() {
      const groups = await db
        .selectFrom('events')
        .select(({ fn }) => ['appId', 'eventType', fn.countAll().as('count'), fn.min('eventId').as('oldest')])
        .where('state', '=', 'queued')
        .groupBy(['appId', 'eventType'])
        .execute()
      if (groups.length === 0) return []
      const oldest = await db
        .selectFrom('events')
        .select(['eventId', 'createdAt'])
        .where(
          'eventId',
          'in',
          groups.map((group) => group.oldest),
        )
        .execute()
      const times = new Map(oldest.map(({ eventId, createdAt }) => [eventId, createdAt]))
      return groups.flatMap(({ appId, eventType, count, oldest }) => {
        const oldestAt = times.get(oldest)
        return oldestAt === undefined ? [] : [{ appId, eventType, count: Number(count), oldestAt }]
      })
    },

    async countDead() {
      const { count } = await db
        .selectFrom('events')
        .select(({ fn }) => fn.countAll().as('count'))
        .where('state', '=', 'dead')
        .executeTakeFirstOrThrow()
      return Number(count)
    },

    async leaseToPull(lease) {
      const free = freeEvents(db, lease).orderBy('events.eventId').limit(lease.limit)
      const rows = await holding(db, lease, free)
        .set(({ eb }) => ({ pulls: eb('events.pulls', '+', 1) }))
        .execute()
      return rows.map(toEvent).sort((a, b) => a.eventId - b.eventId)
    },

    async leaseToSend(lease) {
      const due = freeEvents(db, lease)
        .where('events.dueAt', '<=', lease.now)
        .where(({ not, exists, selectFrom }) =>
          not(
            exists(
              selectFrom('events as earlier')
                .select('earlier.eventId')
                .whereRef('earlier.fileId', '=', 'events.fileId')
                .whereRef('earlier.eventId', '<', 'events.eventId')
                .where('earlier.state', '=', 'queued')
                .$if(lease.types !== undefined, (query) => query.where('earlier.eventType', 'in', lease.types ?? [])),
            ),
          ),
        )
      const rows = await holding(
        db,
        lease,
        due.orderBy('events.dueAt').orderBy('events.eventId').limit(lease.limit),
      ).execute()
      return rows.map(toEvent).sort((a, b) => a.dueAt - b.dueAt || a.eventId - b.eventId)
    },

    async endLease(leaseId, eventIds) {
      await db
        .updateTable('events')
        .set({ leasedUntil: 0 })
        .where('eventId', 'in', eventIds)
        .where('state', '=', 'queued')
        .where('leaseId', '=', leaseId)
        .execute()
    },

    confirmEvents: (appId, held, now) => confirm({ appId, held, now }),

    endSend: groupCommit(
      (sends: EndedSend[]) =>
        db.transaction().execute(async (transaction) => {
          const ended: boolean[] = []
          for (const send of sends) ended.push(await endSend(transaction, send))
          return ended
        }),
      maxCallsPerTransaction,
    ),

    async replayEvent(eventId) {
      const { numUpdatedRows } = await db
        .updateTable('events')
        .set({ state: 'queued', settledAt: null, leaseId: null, leasedUntil: 0, dueAt: 0, sends: 0, firstSentAt: null })
        .where('eventId', '=', eventId)
        .where('state', '!=', 'queued')
        .executeTakeFirstOrThrow()
      return numUpdatedRows > 0n
    },

    async dropEvents({ recordedBefore, settledBefore, limit }) {
      const rows = await db
        .deleteFrom('events')
        .where('eventId', 'in', ({ selectFrom }) =>
          selectFrom('events')
            .select('eventId')
            .where('createdAt', '<', recordedBefore)
            .where((or) => or.or([or('settledAt', 'is', null), or('settledAt', '<', settledBefore)]))
            .orderBy('createdAt')
            .limit(limit),
        )
        .returning('state')
        .execute()
      return { dropped: rows.length, queued: rows.filter(({ state }) => state === 'queued').length }
    },
  }
}

/** The ids of an app's queued events that nobody holds. */
function freeEvents(db: Database, { appId, types, now }: EventLease) {
  return db
    .selectFrom('events')
    .select('events.eventId')
    .where('events.state', '=', 'queued')
    .where('events.appId', '=', appId)
    .where('events.leasedUntil', '<=', now)
    .$if(types !== undefined, (query) => query.where('events.eventType', 'in', types ?? []))
}

/** Holds events that were just found to be free. Asked once more of each row: with several writers it may be another's by now. */
function holding(db: Database, { leaseId, until, now }: EventLease, free: ReturnType<typeof freeEvents>) {
  return db
    .updateTable('events')
    .from(free.as('free'))
    .set({ leaseId, leasedUntil: until })
    .whereRef('events.eventId', '=', 'free.eventId')
    .where('events.state', '=', 'queued')
    .where('events.leasedUntil', '<=', now)
    .returningAll()
}

async function confirmEvents(transaction: Transaction<Tables>, { appId, held, now }: Confirmation): Promise<boolean[]> {
  const confirmed: boolean[] = []
  for (const { eventId, leaseId } of held) {
    const { numUpdatedRows } = await transaction
      .updateTable('events')
      .set({ state: 'delivered', settledAt: now })
      .where('eventId', '=', eventId)
      .where('appId', '=', appId)
      .where('leaseId', '=', leaseId)
      .where('state', '=', 'queued')
      .where('leasedUntil', '>', now)
      .executeTakeFirstOrThrow()
    const before =
      numUpdatedRows > 0n ||
      (await transaction
        .selectFrom('events')
        .select('eventId')
        .where('eventId', '=', eventId)
        .where('appId', '=', appId)
        .where('leaseId', '=', leaseId)
        .where('state', '=', 'delivered')
        .executeTakeFirst())
    confirmed.push(Boolean(before))
  }
  return confirmed
}

async function endSend(transaction: Transaction<Tables>, send: EndedSend): Promise<boolean> {
  const { eventId, leaseId, startedAt, durationMs, outcome, endedAt, next } = send
  const { numUpdatedRows } = await transaction
    .updateTable('events')
    .set(({ eb, fn, val }) => ({
      sends: eb('sends', '+', 1),
      firstSentAt: fn.coalesce('firstSentAt', val(startedAt)),
      leasedUntil: 0,
      ...(typeof next === 'string' ? { state: next, settledAt: endedAt } : { dueAt: next.dueAt }),
    }))
    .where('eventId', '=', eventId)
    .where('leaseId', '=', leaseId)
    .where('state', '=', 'queued')
    .executeTakeFirstOrThrow()
  if (numUpdatedRows === 0n) return false
  await transaction.insertInto('eventAttempts').values({ eventId, startedAt, durationMs, outcome }).execute()
  return true
}

function toEvent(row: Selectable<Tables['events']>): RecordedEvent {
  return { ...row, content: JSON.parse(row.content) as object } // written by recordEvent
}

/** Records an event inside the transaction that makes it true; once that is through, `onEvent` is to be told. */
export async function recordEvent(
  transaction: Transaction<Tables>,
  { appId, fileId, createdAt }: Pick<RecordedEvent, 'appId' | 'fileId' | 'createdAt'>,
  event: AppEvent,
): Promise<void> {
  await transaction
    .insertInto('events')
    .values({ appId, fileId, eventType: event.eventType, content: JSON.stringify(event), createdAt })
    .execute()
}
