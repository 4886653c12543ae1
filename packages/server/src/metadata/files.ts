import { type Selectable, sql, type Transaction } from 'kysely'
import { recordEvent } from './events.ts'
import type { Database } from './kysely-store.ts'
import type { FileRecords, Media, StoredFile } from './metadata.ts'
import type { Tables } from './tables.ts'

const unprobed = 'unprobed'

/** Finished files and their covers. */
export function fileRecords(db: Database, onEvent: (appId: number) => void): FileRecords {
  return {
    async finishAsFile(file, event) {
      const finished = await db.transaction().execute(async (transaction) => {
        const { numInsertedOrUpdatedRows } = await transaction
          .insertInto('files')
          .values({ ...file, tags: JSON.stringify(file.tags), media: fromMedia(file.media) })
          .onConflict((conflict) => conflict.columns(['appId', 'fileSha']).doNothing())
          .executeTakeFirstOrThrow()
        if ((numInsertedOrUpdatedRows ?? 0n) > 0n) {
          await endUpload(transaction, file.fileId)
          await recordEvent(transaction, file, event)
          return file
        }
        const there = await transaction
          .selectFrom('files')
          .selectAll()
          .where('appId', '=', file.appId)
          .where('fileSha', '=', file.fileSha)
          .executeTakeFirstOrThrow()
        return toFile(there)
      })
      if (finished === file) onEvent(file.appId)
      return finished
    },

    finishAsCover: (cover) =>
      db.transaction().execute(async (transaction) => {
        const { coverId, appId, fileId, fileSha } = cover
        const { numInsertedOrUpdatedRows } = await transaction
          .insertInto('covers')
          .values(cover)
          .onConflict((conflict) => conflict.columns(['appId', 'fileSha', 'fileId']).doNothing())
          .executeTakeFirstOrThrow()
        if ((numInsertedOrUpdatedRows ?? 0n) > 0n) await endUpload(transaction, coverId)
        const there = await transaction
          .selectFrom('covers')
          .selectAll()
          .where('appId', '=', appId)
          .where('fileSha', '=', fileSha)
          .where('fileId', '=', fileId)
          .executeTakeFirstOrThrow()
        await transaction.updateTable('files').set({ coverId: there.coverId }).where('fileId', '=', fileId).execute()
        return there
      }),

    async showCover(fileId, coverId) {
      await db.updateTable('files').set({ coverId }).where('fileId', '=', fileId).execute()
    },

    async findFile(fileId) {
      const row = await db.selectFrom('files').selectAll().where('fileId', '=', fileId).executeTakeFirst()
      return row && toFile(row)
    },

    async findFileBySha(appId, fileSha) {
      const row = await db
        .selectFrom('files')
        .selectAll()
        .where('appId', '=', appId)
        .where('fileSha', '=', fileSha)
        .executeTakeFirst()
      return row && toFile(row)
    },

    findCover: (coverId) => db.selectFrom('covers').selectAll().where('coverId', '=', coverId).executeTakeFirst(),

    findCoverBySha: (appId, fileSha, fileId) =>
      db
        .selectFrom('covers')
        .selectAll()
        .where('appId', '=', appId)
        .where('fileSha', '=', fileSha)
        .$if(fileId !== undefined, (query) => query.where('fileId', '=', fileId as string))
        .orderBy('createdAt', 'desc')
        .limit(1)
        .executeTakeFirst(),

    async listUnprobed(limit) {
      const rows = await db
        .selectFrom('files')
        .selectAll()
        .where('media', '=', sql.lit(unprobed)) // as the index says it
        .orderBy('createdAt')
        .limit(limit)
        .execute()
      return rows.map(toFile)
    },

    recordMedia: (found) =>
      db.transaction().execute(async (transaction) => {
        for (const { fileId, media } of found) {
          await transaction
            .updateTable('files')
            .set({ media: fromMedia(media) })
            .where('fileId', '=', fileId)
            .where('media', '=', unprobed)
            .execute()
        }
      }),

    async listFiles({ appId, limit }) {
      const rows = await db
        .selectFrom('files')
        .selectAll()
        .$if(appId !== undefined, (query) => query.where('appId', '=', appId as number))
        .orderBy('createdAt', 'desc')
        .limit(limit)
        .execute()
      return rows.map(toFile)
    },
  }
}

/** Ends a finishing upload; its parts stay with the file. Throws when it is not finishing, which undoes the transaction. */
async function endUpload(transaction: Transaction<Tables>, fileId: string): Promise<void> {
  const { numDeletedRows } = await transaction
    .deleteFrom('uploads')
    .where('fileId', '=', fileId)
    .where('state', '=', 'finishing')
    .executeTakeFirstOrThrow()
  if (numDeletedRows === 0n) throw new Error(`upload ${fileId} is not finishing`)
}

function toFile(row: Selectable<Tables['files']>): StoredFile {
  const tags = JSON.parse(row.tags) as string[] // written by finishAsFile
  return { ...row, tags, media: toMedia(row.media) }
}

function fromMedia(media: StoredFile['media']): string {
  return typeof media === 'string' ? media : JSON.stringify(media)
}

function toMedia(text: string): StoredFile['media'] {
  return text === unprobed || text === 'failed' ? text : (JSON.parse(text) as Media) // written by fromMedia
}
