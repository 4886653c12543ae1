import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** How far the delivery of each event is, and what came of each time it was sent. Events that are there become queued. */
export const eventDelivery: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    const change = () => db.schema.alterTable('events')
    await change()
      .addColumn('state', 'text', (column) => column.notNull().defaultTo('queued'))
      .execute()
    for (const [name, type] of [
      ['settledAt', 'bigint'],
      ['leaseId', 'text'],
      ['firstSentAt', 'bigint'],
    ] as const) {
      await change().addColumn(name, type).execute()
    }
    for (const [name, type] of [
      ['leasedUntil', 'bigint'],
      ['dueAt', 'bigint'],
      ['pulls', 'integer'],
      ['sends', 'integer'],
    ] as const) {
      await change()
        .addColumn(name, type, (column) => column.notNull().defaultTo(0))
        .execute()
    }

    const index = (name: string) => db.schema.createIndex(name).on('events')
    await index('eventsToPull').columns(['state', 'appId', 'eventId', 'leasedUntil', 'eventType']).execute()
    await index('eventsToSend').columns(['state', 'appId', 'dueAt']).execute()
    await index('eventsByFile').columns(['fileId']).execute()
    await index('eventsByTime').columns(['createdAt']).execute()

    await db.schema
      .createTable('eventAttempts')
      .addColumn('attemptId', 'integer', (column) => column.primaryKey().autoIncrement())
      .addColumn('eventId', 'integer', (column) => column.notNull().references('events.eventId').onDelete('cascade'))
      .addColumn('startedAt', 'bigint', (column) => column.notNull())
      .addColumn('durationMs', 'integer', (column) => column.notNull())
      .addColumn('outcome', 'text', (column) => column.notNull())
      .execute()
    await db.schema.createIndex('eventAttemptsByEvent').on('eventAttempts').columns(['eventId']).execute()
  },
}
