import type { Selectable } from 'kysely'
import { groupCommit } from '../engine/group-commit.ts'
import { discardLater } from './deletions.ts'
import type { Database } from './kysely-store.ts'
import { joinsServerFamily, type PartRecord, type Upload, type UploadChange, type UploadRecords } from './metadata.ts'
import { prepare, prepareRows } from './prepared.ts'
import type { Tables } from './tables.ts'

/** Parts recorded in one transaction at most: there is one statement for each number of them. */
const maxPartsPerTransaction = 100

/** Uploads and their parts. */
export function uploadRecords(db: Database, onCommit: (durationMs: number, parts: number) => void): UploadRecords {
  const findByKey = prepare((appId: number, fileSha: string, uid: string) =>
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
  const findUpload: UploadRecords['findUpload'] = async ({ appId, uid, fileSha }) => {
    const [own] = (await findByKey(db, appId, fileSha, uid)).rows
    const [row] = own || !joinsServerFamily(uid) ? [own] : (await findByKey(db, appId, fileSha, '')).rows
    return row && toUpload(row)
  }

  return {
    findUpload,
    recallUpload: findUpload,

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
 * Records a group of parts in one statement: each where its upload is open. SQLite has one writer at a time, so that
 * nothing finishes or ends an upload in the middle of it.
 */
function partRecorder(db: Database): (parts: PartRecord[]) => Promise<boolean[]> {
  type Row = [fileId: string, offset: number, dataSize: number, dataMd5: string]
  const partOfOpen = ([fileId, offset, dataSize, dataMd5]: Row) =>
    db
      .selectFrom('uploads')
      .select(({ cast, val }) => [
        'fileId',
        cast<number>(val(offset), 'bigint').as('offset'),
        cast<number>(val(dataSize), 'bigint').as('dataSize'),
        cast<string>(val(dataMd5), 'text').as('dataMd5'),
      ])
      .where('fileId', '=', fileId)
      .where('state', '=', 'open')
  const insert = prepareRows((rows: Row[]) => {
    const [first, ...others] = rows.map(partOfOpen) as [ReturnType<typeof partOfOpen>] // there is no empty group
    return (
      db
        .insertInto('parts')
        .columns(['fileId', 'offset', 'dataSize', 'dataMd5'])
        .expression(others.reduce((all, other) => all.unionAll(other), first))
        // Another process may have stored the same part meanwhile.
        .onConflict((conflict) =>
          conflict.columns(['fileId', 'offset']).doUpdateSet(({ ref }) => ({ dataMd5: ref('excluded.dataMd5') })),
        )
        .returning(['fileId', 'offset'])
    )
  }, 4)
  const placeOf = ({ fileId, offset }: Pick<PartRecord, 'fileId' | 'offset'>) => `${fileId} ${offset}`
  return async (parts) => {
    const latest = new Map(parts.map((part) => [placeOf(part), part])) // of two at the same place, the later one
    const rows = Array.from(latest.values(), (part): Row => [part.fileId, part.offset, part.dataSize, part.dataMd5])
    const recorded = new Set((await insert(db, rows)).rows.map(placeOf))
    return parts.map((part) => recorded.has(placeOf(part)))
  }
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
