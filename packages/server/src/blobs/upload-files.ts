import { constants, type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { groupCommit } from '../engine/group-commit.ts'
import { syncDirectory } from './sync-directory.ts'

/** Files kept open although nobody writes to them at the moment. */
const maxIdleFiles = 128

interface PartWrite {
  readonly offset: number
  readonly bytes: Uint8Array
}

/** An upload's open file. */
interface UploadFile {
  readonly handle: FileHandle
  /** Resolves once the part is on stable storage. */
  readonly write: (part: PartWrite) => Promise<void>
}

/** The open files of uploads, the least recently used closed first. */
export class UploadFiles {
  readonly #directory: string
  readonly #onSync: (durationMs: number) => void
  readonly #files = new Map<string, Promise<UploadFile>>()
  readonly #users = new Map<string, number>()

  constructor(directory: string, onSync: (durationMs: number) => void) {
    this.#directory = directory
    this.#onSync = onSync
  }

  path(fileId: string): string {
    return join(this.#directory, fileId)
  }

  async write(fileId: string, offset: number, bytes: Uint8Array): Promise<void> {
    await this.#use(fileId, constants.O_RDWR | constants.O_CREAT, (file) => file.write({ offset, bytes }))
  }

  /** Rejects with ENOENT when there is no such file. */
  async read(fileId: string, offset: number, target: Uint8Array): Promise<void> {
    await this.#use(fileId, constants.O_RDWR, ({ handle }) => readWhole(handle, offset, target))
  }

  /** Closes a file when it is open. */
  async close(fileId: string): Promise<void> {
    const file = this.#files.get(fileId)
    this.#files.delete(fileId)
    await closeQuietly(file)
  }

  async closeAll(): Promise<void> {
    await Promise.all([...this.#files.keys()].map((fileId) => this.close(fileId)))
  }

  async #use<T>(fileId: string, flags: number, work: (file: UploadFile) => Promise<T>): Promise<T> {
    const opening = this.#files.get(fileId) ?? this.#open(fileId, flags)
    this.#files.delete(fileId)
    this.#files.set(fileId, opening) // the most recently used stands last
    this.#users.set(fileId, (this.#users.get(fileId) ?? 0) + 1)
    try {
      return await work(await opening)
    } catch (error) {
      if ((await isRejected(opening)) && this.#files.get(fileId) === opening) this.#files.delete(fileId)
      throw error
    } finally {
      const users = (this.#users.get(fileId) ?? 1) - 1
      if (users > 0) this.#users.set(fileId, users)
      else this.#users.delete(fileId)
      await this.#closeIdle()
    }
  }

  async #open(fileId: string, flags: number): Promise<UploadFile> {
    const handle = await open(this.path(fileId), flags, 0o600)
    // A file that was just made is only found again after a loss of power when its directory is synced too.
    if (flags & constants.O_CREAT) await syncDirectory(this.#directory)
    return { handle, write: groupCommit((parts) => this.#writeGroup(handle, parts)) }
  }

  /** One write in flight for each file (more only make threads wait for its lock), one sync for all of the group. */
  async #writeGroup(handle: FileHandle, parts: PartWrite[]): Promise<(undefined | Error)[]> {
    const results: (undefined | Error)[] = []
    for (const part of parts) results.push(await writeWhole(handle, part))
    const startedAt = performance.now()
    await handle.datasync()
    this.#onSync(performance.now() - startedAt)
    return results
  }

  async #closeIdle(): Promise<void> {
    if (this.#files.size <= maxIdleFiles) return
    for (const fileId of this.#files.keys()) {
      if (this.#users.has(fileId)) continue
      await this.close(fileId)
      return
    }
  }
}

/** Fills `target` from the file; rejects when the file ends before. */
export async function readWhole(handle: FileHandle, offset: number, target: Uint8Array): Promise<void> {
  let done = 0
  while (done < target.length) {
    const { bytesRead } = await handle.read(target, done, target.length - done, offset + done)
    if (bytesRead === 0) throw new Error(`the blob ends at ${offset + done}, before a part that is recorded`)
    done += bytesRead
  }
}

async function writeWhole(handle: FileHandle, { offset, bytes }: PartWrite): Promise<undefined | Error> {
  try {
    let done = 0
    while (done < bytes.length) {
      const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, offset + done)
      done += bytesWritten
    }
    return undefined
  } catch (error) {
    return error as Error
  }
}

async function isRejected(promise: Promise<unknown>): Promise<boolean> {
  return promise.then(
    () => false,
    () => true,
  )
}

/** Closes a file whose bytes are synced already: there is nothing a failure could lose. */
async function closeQuietly(file: Promise<UploadFile> | undefined): Promise<void> {
  try {
    await (await file)?.handle.close()
  } catch {
    // It could not be opened, or is closed.
  }
}
