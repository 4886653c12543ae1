import type { Transaction } from 'kysely'
import { recordEvent } from './events.ts'
import type { Database } from './kysely-store.ts'
import type { DeletionRecords } from './metadata.ts'
import type { Tables } from './tables.ts'

/** Deleted files, and the blobs of what is gone. */
export function deletionRecords(db: Database, onEvent: (appId: number) => void): DeletionRecords {
  return {
    async deleteFile({ appId, fileId, expiredBy }, event, deletedAt) {
      const deleted = await db.transaction().execute(async (transaction) => {
        // Writing the file's row first keeps it from getting another cover meanwhile.
        const { numUpdatedRows } = await transaction
          .updateTable('files')
          .set({ coverId: null })
          .where('fileId', '=', fileId)
          .where('appId', '=', appId)
          .$if(expiredBy !== undefined, (query) => query.where('expireAt', '<=', expiredBy as number))
          .executeTakeFirstOrThrow()
        if (numUpdatedRows === 0n) return undefined
        const covers = await transaction.selectFrom('covers').select('coverId').where('fileId', '=', fileId).execute()
        const blobIds = [fileId, ...covers.map(({ coverId }) => coverId)]
        await transaction.deleteFrom('covers').where('fileId', '=', fileId).execute()
        await transaction.deleteFrom('files').where('fileId', '=', fileId).execute()
        await transaction.deleteFrom('parts').where('fileId', 'in', blobIds).execute()
        await discardLater(transaction, blobIds)
        await recordEvent(transaction, { appId, fileId, createdAt: deletedAt }, event)
        return blobIds
      })
      if (deleted) onEvent(appId)
      return deleted
    },

    async listDiscards(limit) {
      const rows = await db.selectFrom('discards').select('blobId').orderBy('blobId').limit(limit).execute()
      return rows.map(({ blobId }) => blobId)
    },

    async dropDiscard(blobId) {
      await db.deleteFrom('discards').where('blobId', '=', blobId).execute()
    },
  }
}

/** Takes down blobs whose rows go in this transaction, until their bytes are gone too. */
export async function discardLater(transaction: Transaction<Tables>, blobIds: readonly string[]): Promise<void> {
  await transaction
    .insertInto('discards')
    .values(blobIds.map((blobId) => ({ blobId })))
    .onConflict((conflict) => conflict.column('blobId').doNothing())
    .execute()
}
