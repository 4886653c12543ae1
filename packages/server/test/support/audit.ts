import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import SQLite from 'better-sqlite3'

interface Row {
  id: string
  fileSha: string
  fileSize: number
  state: string
}

export interface AuditOptions {
  /** Finished files whose bytes were looked at before; this audit adds those it looked at. */
  readonly seen?: Set<string>
}

/**
 * Looks at a data directory from outside, in the database and on the disk, and says what in it is half-done or wrong:
 * files and covers without their very bytes or their one event, recorded parts that are not on the disk, bytes and rows
 * that belong to nothing.
 */
export function audit(directory: string, { seen = new Set() }: AuditOptions = {}): string[] {
  const db = new SQLite(join(directory, 'sluice.db'), { readonly: true })
  try {
    return db.transaction(() => [
      ...wrongFiles(db, directory, seen),
      ...wrongEvents(db),
      ...wrongParts(db, directory),
      ...leftovers(db, directory),
    ])()
  } finally {
    db.close()
  }
}

const finished = `
  SELECT fileId AS id, fileSha, fileSize, '' AS state FROM files
  UNION ALL SELECT coverId, fileSha, fileSize, '' FROM covers`

const unfinished = 'SELECT fileId AS id, fileSha, fileSize, state FROM uploads'

function wrongFiles(db: SQLite.Database, directory: string, seen: Set<string>): string[] {
  const problems: string[] = []
  for (const { id, fileSha, fileSize } of db.prepare<[], Row>(finished).all()) {
    const stored = db.prepare('SELECT sum(dataSize) FROM parts WHERE fileId = ?').pluck().get(id)
    if (stored !== fileSize) problems.push(`file ${id} has parts of ${stored} bytes, not ${fileSize}`)
    if (seen.has(id)) continue
    const path = sealedPath(directory, id)
    const found = existsSync(path) ? createHash('sha1').update(readFileSync(path)).digest('hex') : 'nothing'
    if (found !== fileSha) problems.push(`file ${id} must have SHA-1 ${fileSha}, on the disk is ${found}`)
    seen.add(id)
  }
  return problems
}

/** A file has the event of its upload, a deleted one that of its deletion too; a cover, and what became nothing, has none. */
function wrongEvents(db: SQLite.Database): string[] {
  const events = db.prepare<[], { id: string; types: string; file: number }>(`
    SELECT ids.fileId AS id,
      (SELECT count(*) FROM files WHERE files.fileId = ids.fileId) AS file,
      (SELECT coalesce(group_concat(eventType), '') FROM
        (SELECT eventType FROM events WHERE events.fileId = ids.fileId ORDER BY eventId)) AS types
    FROM (SELECT fileId FROM files UNION SELECT fileId FROM events) AS ids`)
  return events
    .all()
    .filter(({ types, file }) => types !== (file ? 'NewFileUpload' : 'NewFileUpload,FileDeleted'))
    .map(({ id, types, file }) => `file ${id}, which is ${file ? 'there' : 'not there'}, has the events: ${types}`)
}

function wrongParts(db: SQLite.Database, directory: string): string[] {
  const problems: string[] = []
  const owners = new Map(
    db
      .prepare<[], Row>(`${finished} UNION ALL ${unfinished}`)
      .all()
      .map((row) => [row.id, row]),
  )
  const parts = db.prepare<[], { fileId: string; offset: number; dataSize: number; dataMd5: string }>(
    'SELECT * FROM parts',
  )
  for (const { fileId, offset, dataSize, dataMd5 } of parts.all()) {
    const owner = owners.get(fileId)
    if (!owner) problems.push(`a part at ${offset} belongs to nothing: ${fileId}`)
    if (owner?.state !== 'open') continue
    const bytes = readFileSync(join(directory, 'uploads', fileId)).subarray(offset, offset + dataSize)
    const found = createHash('md5').update(bytes).digest('hex')
    if (found !== dataMd5)
      problems.push(`upload ${fileId} at ${offset} must have MD5 ${dataMd5}, on the disk is ${found}`)
  }
  return problems
}

/** Blobs that belong to nothing. An upload that is finishing may be sealed already. */
function leftovers(db: SQLite.Database, directory: string): string[] {
  const uploads = db.prepare<[], Row>(unfinished).all()
  const open = new Set(uploads.map((row) => row.id))
  const sealed = new Set(
    [...db.prepare<[], Row>(finished).all(), ...uploads.filter((row) => row.state === 'finishing')].map(
      (row) => row.id,
    ),
  )
  return [
    ...db
      .prepare<[], string>('SELECT blobId FROM discards')
      .pluck()
      .all()
      .map((id) => `blob ${id} is still to be discarded`),
    ...readdirSync(join(directory, 'uploads'))
      .filter((id) => !open.has(id))
      .map((id) => `uploads/${id} belongs to nothing`),
    ...sealedBlobs(directory)
      .filter((id) => !sealed.has(id))
      .map((id) => `files/${id.slice(-2)}/${id} belongs to nothing`),
  ]
}

/** The ids of all sealed blobs on the disk. */
export function sealedBlobs(directory: string): string[] {
  return readdirSync(join(directory, 'files')).flatMap((part) => readdirSync(join(directory, 'files', part)))
}

function sealedPath(directory: string, id: string): string {
  return join(directory, 'files', id.slice(-2), id)
}
