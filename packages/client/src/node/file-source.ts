import { type FileHandle, open, realpath } from 'node:fs/promises'
import { basename } from 'node:path'
import type { FillingSource, KnownSource, NamedSource, VersionedSource } from '../source.ts'
import { UploadError } from '../upload-error.ts'

/** A file, open for reading. Close it when the upload is over, however it went. */
export class FileSource implements FillingSource, VersionedSource, NamedSource, KnownSource {
  /** Bytes when it was opened. */
  readonly size: number
  readonly name: string
  readonly #file: FileHandle
  readonly #path: string

  constructor(file: FileHandle, path: string, size: number) {
    this.#file = file
    this.#path = path
    this.size = size
    this.name = basename(path)
  }

  async slice(start: number, end: number): Promise<Uint8Array> {
    const room = Buffer.allocUnsafeSlow(end - start)
    return room.subarray(0, await this.fill(room, start))
  }

  async fill(room: Uint8Array, start: number): Promise<number> {
    let length = 0
    while (length < room.length) {
      const { bytesRead } = await this.#file.read(room, length, room.length - length, start + length)
      if (bytesRead === 0) break
      length += bytesRead
    }
    return length
  }

  async version(): Promise<string> {
    const { size, mtimeNs } = await this.#file.stat({ bigint: true })
    return `${size} ${mtimeNs}`
  }

  async identity(): Promise<string> {
    return `${await realpath(this.#path)} ${await this.version()}`
  }

  close(): Promise<void> {
    return this.#file.close()
  }
}

/** Opens a file to upload. Throws an UploadError `source` when there is none, it cannot be read or is not a file. */
export async function openFile(path: string): Promise<FileSource> {
  let file: FileHandle
  try {
    file = await open(path)
  } catch (cause) {
    throw UploadError.local('source', `${path} cannot be opened: ${explain(cause)}`, { cause })
  }
  const stat = await file.stat()
  if (stat.isFile()) return new FileSource(file, path, stat.size)
  await file.close()
  throw UploadError.local('source', `${path} is ${stat.isDirectory() ? 'a directory' : 'not a file'}`)
}

function explain(cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException // open rejects with nothing else
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'there is no such file'
  return code === 'EACCES' || code === 'EPERM' ? 'you may not read it' : message
}
