import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import SQLite from 'better-sqlite3'
import { onTestFinished } from 'vitest'

type Value = string | number | null

/** The tables of a service, read and edited past it through a connection of their own. */
export interface Tables {
  readonly all: <Row = Record<string, Value>>(sql: string, ...values: Value[]) => Row[]
  readonly run: (sql: string, ...values: Value[]) => void
}

/** Opens a service's tables until the test ends. */
export function tablesOf({ directory }: { readonly directory: string }): Tables {
  const database = new SQLite(join(directory, 'sluice.db'), { timeout: 5_000 })
  onTestFinished(() => {
    database.close()
  })
  return {
    all: <Row>(sql: string, ...values: Value[]) => database.prepare(sql).all(...values) as Row[],
    run: (sql, ...values) => {
      database.prepare(sql).run(...values)
    },
  }
}

/** The row of the one upload of these bytes. */
export function uploadRow(service: { readonly directory: string }, fileSha: string): Record<string, Value> {
  const rows = tablesOf(service).all('select * from uploads where fileSha = ?', fileSha)
  if (rows.length !== 1 || !rows[0]) throw new Error(`${rows.length} uploads of ${fileSha}`)
  return rows[0]
}

/** The id of the one upload of these bytes. */
export function uploadId(service: { readonly directory: string }, fileSha: string): string {
  return String(uploadRow(service, fileSha)['fileId'])
}

/** Leaves the uploads of these bytes where a Finish that runs, or was cut off, has them. */
export function leaveFinishing(service: { readonly directory: string }, fileSha: string): void {
  tablesOf(service).run("update uploads set state = 'finishing' where fileSha = ?", fileSha)
}

/** The events recorded so far, in order. */
export function recordedEvents(service: { readonly directory: string }): unknown[] {
  const rows = tablesOf(service).all<{ content: string }>('select content from events order by eventId')
  return rows.map((row) => JSON.parse(row.content) as unknown)
}

/** The names of the blobs that are not sealed. */
export function unsealedBlobs({ directory }: { readonly directory: string }): string[] {
  return readdirSync(join(directory, 'uploads')).sort()
}

/** The names of the sealed blobs. */
export function sealedBlobs({ directory }: { readonly directory: string }): string[] {
  const files = join(directory, 'files')
  return readdirSync(files)
    .flatMap((name) => readdirSync(join(files, name)))
    .sort()
}
