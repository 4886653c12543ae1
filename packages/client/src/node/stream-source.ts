import { createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { reasonOf, UploadError } from '../upload-error.ts'
import { openFile } from './file-source.ts'

/** Bytes that can be read once. */
export interface StreamInput {
  readonly stream: Readable
  /** How many bytes it yields. */
  readonly size: number
  /** With extension. */
  readonly name?: string
}

/** A source with what to do when its upload is over, however it went. */
export interface Opened<S> {
  readonly source: S
  close(): Promise<void>
}

/**
 * Writes a stream to a temporary file to upload: what the file is called on the wire is its SHA-1, so it must be read to
 * its end before anything can be sent. Throws an UploadError `source` when it breaks or has another length.
 */
export async function openStream({ stream, size, name = '' }: StreamInput, signal: AbortSignal) {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-upload-'))
  const remove = () => rm(directory, { recursive: true, force: true })
  try {
    const path = join(directory, 'stream')
    await spool(stream, path, signal)
    const file = await openFile(path)
    const close = () => file.close().finally(remove)
    if (file.size === size) {
      const slice = (start: number, end: number) => file.slice(start, end)
      const fill = (room: Uint8Array, start: number) => file.fill(room, start)
      return { source: { name, size, slice, fill }, close }
    }
    await close()
    throw UploadError.local('source', `the stream was to have ${size} bytes, it had ${file.size}`)
  } catch (error) {
    await remove()
    throw error
  }
}

async function spool(stream: Readable, path: string, signal: AbortSignal): Promise<void> {
  try {
    await pipeline(stream, createWriteStream(path, { mode: 0o600 }), { signal })
  } catch (cause) {
    signal.throwIfAborted()
    throw UploadError.local('source', `the stream cannot be read: ${reasonOf(cause)}`, { cause })
  }
}
