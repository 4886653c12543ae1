/**
 * Reads a Blob from `start` on in pieces of one length, the last one shorter. One piece is read while the one before is in
 * use; a piece is valid until the next but one is asked for. Streaming into two buffers of one's own is three times as
 * fast as slicing, and leaves nothing for the garbage collector.
 */
export async function* readPieces(blob: Blob, start: number, pieceBytes: number): AsyncGenerator<Uint8Array> {
  const read = openReader(blob.slice(start), pieceBytes)
  let next = read()
  try {
    for (;;) {
      const piece = await next
      if (piece.length === 0) return
      next = read()
      yield piece
    }
  } finally {
    next.catch(() => {}) // whoever stopped half-way does not hear of it
  }
}

/** What reads the next piece; an empty one at the end. */
function openReader(blob: Blob, pieceBytes: number): () => Promise<Uint8Array> {
  const reader = byteReader(blob)
  if (!reader) {
    let offset = 0
    return async () => {
      const piece = blob.slice(offset, offset + pieceBytes)
      offset += pieceBytes
      return new Uint8Array(await piece.arrayBuffer())
    }
  }
  const buffers = [new ArrayBuffer(pieceBytes), new ArrayBuffer(pieceBytes)]
  return async () => {
    let filled = new Uint8Array(buffers.shift() as ArrayBuffer, 0, 0)
    while (filled.length < pieceBytes) {
      const room = new Uint8Array(filled.buffer, filled.length, pieceBytes - filled.length)
      const { done, value } = await reader.read(room)
      if (!value) break // cancelled
      filled = new Uint8Array(value.buffer, 0, value.byteOffset + value.length)
      if (done) break
    }
    buffers.push(filled.buffer)
    return filled
  }
}

/** Undefined where Blobs cannot be read into memory of one's own. */
function byteReader(blob: Blob): ReadableStreamBYOBReader | undefined {
  try {
    return blob.stream().getReader({ mode: 'byob' }) as ReadableStreamBYOBReader
  } catch {
    return undefined
  }
}
