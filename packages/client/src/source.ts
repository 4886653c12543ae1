import type { Range } from '@sluice/protocol'
import { reasonOf, UploadError } from './upload-error.ts'

/** The bytes of a file, as the platform has them. */
export interface Source {
  /** Bytes. */
  readonly size: number
  /** The bytes from `start` up to but without `end`; fewer only when the file became shorter. Called in any order. */
  slice(start: number, end: number): Promise<Uint8Array>
}

/** A source that can tell that it is another than before: an optional ability. */
export interface VersionedSource extends Source {
  /** A text that differs once the file was written to: its size and time of change, say. */
  version(): Promise<string>
}

/** A source that is called something: an optional ability. */
export interface NamedSource extends Source {
  /** With extension, without folders. */
  readonly name: string
  /** The media type, if one is known. */
  readonly type?: string
}

/** A source that can be known again on a later visit: an optional ability. */
export interface KnownSource extends Source {
  /** A text that another file, or the same file once written to, hardly ever has: its name, size and time of change. */
  identity(): Promise<string>
}

/** A source that can read into memory of another: an optional ability, which spares making memory for every read. */
export interface FillingSource extends Source {
  /** Reads the bytes from `start` on; returns how many there were, fewer than there is room for only at the end. */
  fill(room: Uint8Array, start: number): Promise<number>
}

/** Whether a source has the ability that `member` belongs to. */
export function isVersioned(source: Source): source is VersionedSource {
  return 'version' in source && typeof source.version === 'function'
}
export function isNamed(source: Source): source is NamedSource {
  return 'name' in source && typeof source.name === 'string'
}
export function isKnown(source: Source): source is KnownSource {
  return 'identity' in source && typeof source.identity === 'function'
}

function isFilling(source: Source): source is FillingSource {
  return 'fill' in source && typeof source.fill === 'function'
}

/**
 * Reads one range of a source, into `room` if the source can. Throws `changed` when it is shorter than it was, `source`
 * when it cannot be read.
 */
export async function readRange(source: Source, { offset, dataSize }: Range, room?: Uint8Array): Promise<Uint8Array> {
  let bytes: Uint8Array
  try {
    if (room && isFilling(source)) bytes = room.subarray(0, await source.fill(room.subarray(0, dataSize), offset))
    else bytes = await source.slice(offset, offset + dataSize)
  } catch (cause) {
    throw unreadable(offset, cause)
  }
  if (bytes.length !== dataSize) throw changed()
  return bytes
}

/** Remembers the source's version and returns the check, which throws `changed` once it is another. */
export async function watchVersion(source: Source): Promise<() => Promise<void>> {
  if (!isVersioned(source)) return async () => {}
  const before = await source.version()
  return async () => {
    if ((await source.version()) !== before) throw changed()
  }
}

export function unreadable(offset: number, cause: unknown): UploadError {
  return UploadError.local('source', `the file cannot be read at byte ${offset}: ${reasonOf(cause)}`, { cause })
}

export function changed(): UploadError {
  return UploadError.local(
    'changed',
    'the file changed while it was being uploaded; upload it again when nothing writes to it any more',
  )
}
