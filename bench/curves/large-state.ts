import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openSqlite } from '@sluice/server/sqlite'
import SQLite from 'better-sqlite3'
import { Connection } from '../load/connection.ts'
import { keys, vod } from '../load/protocols.ts'
import { type Spread, spread } from '../measure/compare.ts'
import { benchDirectory, startServer } from '../measure/server-process.ts'
import { sluice } from '../servers/servers.ts'

const mib = 1_048_576
const finishedFiles = 100_000
const openUploads = 1_000
const listedParts = 10_000

/** Times in milliseconds. */
export interface LargeState {
  /** From the start of the process to the first connection it takes, and the same on an empty directory. */
  readonly start: Spread | undefined
  readonly startEmpty: Spread | undefined
  /** InitUpload of an upload with 10,000 stored parts. */
  readonly init: Spread | undefined
}

/** Start-up with 100,000 files and 1,000 open uploads, and an Init that lists 10,000 parts. */
export async function measureLargeState(rounds: number): Promise<LargeState> {
  const template = mkdtempSync(join(benchDirectory, '.bench-'))
  try {
    const bigFile = await fill(template)
    const start: number[] = []
    const startEmpty: number[] = []
    const init: number[] = []
    for (let round = 0; round < rounds; round++) {
      startEmpty.push(await timeStart(8700 + 2 * round, undefined))
      const onFull = (port: number) => timeInits(port, bigFile)
      start.push(await timeStart(8701 + 2 * round, template, async (port) => void init.push(...(await onFull(port)))))
    }
    return { start: spread(start), startEmpty: spread(startEmpty), init: spread(init) }
  } finally {
    rmSync(template, { recursive: true, force: true })
  }
}

async function timeStart(
  port: number,
  directory: string | undefined,
  then: (port: number) => Promise<void> = async () => {},
) {
  const startedAt = performance.now()
  const server = await startServer(port, (fresh, at) => sluice(directory ?? fresh, at))
  const took = performance.now() - startedAt
  try {
    await then(port)
  } finally {
    await server.stop()
  }
  return took
}

async function timeInits(port: number, fileSha: string): Promise<number[]> {
  const connection = new Connection(port)
  const times: number[] = []
  const file = { size: listedParts * mib, sha1: fileSha, part: () => ({ bytes: new Uint8Array(), md5: '' }) }
  for (let call = 0; call < 10; call++) {
    const startedAt = performance.now()
    await vod.begin(connection, file, mib)
    times.push(performance.now() - startedAt)
  }
  connection.close()
  return times
}

/** Writes the rows directly: uploading them would take hours and measure something else. Returns the big upload's SHA-1. */
async function fill(directory: string): Promise<string> {
  const metadata = await openSqlite(directory)
  await metadata.addApp({ appId: Number(keys.appId), verifyKey: 'k', disabledAt: null, createdAt: 0, settings: {} })
  await metadata.close()
  mkdirSync(join(directory, 'uploads'))
  const db = new SQLite(join(directory, 'sluice.db'))
  const insert = (table: string, row: Record<string, string | number | null>) => {
    const names = Object.keys(row)
    db.prepare(
      `insert into ${table} (${names.map((name) => `"${name}"`)}) values (${names.map((name) => `@${name}`)})`,
    ).run(row)
  }
  const common = (number: number) => ({
    fileId: String(10n ** 18n + BigInt(number)),
    appId: Number(keys.appId),
    fileSha: createHash('sha1').update(String(number)).digest('hex'),
    fileSize: listedParts * mib,
    dataSize: mib,
    fileName: `bench ${number}`,
    fileType: 'mp4',
    classId: 0,
    tags: '[]',
    createdAt: Date.now(),
  })
  db.transaction(() => {
    for (let number = 0; number < finishedFiles; number++) insert('files', { ...common(number), coverId: null })
    for (let number = 0; number < openUploads; number++) {
      const row = common(finishedFiles + number)
      const flags = { transcode: 0, screenshot: 0, watermark: 0, coverOf: null }
      insert('uploads', { ...row, ...flags, uid: '', family: 'server', state: 'open', touchedAt: Date.now() })
      writeFileSync(join(directory, 'uploads', row.fileId), '')
    }
    const { fileId } = common(finishedFiles)
    for (let part = 0; part < listedParts; part++) {
      insert('parts', { fileId, offset: part * mib, dataSize: mib, dataMd5: '0'.repeat(32) })
    }
  })()
  db.close()
  return common(finishedFiles).fileSha
}
