import { type Selectable, sql, type Transaction } from 'kysely'
import { recordEvent } from './events.ts'
import type { Database } from './kysely-store.ts'
import type { FileRecords, FileSearch, Media, StoredFile } from './metadata.ts'
import type { Tables } from './tables.ts'

const unprobed = 'unprobed'

/** Finished files and their covers. */
export function fileRecords(db: Database, onEvent: (appId: number) => void): FileRecords {
  return {
    async finishAsFile(file, event) {
      const finished = await db.transaction().execute(async (transaction) => {
        const made = await insertFile(transaction, file)
        if (made === file) {
          await endUpload(transaction, file.fileId)
          await recordEvent(transaction, file, event)
        }
        return made
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

    async findFiles(search) {
      const found = searched(db, search)
      const { count } = await found.select(({ fn }) => fn.countAll().as('count')).executeTakeFirstOrThrow()
      const rows = await found
        .selectAll()
        .orderBy('createdAt', search.order)
        .orderBy('fileId')
        .limit(search.limit)
        .offset(search.offset)
        .execute()
      return { totalCount: Number(count), files: rows.map(toFile) }
    },

    async listExpiredFiles(now, limit) {
      const expired = db.selectFrom('files').selectAll().where('expireAt', '<=', now)
      return (await expired.orderBy('expireAt').limit(limit).execute()).map(toFile)
    },

    listCovers: (coverIds) => db.selectFrom('covers').selectAll().where('coverId', 'in', coverIds).execute(),

    async changeFile({ appId, fileId }, change) {
      const { numUpdatedRows } = await db
        .updateTable('files')
        .set(change)
        .where('fileId', '=', fileId)
        .where('appId', '=', appId)
        .executeTakeFirstOrThrow()
      return numUpdatedRows > 0n
    },

    async changeTags({ fileId, tags: from }, tags, updatedAt) {
      const { numUpdatedRows } = await db
        .updateTable('files')
        .set({ tags: JSON.stringify(tags), updatedAt })
        .where('fileId', '=', fileId)
        .where('tags', '=', JSON.stringify(from))
        .executeTakeFirstOrThrow()
      return numUpdatedRows > 0n
    },
  }
}

/** The files of an app that a search asks for. */
function searched(db: Database, { appId, fileIds, from, before, classId, namePrefix }: FileSearch) {
  return db
    .selectFrom('files')
    .where('appId', '=', appId)
    .$if(fileIds !== undefined, (query) => query.where('fileId', 'in', fileIds as readonly string[]))
    .$if(from !== undefined, (query) => query.where('createdAt', '>=', from as number))
    .$if(before !== undefined, (query) => query.where('createdAt', '<', before as number))
    .$if(classId !== undefined && classId !== 0, (query) => query.where('classId', '=', classId as number))
    .$if(classId === 0, (query) =>
      query.where(({ eb, selectFrom }) =>
        eb('classId', 'not in', selectFrom('classes').select('classes.classId').where('classes.appId', '=', appId)),
      ),
    )
    .$if(namePrefix !== undefined, (query) => {
      const prefix = namePrefix as string
      // LIKE would take marks in the prefix for patterns, and in SQLite letters of both cases for the same.
      const length = Array.from(prefix).length
      return query.where(({ eb, fn, ref, val }) =>
        eb(fn<string>('substr', [ref('fileName'), val(1), val(length)]), '=', prefix),
      )
    })
}

/** Makes a file, or finds the one that the app has of these bytes. */
export async function insertFile(transaction: Transaction<Tables>, file: StoredFile): Promise<StoredFile> {
  const { numInsertedOrUpdatedRows } = await transaction
    .insertInto('files')
    .values({ ...file, tags: JSON.stringify(file.tags), media: fromMedia(file.media) })
    .onConflict((conflict) => conflict.columns(['appId', 'fileSha']).doNothing())
    .executeTakeFirstOrThrow()
  if ((numInsertedOrUpdatedRows ?? 0n) > 0n) return file
  const there = await transaction
    .selectFrom('files')
    .selectAll()
    .where('appId', '=', file.appId)
    .where('fileSha', '=', file.fileSha)
    .executeTakeFirstOrThrow()
  return toFile(there)
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
