import { Migrator } from 'kysely/migration'
import type { Database } from './kysely-store.ts'
import { uploads } from './migrations/001-uploads.ts'
import { appSettings } from './migrations/002-app-settings.ts'
import { management } from './migrations/003-management.ts'
import { eventDelivery } from './migrations/004-event-delivery.ts'
import { media } from './migrations/005-media.ts'

/** In the order of their names. What has been released is never changed. */
const migrations = {
  '001-uploads': uploads,
  '002-app-settings': appSettings,
  '003-management': management,
  '004-event-delivery': eventDelivery,
  '005-media': media,
}

/** Brings a database to the newest version; processes that start at once do it one after the other. */
export async function migrate(db: Database): Promise<void> {
  const migrator = new Migrator({
    db,
    provider: { getMigrations: async () => migrations },
  })
  const { error } = await migrator.migrateToLatest()
  if (error) throw new Error('the metadata store could not be migrated', { cause: error })
}
