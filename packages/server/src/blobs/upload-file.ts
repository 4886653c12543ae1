import { constants, type FileHandle, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { groupCommit } from '../engine/group-commit.ts'
import { syncDirectory } from './sync-directory.ts'
import type { UploadFilesOptions } from './upload-files.ts'

/** What addresses, offsets and lengths of direct writes must be multiples of; every disk in use divides it. */
const blockSize = 4096

/** Bytes with their place in the file. */
export interface Piece {
  readonly offset: number
  readonly bytes: Uint8Array
}

/**
 * The open file of an upload. Writes that arrive together go out together, neighbours as one, and share one sync. Whole
 * blocks from aligned memory bypass the page cache where the file system takes that (`direct`); what is left goes through
 * it. The two never meet in a page: a part begins on a block of its own, or is written through the cache altogether.
 */
export class UploadFile {
  /** Resolves once the bytes are on stable storage. */
  readonly write: (piece: Piece) => Promise<void>
  readonly #cached: FileHandle
  #direct: FileHandle | undefined
  readonly #onSync: (durationMs: number) => void

  private constructor(cached: FileHandle, direct: FileHandle | undefined, onSync: (durationMs: number) => void) {
    this.#cached = cached
    this.#direct = direct
    this.#onSync = onSync
    this.write = groupCommit((pieces) => this.#writeGroup(pieces))
  }

  /** Opens an upload's file, made when it is not there; its name then survives a loss of power. */
  static async create(directory: string, name: string, options: UploadFilesOptions): Promise<UploadFile> {
    const path = join(directory, name)
    try {
      return await UploadFile.open(path, options)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
    const handle = await open(path, constants.O_RDWR | constants.O_CREAT, 0o600)
    try {
      await syncDirectory(directory)
    } catch (error) {
      // Were it found the next time, nobody would make its name durable any more.
      await Promise.allSettled([handle.close(), rm(path)])
      throw error
    }
    return UploadFile.#opened(handle, path, options)
  }

  /** Opens an upload's file; rejects with ENOENT when there is none. */
  static async open(path: string, options: UploadFilesOptions): Promise<UploadFile> {
    return UploadFile.#opened(await open(path, constants.O_RDWR), path, options)
  }

  static async #opened(cached: FileHandle, path: string, options: UploadFilesOptions): Promise<UploadFile> {
    try {
      const direct = options.directIo ? await openDirect(path) : undefined
      return new UploadFile(cached, direct, options.onSync)
    } catch (error) {
      await cached.close() // sealed or removed between the two
      throw error
    }
  }

  /** Fills `target` from the file; rejects when the file ends before. */
  async read(offset: number, target: Uint8Array): Promise<void> {
    await readWhole(this.#cached, offset, target)
  }

  /** Closes the file. All writes are synced by then: a failure to close loses nothing. */
  async close(): Promise<void> {
    await Promise.allSettled([this.#cached.close(), this.#direct?.close()])
  }

  async #writeGroup(pieces: Piece[]): Promise<(undefined | Error)[]> {
    const failures = new Map<Piece, Error>()
    for (const run of neighbours(pieces)) {
      try {
        await this.#writeRun(run)
      } catch (error) {
        for (const piece of run) failures.set(piece, error as Error)
      }
    }
    const startedAt = performance.now()
    await this.#cached.datasync()
    this.#onSync(performance.now() - startedAt)
    return pieces.map((piece) => failures.get(piece))
  }

  /** Writes pieces that lie side by side: the whole blocks directly, the rest of the last one through the page cache. */
  async #writeRun(run: Piece[]): Promise<void> {
    const [first] = run
    const last = run.at(-1)
    if (!first || !last) return
    if (!(this.#direct && run.every(isAligned))) return writeWhole(this.#cached, run)
    const whole = last.bytes.length - (last.bytes.length % blockSize)
    const rest = { offset: last.offset + whole, bytes: last.bytes.subarray(whole) }
    const blocks = [...run.slice(0, -1), { offset: last.offset, bytes: last.bytes.subarray(0, whole) }]
    try {
      await writeWhole(this.#direct, blocks)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EINVAL') throw error
      // Opened, but not taken: this file system has other ideas of alignment.
      await this.#direct.close()
      this.#direct = undefined
      await writeWhole(this.#cached, blocks)
    }
    if (rest.bytes.length > 0) await writeWhole(this.#cached, [rest])
  }
}

/** Opens a file past the page cache; undefined where the file system does not take that. */
async function openDirect(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, constants.O_RDWR | constants.O_DIRECT)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EINVAL') return undefined
    throw error
  }
}

function isAligned({ offset, bytes }: Piece): boolean {
  return offset % blockSize === 0 && bytes.byteOffset % blockSize === 0
}

/** Sorts pieces into runs in which each begins where the one before ends. */
function neighbours(pieces: readonly Piece[]): Piece[][] {
  const runs: Piece[][] = []
  let end = -1
  for (const piece of pieces.toSorted((a, b) => a.offset - b.offset)) {
    if (piece.offset === end) runs.at(-1)?.push(piece)
    else runs.push([piece])
    end = piece.offset + piece.bytes.length
  }
  return runs
}

/** Writes pieces that lie side by side. */
async function writeWhole(handle: FileHandle, run: readonly Piece[]): Promise<void> {
  let offset = run[0]?.offset ?? 0
  let left = run.map((piece) => piece.bytes).filter((bytes) => bytes.length > 0)
  while (left.length > 0) {
    const { bytesWritten } = await handle.writev(left, offset)
    offset += bytesWritten
    left = without(left, bytesWritten)
  }
}

/** What is left of buffers when their first `count` bytes are done. */
function without(buffers: readonly Uint8Array[], count: number): Uint8Array[] {
  const left: Uint8Array[] = []
  let skip = count
  for (const bytes of buffers) {
    if (skip < bytes.length) left.push(bytes.subarray(skip))
    skip = Math.max(0, skip - bytes.length)
  }
  return left
}

/** Fills `target` from a file; rejects when the file ends before. */
export async function readWhole(handle: FileHandle, offset: number, target: Uint8Array): Promise<void> {
  let done = 0
  while (done < target.length) {
    const { bytesRead } = await handle.read(target, done, target.length - done, offset + done)
    if (bytesRead === 0) throw new Error(`the blob ends at ${offset + done}, before a part that is recorded`)
    done += bytesRead
  }
}
