import type { NewFileUpload } from '@sluice/protocol'
import type { Transaction } from 'kysely'
import type { Database } from './kysely-store.ts'
import type { EventRecords, StoredFile } from './metadata.ts'
import type { Tables } from './tables.ts'

/** Recorded events. */
export function eventRecords(db: Database): EventRecords {
  return {
    async listEvents({ appId, limit }) {
      const rows = await db
        .selectFrom('events')
        .selectAll()
        .$if(appId !== undefined, (query) => query.where('appId', '=', appId as number))
        .orderBy('eventId', 'desc')
        .limit(limit)
        .execute()
      return rows.map((row) => ({ ...row, content: JSON.parse(row.content) as object })) // written by recordEvent
    },
  }
}

/** Records an event inside the transaction that makes it true. */
export async function recordEvent(
  transaction: Transaction<Tables>,
  { appId, fileId, createdAt }: Pick<StoredFile, 'appId' | 'fileId' | 'createdAt'>,
  event: NewFileUpload,
): Promise<void> {
  await transaction
    .insertInto('events')
    .values({ appId, fileId, eventType: event.eventType, content: JSON.stringify(event), createdAt })
    .execute()
}
