import { ProtocolError } from '@sluice/protocol'
import type { Kysely } from 'kysely'
import { appRecords } from './apps.ts'
import { classRecords } from './classes.ts'
import { deletionRecords } from './deletions.ts'
import { eventRecords } from './events.ts'
import { fileRecords } from './files.ts'
import type { Metadata } from './metadata.ts'
import { pullRecords } from './pulls.ts'
import type { Tables } from './tables.ts'
import { uploadRecords } from './uploads.ts'

/** A database of ours. */
export type Database = Kysely<Tables>

export interface StoreOptions {
  /** Told how long each transaction of parts took, in milliseconds, and how many parts it held. */
  readonly onCommit?: (durationMs: number, parts: number) => void
  /** Told of each event, once it is recorded for good, whose it is. */
  readonly onEvent?: (appId: number) => void
}

/** The metadata store on any database Kysely speaks to; the database is migrated and the store's to close. */
export function kyselyStore(db: Database, { onCommit = () => {}, onEvent = () => {} }: StoreOptions = {}): Metadata {
  return {
    ...guarded(appRecords(db)),
    ...guarded(uploadRecords(db, onCommit)),
    ...guarded(fileRecords(db, onEvent)),
    ...guarded(deletionRecords(db, onEvent)),
    ...guarded(classRecords(db)),
    ...guarded(eventRecords(db)),
    ...guarded(pullRecords(db, onEvent)),
    close: () => db.destroy(),
  }
}

/** Gives a failure of the database the protocol's name: methods that only look are called find, recall, list, count or which. */
function guarded<Records extends object>(records: Records): Records {
  type Method = (...args: unknown[]) => Promise<unknown>
  const methods = Object.entries(records as Record<string, Method>).map(([name, method]) => {
    const onlyLooks = /^(find|recall|list|count|which)/.test(name)
    const guard: Method = async (...args) => {
      try {
        return await method(...args)
      } catch (cause) {
        const message = onlyLooks ? 'the metadata store could not be read' : 'the metadata store could not be written'
        const codeDesc = String((cause as { code?: unknown }).code ?? '')
        throw new ProtocolError(onlyLooks ? 'readFailed' : 'writeFailed', message, { codeDesc, cause })
      }
    }
    return [name, guard]
  })
  return Object.fromEntries(methods) as Records // the same names, each method behind its guard
}
