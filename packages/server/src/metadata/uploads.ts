import type { Selectable } from 'kysely'
import { groupCommit } from '../engine/group-commit.ts'
import type { Database } from './kysely-store.ts'
import type { PartRecord, Upload, UploadChange, UploadRecords } from './metadata.ts'
import type { Tables } from './tables.ts'

/** Rows a statement may insert at once: SQLite takes 32,766 values, a part has four. */
const maxPartsPerTransaction = 1_000

/** Uploads and their parts. */
export function uploadRecords(db: Database, onCommit: (durationMs: number, parts: number) => void): UploadRecords {
  return {
    async findUpload({ appId, uid, fileSha }) {
      const row = await db
        .selectFrom('uploads')
        .selectAll()
        .where('appId', '=', appId)
        .where('fileSha', '=', fileSha)
        .where('uid', 'in', [uid, ''])
        .orderBy('uid', 'desc')
        .limit(1)
        .executeTakeFirst()
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

    async adoptGeometry(fileId, { fileSize, dataSize }) {
      const { numUpdatedRows } = await db
        .updateTable('uploads')
        .set({ fileSize, dataSize })
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

    findPart: (fileId, offset) =>
      db
        .selectFrom('parts')
        .select(['offset', 'dataSize', 'dataMd5'])
        .where('fileId', '=', fileId)
        .where('offset', '=', offset)
        .executeTakeFirst(),

    addPart: groupCommit(async (parts) => {
      const startedAt = performance.now()
      const recorded = await addParts(db, parts)
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

/** Records a group of parts in one transaction; the uploads' rows are written first, which keeps them open until it ends. */
function addParts(db: Database, parts: PartRecord[]): Promise<boolean[]> {
  return db.transaction().execute(async (transaction) => {
    const fileIds = [...new Set(parts.map((part) => part.upload.fileId))]
    const open = await transaction
      .updateTable('uploads')
      .set({ touchedAt: Math.max(...parts.map((part) => part.storedAt)) })
      .where('fileId', 'in', fileIds)
      .where('state', '=', 'open')
      .returning(['fileId', 'fileSize', 'dataSize'])
      .execute()
    const fits = parts.map(({ upload }) =>
      open.some(
        (row) => row.fileId === upload.fileId && row.fileSize === upload.fileSize && row.dataSize === upload.dataSize,
      ),
    )
    const rows = parts
      .filter((_, index) => fits[index])
      .map(({ upload, offset, dataSize, dataMd5 }) => ({ fileId: upload.fileId, offset, dataSize, dataMd5 }))
    if (rows.length > 0) {
      const insert = transaction.insertInto('parts').values(rows)
      // Another process may have stored the same part meanwhile.
      await insert
        .onConflict((conflict) =>
          conflict.columns(['fileId', 'offset']).doUpdateSet((row) => ({ dataMd5: row.ref('excluded.dataMd5') })),
        )
        .execute()
    }
    return fits
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
