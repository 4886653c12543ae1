import type { Selectable } from 'kysely'
import { groupCommit } from '../engine/group-commit.ts'
import { discardLater } from './deletions.ts'
import type { Database } from './kysely-store.ts'
import type { PartRecord, Upload, UploadChange, UploadRecords } from './metadata.ts'
import { prepare } from './prepared.ts'
import type { Tables } from './tables.ts'

/** Parts recorded in one transaction at most: it holds up every other one. */
const maxPartsPerTransaction = 1_000

/** Uploads and their parts. */
export function uploadRecords(db: Database, onCommit: (durationMs: number, parts: number) => void): UploadRecords {
  const findUpload = prepare((appId: number, fileSha: string, uid: string) =>
    db
      .selectFrom('uploads')
      .selectAll()
      .where('appId', '=', appId)
      .where('fileSha', '=', fileSha)
      .where('uid', '=', uid),
  )
  const findPart = prepare((fileId: string, offset: number) =>
    db
      .selectFrom('parts')
      .select(['offset', 'dataSize', 'dataMd5'])
      .where('fileId', '=', fileId)
      .where('offset', '=', offset),
  )
  const addParts = partRecorder(db)

  return {
    async findUpload({ appId, uid, fileSha }) {
      const [own] = (await findUpload(db, appId, fileSha, uid)).rows
      const [row] = own || uid === '' ? [own] : (await findUpload(db, appId, fileSha, '')).rows
      return row && toUpload(row)
    },

    async findUploadById(fileId) {
      const row = await db.selectFrom('uploads').selectAll().where('fileId', '=', fileId).executeTakeFirst()
      return row && toUpload(row)
    },

    async addUpload(upload) {
      const { numInsertedOrUpdatedRows } = await db
        .insertInto('uploads')
        .values(toRow(upload))
        .onConflict((conflict) => conflict.columns(['appId', 'fileSha', 'uid']).doNothing())
        .executeTakeFirstOrThrow()
      return (numInsertedOrUpdatedRows ?? 0n) > 0n
    },

    async adoptFacts(fileId, change) {
      const { numUpdatedRows } = await db
        .updateTable('uploads')
        .set(changeToRow(change))
        .where('fileId', '=', fileId)
        .where('state', '=', 'open')
        .executeTakeFirstOrThrow()
      return numUpdatedRows > 0n
    },

    async adoptGeometry(fileId, geometry) {
      const { numUpdatedRows } = await db
        .updateTable('uploads')
        .set({ fileId: geometry.fileId, fileSize: geometry.fileSize, dataSize: geometry.dataSize })
        .where('fileId', '=', fileId)
        .where('state', '=', 'open')
        .where(({ not, exists, selectFrom }) =>
          not(exists(selectFrom('parts').select('parts.fileId').where('parts.fileId', '=', fileId))),
        )
        .executeTakeFirstOrThrow()
      return numUpdatedRows > 0n
    },

    async touchUpload(fileId, touchedAt) {
      await db.updateTable('uploads').set({ touchedAt }).where('fileId', '=', fileId).execute()
    },

    listParts: (fileId) =>
      db
        .selectFrom('parts')
        .select(['offset', 'dataSize', 'dataMd5'])
        .where('fileId', '=', fileId)
        .orderBy('offset')
        .execute(),

    async findPart(fileId, offset) {
      const [part] = (await findPart(db, fileId, offset)).rows
      return part
    },

    addPart: groupCommit(async (parts) => {
      const startedAt = performance.now()
      const recorded = await addParts(parts)
      onCommit(performance.now() - startedAt, parts.length)
      return recorded
    }, maxPartsPerTransaction),

    dropPart: (fileId, offset) =>
      db.transaction().execute(async (transaction) => {
        // Writing to the upload's row keeps a Finish in another process from starting in between.
        const { numUpdatedRows } = await transaction
          .updateTable('uploads')
          .set((row) => ({ touchedAt: row.ref('touchedAt') }))
          .where('fileId', '=', fileId)
          .where('state', '=', 'open')
          .executeTakeFirstOrThrow()
        if (numUpdatedRows === 0n) return false
        await transaction.deleteFrom('parts').where('fileId', '=', fileId).where('offset', '=', offset).execute()
        return true
      }),

    async beginFinish(fileId, change) {
      const { numUpdatedRows } = await db
        .updateTable('uploads')
        .set({ ...changeToRow(change), state: 'finishing' })
        .where('fileId', '=', fileId)
        .where('state', '=', 'open')
        .where(({ eb, ref, selectFrom }) => {
          const stored = selectFrom('parts').select(({ fn }) => fn.sum<number>('parts.dataSize').as('bytes'))
          return eb(stored.where('parts.fileId', '=', fileId), '=', ref('uploads.fileSize'))
        })
        .executeTakeFirstOrThrow()
      return numUpdatedRows > 0n
    },

    dropUpload: (fileId, state) =>
      db.transaction().execute(async (transaction) => {
        const { numDeletedRows } = await transaction
          .deleteFrom('uploads')
          .where('fileId', '=', fileId)
          .where('state', '=', state)
          .executeTakeFirstOrThrow()
        if (numDeletedRows === 0n) return false
        await transaction.deleteFrom('parts').where('fileId', '=', fileId).execute()
        await discardLater(transaction, [fileId])
        return true
      }),

    async listUploads(state) {
      return (await db.selectFrom('uploads').selectAll().where('state', '=', state).execute()).map(toUpload)
    },

    async countUploads() {
      const { count } = await db
        .selectFrom('uploads')
        .select(({ fn }) => fn.countAll().as('count'))
        .executeTakeFirstOrThrow()
      return Number(count)
    },

    async listExpired(touchedBefore, limit) {
      const rows = await db
        .selectFrom('uploads')
        .selectAll()
        .where('touchedAt', '<', touchedBefore)
        .orderBy('touchedAt')
        .limit(limit)
        .execute()
      return rows.map(toUpload)
    },

    async whichUploads(fileIds) {
      const rows = await db.selectFrom('uploads').select('fileId').where('fileId', 'in', fileIds).execute()
      return new Set(rows.map((row) => row.fileId))
    },
  }
}

/**
 * Records a group of parts in one transaction, in turn. Each upload's row is written before its parts, which keeps it
 * from being finished or ended by anyone else until the transaction is through.
 */
function partRecorder(db: Database): (parts: PartRecord[]) => Promise<boolean[]> {
  const touchOpen = prepare((fileId: string, fileSize: number, dataSize: number, touchedAt: number) =>
    db
      .updateTable('uploads')
      .set({ touchedAt })
      .where('fileId', '=', fileId)
      .where('state', '=', 'open')
      .where('fileSize', '=', fileSize)
      .where('dataSize', '=', dataSize)
      .returning('fileId'),
  )
  const insert = prepare((fileId: string, offset: number, dataSize: number, dataMd5: string) =>
    db
      .insertInto('parts')
      .values({ fileId, offset, dataSize, dataMd5 })
      // Another process may have stored the same part meanwhile.
      .onConflict((conflict) => conflict.columns(['fileId', 'offset']).doUpdateSet({ dataMd5 })),
  )
  return (parts) =>
    db.transaction().execute(async (transaction) => {
      const recorded: boolean[] = []
      const touched = new Map<string, boolean>()
      for (const { upload, offset, dataSize, dataMd5, storedAt } of parts) {
        const key = `${upload.fileId} ${upload.fileSize} ${upload.dataSize}`
        const open = touched.get(key) ?? (await isOpen(upload, storedAt))
        touched.set(key, open)
        if (open) await insert(transaction, upload.fileId, offset, dataSize, dataMd5)
        recorded.push(open)
      }
      return recorded

      async function isOpen({ fileId, fileSize, dataSize }: PartRecord['upload'], at: number): Promise<boolean> {
        return (await touchOpen(transaction, fileId, fileSize, dataSize, at)).rows.length > 0
      }
    })
}

function changeToRow({ facts, family, touchedAt }: UploadChange) {
  const { fileName, fileType, classId, tags, transcode, screenshot, watermark, coverOf } = facts
  return {
    fileName,
    fileType,
    classId,
    tags: JSON.stringify(tags),
    transcode: Number(transcode),
    screenshot: Number(screenshot),
    watermark: Number(watermark),
    coverOf: coverOf ?? null,
    family,
    touchedAt,
  }
}

function toRow(upload: Upload): Tables['uploads'] {
  const { fileId, appId, uid, fileSha, fileSize, dataSize, family, state, createdAt, touchedAt } = upload
  const key = { fileId, appId, uid, fileSha, fileSize, dataSize, state, createdAt }
  return { ...key, ...changeToRow({ facts: upload, family, touchedAt }) }
}

function toUpload(row: Selectable<Tables['uploads']>): Upload {
  return {
    ...row,
    tags: JSON.parse(row.tags) as string[], // written by toRow
    transcode: row.transcode === 1,
    screenshot: row.screenshot === 1,
    watermark: row.watermark === 1,
    coverOf: row.coverOf ?? undefined,
  }
}
