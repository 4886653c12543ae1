import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** What is known of the sound and pictures in a file. Files that are there already are looked at once, too. */
export const media: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .alterTable('files')
      .addColumn('media', 'text', (column) => column.notNull().defaultTo('unprobed'))
      .execute()
    await db.schema
      .createIndex('filesUnprobed')
      .on('files')
      .column('createdAt')
      .where(sql.ref('media'), '=', 'unprobed')
      .execute()
  },
}
