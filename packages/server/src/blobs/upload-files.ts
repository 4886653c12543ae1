import { join } from 'node:path'
import { UploadFile } from './upload-file.ts'

/** Files kept open although nobody uses them at the moment; each takes up to two descriptors. */
const maxIdleFiles = 256

export interface UploadFilesOptions {
  /** Whether to write past the page cache where the file system takes it. */
  readonly directIo: boolean
  /** Told how long each sync of a file took, in milliseconds. */
  readonly onSync: (durationMs: number) => void
}

/** The open files of uploads, the least recently used closed first. */
export class UploadFiles {
  readonly #directory: string
  readonly #options: UploadFilesOptions
  readonly #files = new Map<string, Promise<UploadFile>>()
  readonly #users = new Map<string, number>()

  constructor(directory: string, options: UploadFilesOptions) {
    this.#directory = directory
    this.#options = options
  }

  path(fileId: string): string {
    return join(this.#directory, fileId)
  }

  /** Writes bytes at their place; the file is made when it is not there. Resolves once they are on stable storage. */
  async write(fileId: string, offset: number, bytes: Uint8Array): Promise<void> {
    const make = () => UploadFile.create(this.#directory, fileId, this.#options)
    await this.#use(fileId, make, (file) => file.write({ offset, bytes }))
  }

  /** Rejects with ENOENT when there is no such file. */
  async read(fileId: string, offset: number, target: Uint8Array): Promise<void> {
    const open = () => UploadFile.open(this.path(fileId), this.#options)
    await this.#use(fileId, open, (file) => file.read(offset, target))
  }

  /** Closes a file when it is open. */
  async close(fileId: string): Promise<void> {
    const file = this.#files.get(fileId)
    this.#files.delete(fileId)
    await (await file?.catch(() => undefined))?.close()
  }

  async closeAll(): Promise<void> {
    await Promise.all([...this.#files.keys()].map((fileId) => this.close(fileId)))
  }

  async #use<T>(fileId: string, open: () => Promise<UploadFile>, work: (file: UploadFile) => Promise<T>): Promise<T> {
    const opening = this.#files.get(fileId) ?? open()
    this.#files.delete(fileId)
    this.#files.set(fileId, opening) // the most recently used stands last
    this.#users.set(fileId, (this.#users.get(fileId) ?? 0) + 1)
    try {
      return await work(await this.#opened(fileId, opening))
    } finally {
      const users = (this.#users.get(fileId) ?? 1) - 1
      if (users > 0) this.#users.set(fileId, users)
      else this.#users.delete(fileId)
      await this.#closeIdle()
    }
  }

  /** A file that could not be opened is not remembered: the next use tries again. */
  async #opened(fileId: string, opening: Promise<UploadFile>): Promise<UploadFile> {
    try {
      return await opening
    } catch (error) {
      if (this.#files.get(fileId) === opening) this.#files.delete(fileId)
      throw error
    }
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
