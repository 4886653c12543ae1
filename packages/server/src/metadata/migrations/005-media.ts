import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** What is known of the sound and pictures in a file (those that are there already are looked at, too), and pulls. */
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

    // Files to be fetched from elsewhere. A row goes when its task ends.
    await db.schema
      .createTable('pulls')
      .addColumn('taskId', 'text', (column) => column.primaryKey())
      .addColumn('appId', 'bigint', (column) => column.notNull().references('apps.appId'))
      .addColumn('fileId', 'text', (column) => column.notNull().unique())
      .addColumn('url', 'text', (column) => column.notNull())
      .addColumn('fileName', 'text', (column) => column.notNull())
      .addColumn('fileType', 'text', (column) => column.notNull())
      .addColumn('fileMd5', 'text')
      .addColumn('classId', 'bigint', (column) => column.notNull())
      .addColumn('tags', 'text', (column) => column.notNull())
      .addColumn('attempts', 'integer', (column) => column.notNull())
      .addColumn('leaseId', 'text')
      .addColumn('leasedUntil', 'bigint', (column) => column.notNull())
      .addColumn('createdAt', 'bigint', (column) => column.notNull())
      .execute()
    await db.schema.createIndex('pullsByApp').on('pulls').columns(['appId']).execute()
    await db.schema.createIndex('pullsByTime').on('pulls').columns(['createdAt']).execute()
  },
}
