import type { KnownSource, NamedSource, Source } from './source.ts'

/** A source over a Blob; `blob` lets a platform read it where it likes. */
export interface BlobSource extends Source {
  readonly blob: Blob
}

export function isBlobSource(source: Source): source is BlobSource {
  return 'blob' in source
}

/** What a File has beyond a Blob. */
interface FileMembers {
  readonly name: string
  readonly lastModified: number
}

/** Opens a Blob to upload. A File has a name besides, and can be known again. */
export function openBlob(blob: Blob): BlobSource | (BlobSource & NamedSource & KnownSource) {
  const source = {
    blob,
    size: blob.size,
    slice: async (start: number, end: number) => new Uint8Array(await blob.slice(start, end).arrayBuffer()),
  }
  if (!('name' in blob) || !('lastModified' in blob)) return source
  const { name, lastModified } = blob as unknown as FileMembers
  return { ...source, name, type: blob.type, identity: async () => `${name} ${blob.size} ${lastModified}` }
}
