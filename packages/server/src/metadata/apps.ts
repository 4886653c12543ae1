import type { Selectable } from 'kysely'
import type { Database } from './kysely-store.ts'
import type { App, AppRecords } from './metadata.ts'
import type { Tables } from './tables.ts'

/** Apps and their key pairs. */
export function appRecords(db: Database): AppRecords {
  return {
    async addApp(app) {
      await db
        .insertInto('apps')
        .values({ ...app, settings: JSON.stringify(app.settings) })
        .onConflict((conflict) => conflict.column('appId').doNothing())
        .execute()
    },

    async findApp(appId) {
      const row = await db.selectFrom('apps').selectAll().where('appId', '=', appId).executeTakeFirst()
      return row && toApp(row)
    },

    async listApps() {
      return (await db.selectFrom('apps').selectAll().orderBy('appId').execute()).map(toApp)
    },

    async setAppDisabled(appId, disabledAt) {
      const { numUpdatedRows } = await db
        .updateTable('apps')
        .set({ disabledAt })
        .where('appId', '=', appId)
        .executeTakeFirstOrThrow()
      return numUpdatedRows > 0n
    },

    async setAppSettings(appId, settings) {
      const { numUpdatedRows } = await db
        .updateTable('apps')
        .set({ settings: JSON.stringify(settings) })
        .where('appId', '=', appId)
        .executeTakeFirstOrThrow()
      return numUpdatedRows > 0n
    },

    async putCredential(credential) {
      const { secretKey, expiresAt, appId } = credential
      const { numInsertedOrUpdatedRows } = await db
        .insertInto('credentials')
        .values(credential)
        .onConflict((conflict) =>
          conflict.column('secretId').doUpdateSet({ secretKey, expiresAt }).where('credentials.appId', '=', appId),
        )
        .executeTakeFirstOrThrow()
      return (numInsertedOrUpdatedRows ?? 0n) > 0n
    },

    findCredential: (secretId) =>
      db.selectFrom('credentials').selectAll().where('secretId', '=', secretId).executeTakeFirst(),

    listCredentials: (appId) =>
      db.selectFrom('credentials').selectAll().where('appId', '=', appId).orderBy('createdAt').execute(),

    rotateCredential: (credential, expireOthersAt) =>
      db.transaction().execute(async (transaction) => {
        await transaction
          .updateTable('credentials')
          .set({ expiresAt: expireOthersAt })
          .where('appId', '=', credential.appId)
          .where((or) => or.or([or('expiresAt', 'is', null), or('expiresAt', '>', expireOthersAt)]))
          .execute()
        await transaction.insertInto('credentials').values(credential).execute()
      }),
  }
}

function toApp({ lastClassId: _, ...row }: Selectable<Tables['apps']>): App {
  return { ...row, settings: JSON.parse(row.settings) as App['settings'] } // written by addApp and setAppSettings
}
