import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** What an app sets for itself. */
export const appSettings: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .alterTable('apps')
      .addColumn('settings', 'text', (column) => column.notNull().defaultTo('{}'))
      .execute()
  },
}
