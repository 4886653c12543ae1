import { type FileHandle, mkdir, open, readdir, rename, rm, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { ProtocolError } from '@sluice/protocol'
import type { Blobs, OpenBlob } from './blobs.ts'
import { syncDirectory } from './sync-directory.ts'
import { readWhole } from './upload-file.ts'
import { UploadFiles } from './upload-files.ts'

export interface DiskOptions {
  /** Bytes to leave free: uploads are refused before the metadata store runs out of space too. */
  readonly minFreeBytes: number
  /** Whether parts bypass the page cache where the file system takes that. Default true. */
  readonly directIo?: boolean
  /** Told how long each sync of a file took, in milliseconds. */
  readonly onSync?: (durationMs: number) => void
}

/** What a fileId may end in: the names of the directories that files are spread over. */
const lastDigits = Array.from({ length: 100 }, (_, index) => String(index).padStart(2, '0'))

/** How long a reading of the free space is good for. */
const freeSpaceAgeMs = 1_000

/**
 * Blobs on a local file system: `uploads/<fileId>` is a sparse file that parts are written to at their place; sealing
 * renames it to `files/<last two digits>/<fileId>`. Both directories lie on one file system.
 */
export class DiskBlobs implements Blobs {
  readonly #uploads: string
  readonly #files: string
  readonly #minFreeBytes: number
  readonly #open: UploadFiles
  #free: { bytes: number; readAt: number } | undefined

  private constructor(directory: string, { minFreeBytes, directIo = true, onSync = () => {} }: DiskOptions) {
    this.#uploads = join(directory, 'uploads')
    this.#files = join(directory, 'files')
    this.#minFreeBytes = minFreeBytes
    this.#open = new UploadFiles(this.#uploads, { directIo, onSync })
  }

  static async create(directory: string, options: DiskOptions): Promise<DiskBlobs> {
    const blobs = new DiskBlobs(directory, options)
    for (const needed of [blobs.#uploads, blobs.#files]) await mkdir(needed, { recursive: true })
    // All at once: two files sealed at the same time in a new directory would have to wait for the same sync of its entry.
    const there = new Set(await readdir(blobs.#files))
    for (const last of lastDigits) if (!there.has(last)) await mkdir(join(blobs.#files, last))
    // What an earlier process made, and may not have come to sync, is durable from here on.
    for (const made of [blobs.#uploads, blobs.#files, directory]) await syncDirectory(made)
    return blobs
  }

  async writePart(fileId: string, offset: number, bytes: Uint8Array): Promise<void> {
    await this.requireSpace(bytes.length)
    if (this.#free) this.#free.bytes -= bytes.length // what is written before the next reading counts too
    await storing(() => this.#open.write(fileId, offset, bytes))
  }

  async readPart(fileId: string, offset: number, target: Uint8Array): Promise<void> {
    await storing(async () => {
      try {
        await this.#open.read(fileId, offset, target)
      } catch (error) {
        if (!isMissing(error)) throw error
        await this.#readSealed(fileId, offset, target)
      }
    })
  }

  async seal(fileId: string): Promise<void> {
    await storing(async () => {
      await this.#open.close(fileId)
      const sealed = this.#sealedPath(fileId)
      try {
        await rename(this.#open.path(fileId), sealed)
      } catch (error) {
        // Sealed before a crash: the rename is done, but it may not have reached the disk yet.
        if (!isMissing(error)) throw error
        await stat(sealed)
      }
      await syncDirectory(this.#directoryOf(fileId))
      await syncDirectory(this.#uploads)
    })
  }

  async open(fileId: string): Promise<OpenBlob | undefined> {
    return storing(async () => {
      const handle = await openIfThere(this.#sealedPath(fileId))
      if (!handle) return undefined
      const { size } = await handle.stat()
      return {
        size,
        stream: (start, end) => handle.createReadStream({ start, end, highWaterMark: 262_144, autoClose: false }),
        read: (start, length) =>
          storing(async () => {
            const bytes = new Uint8Array(Math.max(0, Math.min(length, size - start)))
            await readWhole(handle, start, bytes)
            return bytes
          }),
        close: () => handle.close(),
      }
    })
  }

  async discard(fileId: string): Promise<void> {
    await this.discardUnsealed(fileId)
    await storing(async () => {
      await rm(this.#sealedPath(fileId), { force: true })
      await syncDirectory(this.#directoryOf(fileId)) // also when it was gone: by a removal that nobody synced
    })
  }

  async discardUnsealed(fileId: string): Promise<void> {
    await storing(async () => {
      await this.#open.close(fileId)
      await rm(this.#open.path(fileId), { force: true })
    })
  }

  listUnsealed(): Promise<string[]> {
    // Names of ours only: a file system may keep things of its own beside them, such as lost+found.
    return storing(async () => (await readdir(this.#uploads)).filter((name) => /^\d+$/.test(name)))
  }

  async requireSpace(bytes: number): Promise<void> {
    const free = await storing(() => this.#freeSpace())
    if (free.bytes - bytes >= this.#minFreeBytes) return
    throw new ProtocolError('writeFailed', 'no space left for this upload', { codeDesc: 'ENOSPC' })
  }

  async close(): Promise<void> {
    await this.#open.closeAll()
  }

  async #readSealed(fileId: string, offset: number, target: Uint8Array): Promise<void> {
    const handle = await open(this.#sealedPath(fileId))
    try {
      await readWhole(handle, offset, target)
    } finally {
      await handle.close()
    }
  }

  async #freeSpace(): Promise<{ bytes: number }> {
    const now = performance.now()
    if (this.#free && now - this.#free.readAt <= freeSpaceAgeMs) return this.#free
    const { bavail, bsize } = await statfs(this.#uploads)
    this.#free = { bytes: bavail * bsize, readAt: now }
    return this.#free
  }

  #directoryOf(fileId: string): string {
    return join(this.#files, fileId.slice(-2))
  }

  #sealedPath(fileId: string): string {
    return join(this.#directoryOf(fileId), fileId)
  }
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path)
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT'
}

/** Gives a file system error the protocol's name. */
async function storing<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof ProtocolError) throw error
    const code = (error as NodeJS.ErrnoException).code ?? 'EIO'
    const message = code === 'ENOSPC' || code === 'EDQUOT' ? 'no space left for this upload' : 'the store failed'
    throw new ProtocolError('writeFailed', message, { codeDesc: code, cause: error })
  }
}
