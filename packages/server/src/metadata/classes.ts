import type { Transaction } from 'kysely'
import type { Database } from './kysely-store.ts'
import type { ClassRecords } from './metadata.ts'
import type { Tables } from './tables.ts'

/** The classes of apps. */
export function classRecords(db: Database): ClassRecords {
  return {
    addClass: ({ appId, parentId, name, createdAt }) =>
      db.transaction().execute(async (transaction) => {
        await holdClasses(transaction, appId)
        if (parentId !== -1 && !(await isClass(transaction, appId, parentId))) return undefined
        const classId = await takeClassId(transaction, appId)
        const row = { appId, classId, parentId, name, createdAt, updatedAt: createdAt }
        await transaction.insertInto('classes').values(row).execute()
        return row
      }),

    listClasses: (appId) =>
      db.selectFrom('classes').selectAll().where('appId', '=', appId).orderBy('classId').execute(),

    async renameClass({ appId, classId }, name, updatedAt) {
      const { numUpdatedRows } = await db
        .updateTable('classes')
        .set({ name, updatedAt })
        .where('appId', '=', appId)
        .where('classId', '=', classId)
        .executeTakeFirstOrThrow()
      return numUpdatedRows > 0n
    },

    dropClass: ({ appId, classId }) =>
      db.transaction().execute(async (transaction) => {
        await holdClasses(transaction, appId)
        const { numDeletedRows } = await transaction
          .deleteFrom('classes')
          .where('appId', '=', appId)
          .where('classId', '=', classId)
          .where(({ not, exists, selectFrom }) =>
            not(
              exists(
                selectFrom('classes as below')
                  .select('below.classId')
                  .where('below.appId', '=', appId)
                  .where('below.parentId', '=', classId),
              ),
            ),
          )
          .where(({ not, exists, selectFrom }) =>
            not(
              exists(
                selectFrom('files')
                  .select('files.fileId')
                  .where('files.appId', '=', appId)
                  .where('files.classId', '=', classId),
              ),
            ),
          )
          .executeTakeFirstOrThrow()
        return numDeletedRows > 0n
      }),

    async countFilesByClass(appId) {
      const rows = await db
        .selectFrom('files')
        .select(['classId', ({ fn }) => fn.countAll().as('count')])
        .where('appId', '=', appId)
        .groupBy('classId')
        .execute()
      return new Map(rows.map(({ classId, count }) => [classId, Number(count)]))
    },
  }
}

/** Writing the app's row first keeps others from changing its classes until the transaction is through. */
async function holdClasses(transaction: Transaction<Tables>, appId: number): Promise<void> {
  await transaction
    .updateTable('apps')
    .set(({ ref }) => ({ lastClassId: ref('lastClassId') }))
    .where('appId', '=', appId)
    .execute()
}

async function takeClassId(transaction: Transaction<Tables>, appId: number): Promise<number> {
  const { lastClassId } = await transaction
    .updateTable('apps')
    .set(({ eb }) => ({ lastClassId: eb('lastClassId', '+', 1) }))
    .where('appId', '=', appId)
    .returning('lastClassId')
    .executeTakeFirstOrThrow()
  return lastClassId
}

async function isClass(transaction: Transaction<Tables>, appId: number, classId: number): Promise<boolean> {
  const row = await transaction
    .selectFrom('classes')
    .select('classId')
    .where('appId', '=', appId)
    .where('classId', '=', classId)
    .executeTakeFirst()
  return row !== undefined
}
