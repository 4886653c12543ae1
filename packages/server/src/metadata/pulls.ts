import type { Selectable } from 'kysely'
import { discardLater } from './deletions.ts'
import { recordEvent } from './events.ts'
import { insertFile } from './files.ts'
import type { Database } from './kysely-store.ts'
import type { ClaimedPull, Pull, PullRecords } from './metadata.ts'
import type { Tables } from './tables.ts'

/** Parts written by one statement. */
const partsAtOnce = 500

/** Files to be fetched from elsewhere. */
export function pullRecords(db: Database, onEvent: (appId: number) => void): PullRecords {
  /** The task, while it is held under that lease. */
  const held = ({ taskId, leaseId, attempts }: ClaimedPull, leasedUntil: number) =>
    db.updateTable('pulls').set({ leasedUntil, attempts }).where('taskId', '=', taskId).where('leaseId', '=', leaseId)

  return {
    addPulls: (pulls, maxWaiting) =>
      db.transaction().execute(async (transaction) => {
        const [appId] = pulls.map((pull) => pull.appId)
        if (appId === undefined) return true
        // Writing the app's row first lets two calls at once not both find room.
        await transaction
          .updateTable('apps')
          .set((eb) => ({ createdAt: eb.ref('createdAt') }))
          .where('appId', '=', appId)
          .execute()
        const { waiting } = await transaction
          .selectFrom('pulls')
          .select(({ fn }) => fn.countAll().as('waiting'))
          .where('appId', '=', appId)
          .executeTakeFirstOrThrow()
        if (Number(waiting) + pulls.length > maxWaiting) return false
        const rows = pulls.map((pull) => ({ ...pull, tags: JSON.stringify(pull.tags), leaseId: null, leasedUntil: 0 }))
        await transaction.insertInto('pulls').values(rows).execute()
        return true
      }),

    async claimPull(leaseId, now, until) {
      for (;;) {
        const due = await db
          .selectFrom('pulls')
          .innerJoin('apps', 'apps.appId', 'pulls.appId')
          .select('taskId')
          .where('leasedUntil', '<=', now)
          .where('apps.disabledAt', 'is', null)
          .orderBy(({ selectFrom, fn }) =>
            selectFrom('pulls as others')
              .select(fn.countAll().as('underWay'))
              .whereRef('others.appId', '=', 'pulls.appId')
              .where('others.leasedUntil', '>', now),
          )
          .orderBy('pulls.createdAt')
          .orderBy('taskId')
          .limit(1)
          .executeTakeFirst()
        if (!due) return undefined
        const claimed = await db
          .updateTable('pulls')
          .set((eb) => ({ leaseId, leasedUntil: until, attempts: eb('attempts', '+', 1) }))
          .where('taskId', '=', due.taskId)
          .where('leasedUntil', '<=', now)
          .returningAll()
          .executeTakeFirst()
        if (claimed) return { ...toPull(claimed), leaseId }
      }
    },

    async renewPull(pull, until) {
      return ((await held(pull, until).executeTakeFirstOrThrow()).numUpdatedRows ?? 0n) > 0n
    },

    async retryPull(pull, dueAt) {
      await held(pull, dueAt).execute()
    },

    async finishPull({ taskId, leaseId }, file, parts, event) {
      const finished = await db
        .transaction()
        .execute(async (transaction) => {
          const { numDeletedRows } = await transaction
            .deleteFrom('pulls')
            .where('taskId', '=', taskId)
            .where('leaseId', '=', leaseId)
            .executeTakeFirstOrThrow()
          if (numDeletedRows === 0n) return undefined
          const made = await insertFile(transaction, file)
          if (made !== file) throw new AlreadyThere(made)
          for (let at = 0; at < parts.length; at += partsAtOnce) {
            const rows = parts.slice(at, at + partsAtOnce).map((part) => ({ fileId: file.fileId, ...part }))
            await transaction.insertInto('parts').values(rows).execute()
          }
          await recordEvent(transaction, file, event)
          return file
        })
        .catch((error: unknown) => {
          if (error instanceof AlreadyThere) return error.file
          throw error
        })
      if (finished === file) onEvent(file.appId)
      return finished
    },

    async endPull({ taskId, leaseId, appId, fileId }, event, endedAt) {
      const ended = await db.transaction().execute(async (transaction) => {
        const { numDeletedRows } = await transaction
          .deleteFrom('pulls')
          .where('taskId', '=', taskId)
          .where('leaseId', '=', leaseId)
          .executeTakeFirstOrThrow()
        if (numDeletedRows === 0n) return false
        await discardLater(transaction, [fileId])
        await recordEvent(transaction, { appId, fileId: event.data.fileId || fileId, createdAt: endedAt }, event)
        return true
      })
      if (ended) onEvent(appId)
      return ended
    },

    async whichPulls(fileIds) {
      const rows = await db.selectFrom('pulls').select('fileId').where('fileId', 'in', fileIds).execute()
      return new Set(rows.map((row) => row.fileId))
    },
  }
}

/** Undoes the transaction of a pull whose bytes the app has already. */
class AlreadyThere extends Error {
  readonly file
  constructor(file: Awaited<ReturnType<typeof insertFile>>) {
    super('the app has that file')
    this.file = file
  }
}

function toPull({ leasedUntil: _, leaseId: __, ...row }: Selectable<Tables['pulls']>): Pull {
  return { ...row, tags: JSON.parse(row.tags) as string[] } // written by addPulls
}
