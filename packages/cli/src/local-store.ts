import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Metadata } from '@sluice/server'

/** The data directory commands on the service's own machine work on. */
export function dataDirectory(): string {
  return resolve(process.env['SLUICE_DATA_DIR'] || './data')
}

/** Whether there is a metadata store in the data directory. */
export function hasLocalStore(): boolean {
  return existsSync(join(dataDirectory(), 'sluice.db'))
}

/** Opens the metadata store of the data directory beside a running service, if any, and closes it afterwards. */
export async function withLocalStore<T>(work: (metadata: Metadata) => Promise<T>): Promise<T> {
  if (!hasLocalStore()) {
    throw new Error(
      `there is no service's data in ${dataDirectory()}: start sluice serve first, or set SLUICE_DATA_DIR`,
    )
  }
  const { openSqlite } = await import('@sluice/server/sqlite')
  const metadata = await openSqlite(dataDirectory())
  try {
    return await work(metadata)
  } finally {
    await metadata.close()
  }
}
