import type { Range } from '@sluice/protocol'
import { limits } from '@sluice/protocol'
import type { FileHash, SavedHash } from './hashing.ts'
import type { Settings } from './options.ts'
import { type HashRecord, noStore } from './resume-store.ts'
import type { Source } from './source.ts'

/** A file's digests, made now or on an earlier visit. */
export interface KnownHash {
  readonly fileSha: string
  /** Whether it was made on an earlier visit, so that only the service can tell whether it still holds. */
  readonly remembered: boolean
  /** The MD5 of a part, if it is known. */
  md5Of(range: Range, dataSize: number): string | undefined
  /** It does not hold: the next visit hashes again. */
  forget(): Promise<void>
}

/**
 * Hashes a file, going on where an earlier visit stopped, or takes what that visit has found. `key` is what the file is
 * known by, undefined if it is not. `onHashed` hears of bytes that need no hashing as well.
 */
export async function hashOrRecall(
  source: Source,
  key: string | undefined,
  { hashing, resumeStore, dataSize, clock, signal }: Settings,
  onHashed: (bytes: number) => void,
): Promise<KnownHash> {
  const pieceBytes = dataSize % 64 === 0 ? dataSize : limits.maxDataSize
  const isKept = key !== undefined && resumeStore !== noStore
  const store = forgiving(resumeStore, key)
  const record = fitting(await store.get(), pieceBytes, source)
  if (record) onHashed(record.hashedBytes)
  if (record?.fileSha !== undefined) return known({ ...record, fileSha: record.fileSha }, record.pieceBytes, true)

  let saved: SavedHash = record ?? { hashedBytes: 0, sha1: [], md5s: '' }
  const save = (next: SavedHash, fileSha?: string) => {
    saved = next
    return store.put({ ...next, pieceBytes, savedAt: clock(), ...(fileSha !== undefined && { fileSha }) })
  }
  const hash = await hashing.hashFile(source, {
    pieceBytes,
    ...(record && { from: record }),
    onHashed,
    ...(isKept && { onSave: (next: SavedHash) => void save(next) }),
    signal,
  })
  await save({ ...saved, hashedBytes: source.size, md5s: hash.md5s }, hash.fileSha)
  return known(hash, pieceBytes, false)

  function known({ fileSha, md5s }: FileHash, md5Bytes: number, remembered: boolean): KnownHash {
    return {
      fileSha,
      remembered,
      md5Of(range, size) {
        const start = (range.offset / md5Bytes) * 32
        return size === md5Bytes && md5s.length >= start + 32 ? md5s.slice(start, start + 32) : undefined
      },
      forget: () => store.delete(),
    }
  }
}

/** A hash that is not whole goes on with the same part size alone; one that cannot be is of no use. */
function fitting(record: HashRecord | undefined, pieceBytes: number, { size }: Source): HashRecord | undefined {
  if (!record || record.hashedBytes > size) return undefined
  if (record.fileSha !== undefined) return record.hashedBytes === size ? record : undefined
  return record.pieceBytes === pieceBytes && record.hashedBytes % pieceBytes === 0 && record.sha1.length === 5
    ? record
    : undefined
}

/** The store under one key, whose failures mean that nothing is remembered. */
function forgiving(store: Settings['resumeStore'], key: string | undefined) {
  const attempt = async <T>(work: (key: string) => Promise<T>): Promise<T | undefined> => {
    try {
      return key === undefined ? undefined : await work(key)
    } catch {
      return undefined
    }
  }
  return {
    get: () => attempt((known) => store.get(known)),
    put: (record: HashRecord) => attempt((known) => store.put(known, record)),
    delete: () => attempt((known) => store.delete(known)),
  }
}
