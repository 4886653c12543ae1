import type { Database } from './kysely-store.ts'
import type { AppRecords } from './metadata.ts'

/** Apps and their key pairs. */
export function appRecords(db: Database): AppRecords {
  return {
    async addApp(app) {
      await db
        .insertInto('apps')
        .values(app)
        .onConflict((conflict) => conflict.column('appId').doNothing())
        .execute()
    },

    findApp: (appId) => db.selectFrom('apps').selectAll().where('appId', '=', appId).executeTakeFirst(),

    listApps: () => db.selectFrom('apps').selectAll().orderBy('appId').execute(),

    async setAppDisabled(appId, disabledAt) {
      const { numUpdatedRows } = await db
        .updateTable('apps')
        .set({ disabledAt })
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
