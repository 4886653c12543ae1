import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type HashRecord, type ResumeStore, recordLifeMs } from '../resume-store.ts'

/** Looking at every record takes longer the more there are. */
const sweepEveryMs = 3_600_000

/** Remembers hashes in a directory, a file for each. It is made when it is missing; old ones go. */
export function fileStore(directory: string): ResumeStore {
  const pathOf = (key: string) => join(directory, `${createHash('sha1').update(key).digest('hex')}.json`)
  let sweptAt = Number.NEGATIVE_INFINITY
  return {
    async get(key) {
      return JSON.parse(await readFile(pathOf(key), 'utf8')) as HashRecord
    },
    async put(key, record) {
      await mkdir(directory, { recursive: true, mode: 0o700 })
      const path = pathOf(key)
      await writeFile(`${path}.new`, JSON.stringify(record))
      await rename(`${path}.new`, path)
      if (record.savedAt - sweptAt < sweepEveryMs) return
      sweptAt = record.savedAt
      await removeOld(directory, record.savedAt - recordLifeMs)
    },
    delete: (key) => rm(pathOf(key), { force: true }),
  }
}

async function removeOld(directory: string, before: number): Promise<void> {
  for (const name of await readdir(directory)) {
    const path = join(directory, name)
    if (name.endsWith('.json') && (await stat(path)).mtimeMs < before) await rm(path, { force: true })
  }
}
