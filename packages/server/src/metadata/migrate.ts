import { Migrator } from 'kysely/migration'
import type { Database } from './kysely-store.ts'
import { uploads } from './migrations/001-uploads.ts'

/** Brings a database to the newest version; processes that start at once do it one after the other. */
export async function migrate(db: Database): Promise<void> {
  const migrator = new Migrator({
    db,
    provider: { getMigrations: async () => ({ '001-uploads': uploads }) },
  })
  const { error } = await migrator.migrateToLatest()
  if (error) throw new Error('the metadata store could not be migrated', { cause: error })
}
