import { join } from 'node:path'
import SQLite from 'better-sqlite3'
import { Kysely, type SqliteDatabase, SqliteDialect } from 'kysely'
import { type Database, kyselyStore, type StoreOptions } from './kysely-store.ts'
import type { Metadata } from './metadata.ts'
import { migrate } from './migrate.ts'
import type { Tables } from './tables.ts'

/** How long a statement waits for another process (the command line beside the service) to end its transaction. */
const busyTimeoutMs = 5_000

/** Opens the metadata store in `directory/sluice.db`, made and migrated when needed: WAL, every commit synced. */
export async function openSqlite(directory: string, options: StoreOptions = {}): Promise<Metadata> {
  const sqlite = new SQLite(join(directory, 'sluice.db'), { timeout: busyTimeoutMs })
  sqlite.pragma('journal_mode = WAL')
  sqlite.pragma('synchronous = FULL')
  sqlite.pragma('foreign_keys = ON')
  const db: Database = new Kysely<Tables>({ dialect: new SqliteDialect({ database: withStatementCache(sqlite) }) })
  await migrate(db)
  return kyselyStore(db, options)
}

/** Preparing a statement costs more than running it; the store's statements are few and come again. */
function withStatementCache(sqlite: SQLite.Database): SqliteDatabase {
  const statements = new Map<string, SQLite.Statement>()
  return {
    prepare(asked) {
      // On a full or failing disk SQLite has rolled back already; that there is nothing to roll back must not hide why.
      const sql = asked === 'rollback' && !sqlite.inTransaction ? 'select 1' : asked
      const known = statements.get(sql)
      if (known) return known
      const statement = sqlite.prepare(sql)
      if (statements.size < maxStatements) statements.set(sql, statement)
      return statement
    },
    close: () => sqlite.close(),
  }
}

/** Statements kept prepared; a group of parts makes one for each of its sizes. */
const maxStatements = 512
