import { join } from 'node:path'
import SQLite from 'better-sqlite3'

/**
 * Claims a data directory for this process, until it is released or the process ends in whatever way: a second service on
 * the same directory would finish the same uploads. The operating system's lock under SQLite does it. Throws when taken.
 */
export function lockDataDir(directory: string): { release: () => void } {
  const lock = new SQLite(join(directory, 'lock.db'), { timeout: 0 })
  try {
    lock.pragma('journal_mode = DELETE')
    lock.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    lock.close()
    if ((error as { code?: unknown }).code !== 'SQLITE_BUSY') throw error
    throw new Error(`the data directory ${directory} is in use by another sluice serve`)
  }
  return { release: () => lock.close() }
}
