import type { Digests } from './digests/digests.ts'
import type { FileHash, HashRun } from './hashing.ts'

/** Pieces that are read at a time: each read has its price. */
const piecesPerRead = 4
/** How often it is told where it is, at most. */
const saveEveryMs = 1_000

/** Hashes a Blob piece by piece, reading ahead while it hashes. Rejects with what the reading or the signal says. */
export async function hashBlob(digests: Digests, blob: Blob, run: HashRun): Promise<FileHash> {
  const { pieceBytes, from, onHashed, onSave, signal } = run
  let sha1 = from?.hashedBytes ? from.sha1 : undefined
  let md5s = from?.md5s ?? ''
  let savedAt = performance.now()
  let offset = from?.hashedBytes ?? 0
  let next = read(blob, offset, pieceBytes)
  for (;;) {
    const bytes = await next
    signal.throwIfAborted()
    next = read(blob, offset + bytes.length, pieceBytes)
    next.catch(() => {}) // it is awaited in the next round, unless this one throws
    digests.begin(sha1)
    for (let start = 0; start < bytes.length; start += pieceBytes) {
      const piece = bytes.subarray(start, start + pieceBytes)
      digests.room.set(piece)
      offset += piece.length
      if (offset === blob.size) {
        const last = digests.lastPiece(piece.length, blob.size)
        onHashed(bytes.length)
        return { fileSha: last.sha1, md5s: md5s + last.md5 }
      }
      md5s += digests.piece(piece.length)
    }
    sha1 = digests.state()
    onHashed(bytes.length)
    if (onSave && performance.now() - savedAt >= saveEveryMs) {
      savedAt = performance.now()
      onSave({ hashedBytes: offset, sha1, md5s })
    }
  }
}

/** MD5 of a Blob no longer than the room of the digests. */
export async function md5OfBlob(digests: Digests, blob: Blob): Promise<string> {
  return md5OfBytes(digests, new Uint8Array(await blob.arrayBuffer()))
}

export function md5OfBytes(digests: Digests, bytes: Uint8Array): string {
  digests.room.set(bytes)
  return digests.md5(bytes.length)
}

async function read(blob: Blob, offset: number, pieceBytes: number): Promise<Uint8Array> {
  return new Uint8Array(await blob.slice(offset, offset + piecesPerRead * pieceBytes).arrayBuffer())
}
