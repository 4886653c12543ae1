import { type Kysely, SqliteAdapter, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** The tables of the first version. Column types are those both SQLite and PostgreSQL know. */
export const uploads: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createTable('apps')
      .addColumn('appId', 'bigint', (column) => column.primaryKey())
      .addColumn('verifyKey', 'text', (column) => column.notNull())
      .addColumn('disabledAt', 'bigint')
      .addColumn('createdAt', 'bigint', (column) => column.notNull())
      .execute()

    await db.schema
      .createTable('credentials')
      .addColumn('secretId', 'text', (column) => column.primaryKey())
      .addColumn('secretKey', 'text', (column) => column.notNull())
      .addColumn('appId', 'bigint', (column) => column.notNull().references('apps.appId'))
      .addColumn('expiresAt', 'bigint')
      .addColumn('createdAt', 'bigint', (column) => column.notNull())
      .execute()

    await db.schema
      .createTable('uploads')
      .addColumn('fileId', 'text', (column) => column.primaryKey())
      .addColumn('appId', 'bigint', (column) => column.notNull().references('apps.appId'))
      .addColumn('uid', 'text', (column) => column.notNull())
      .addColumn('fileSha', 'text', (column) => column.notNull())
      .addColumn('family', 'text', (column) => column.notNull())
      .addColumn('fileSize', 'bigint', (column) => column.notNull())
      .addColumn('dataSize', 'bigint', (column) => column.notNull())
      .addColumn('fileName', 'text', (column) => column.notNull())
      .addColumn('fileType', 'text', (column) => column.notNull())
      .addColumn('classId', 'bigint', (column) => column.notNull())
      .addColumn('tags', 'text', (column) => column.notNull())
      .addColumn('transcode', 'integer', (column) => column.notNull())
      .addColumn('screenshot', 'integer', (column) => column.notNull())
      .addColumn('watermark', 'integer', (column) => column.notNull())
      .addColumn('coverOf', 'text')
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('createdAt', 'bigint', (column) => column.notNull())
      .addColumn('touchedAt', 'bigint', (column) => column.notNull())
      .addUniqueConstraint('uploadsKey', ['appId', 'fileSha', 'uid'])
      .execute()
    await db.schema.createIndex('uploadsByTouch').on('uploads').columns(['touchedAt']).execute()

    // Parts outlive their upload: Init lists them for finished files too.
    await db.schema
      .createTable('parts')
      .addColumn('fileId', 'text', (column) => column.notNull())
      .addColumn('offset', 'bigint', (column) => column.notNull())
      .addColumn('dataSize', 'bigint', (column) => column.notNull())
      .addColumn('dataMd5', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('partsKey', ['fileId', 'offset'])
      // Rows in their key's own tree: a group of parts then changes one page, and a sync writes one.
      .modifyEnd(db.getExecutor().adapter instanceof SqliteAdapter ? sql`without rowid` : sql``)
      .execute()

    await db.schema
      .createTable('files')
      .addColumn('fileId', 'text', (column) => column.primaryKey())
      .addColumn('appId', 'bigint', (column) => column.notNull().references('apps.appId'))
      .addColumn('fileSha', 'text', (column) => column.notNull())
      .addColumn('fileSize', 'bigint', (column) => column.notNull())
      .addColumn('dataSize', 'bigint', (column) => column.notNull())
      .addColumn('fileName', 'text', (column) => column.notNull())
      .addColumn('fileType', 'text', (column) => column.notNull())
      .addColumn('classId', 'bigint', (column) => column.notNull())
      .addColumn('tags', 'text', (column) => column.notNull())
      .addColumn('coverId', 'text')
      .addColumn('createdAt', 'bigint', (column) => column.notNull())
      .addUniqueConstraint('filesBySha', ['appId', 'fileSha'])
      .execute()
    await db.schema.createIndex('filesByTime').on('files').columns(['appId', 'createdAt']).execute()

    await db.schema
      .createTable('covers')
      .addColumn('coverId', 'text', (column) => column.primaryKey())
      .addColumn('fileId', 'text', (column) => column.notNull().references('files.fileId'))
      .addColumn('appId', 'bigint', (column) => column.notNull())
      .addColumn('fileSha', 'text', (column) => column.notNull())
      .addColumn('fileSize', 'bigint', (column) => column.notNull())
      .addColumn('dataSize', 'bigint', (column) => column.notNull())
      .addColumn('fileType', 'text', (column) => column.notNull())
      .addColumn('createdAt', 'bigint', (column) => column.notNull())
      .addUniqueConstraint('coversBySha', ['appId', 'fileSha', 'fileId'])
      .execute()

    await db.schema
      .createTable('events')
      .addColumn('eventId', 'integer', (column) => column.primaryKey().autoIncrement())
      .addColumn('appId', 'bigint', (column) => column.notNull().references('apps.appId'))
      .addColumn('fileId', 'text', (column) => column.notNull())
      .addColumn('eventType', 'text', (column) => column.notNull())
      .addColumn('content', 'text', (column) => column.notNull())
      .addColumn('createdAt', 'bigint', (column) => column.notNull())
      .execute()
    await db.schema.createIndex('eventsByApp').on('events').columns(['appId', 'eventId']).execute()
  },
}
