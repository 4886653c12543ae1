import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** What backends manage: classes, descriptions, when a file ends, and what is left of deleted ones. */
export const management: Migration = {
  async up(db: Kysely<{ files: { createdAt: number; updatedAt: number } }>): Promise<void> {
    await db.schema
      .alterTable('files')
      .addColumn('description', 'text', (column) => column.notNull().defaultTo(''))
      .execute()
    await db.schema
      .alterTable('files')
      .addColumn('updatedAt', 'bigint', (column) => column.notNull().defaultTo(0))
      .execute()
    await db.schema.alterTable('files').addColumn('expireAt', 'bigint').execute()
    await db
      .updateTable('files')
      .set(({ ref }) => ({ updatedAt: ref('createdAt') }))
      .execute()
    await db.schema.createIndex('filesByExpiry').on('files').columns(['expireAt']).execute()

    await db.schema
      .alterTable('apps')
      .addColumn('lastClassId', 'bigint', (column) => column.notNull().defaultTo(0))
      .execute()
    await db.schema
      .createTable('classes')
      .addColumn('appId', 'bigint', (column) => column.notNull().references('apps.appId'))
      .addColumn('classId', 'bigint', (column) => column.notNull())
      .addColumn('parentId', 'bigint', (column) => column.notNull())
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('createdAt', 'bigint', (column) => column.notNull())
      .addColumn('updatedAt', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('classesKey', ['appId', 'classId'])
      .execute()

    await db.schema
      .createTable('discards')
      .addColumn('blobId', 'text', (column) => column.primaryKey())
      .execute()
  },
}
