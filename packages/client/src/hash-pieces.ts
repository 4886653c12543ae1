import { readPieces } from './blob-pieces.ts'
import type { Digests, Sha1State } from './digests/digests.ts'
import type { FileHash, HashRun } from './hashing.ts'

/** How often it is told how far it is, and what to go on with, at most. */
const tellEveryMs = 50
const saveEveryMs = 1_000
/** Bytes between two chances to give way: what the slowest digests take some milliseconds for. */
const stretchBytes = 65_536

/** Lets others have their turn; undefined where there are none. Between two calls no one else may use the digests. */
export type GiveWay = (() => Promise<void>) | undefined

/** Where in its file a piece is, for SHA-1. */
export interface PiecePlace {
  /** SHA-1 of all before it, where the piece before came with that; undefined at the start. */
  readonly sha1: Sha1State | undefined
  /** The length of the file, if this piece is its last. */
  readonly fileBytes: number | undefined
}

/** What a piece of a file comes to. */
export interface PieceHash {
  /** MD5 of the piece, or of each of the pieces that were hashed together, one behind the other. */
  readonly md5: string
  /** SHA-1 of the file up to its end, where the platform can tell. */
  readonly sha1?: Sha1State
  /** SHA-1 of the file, once this was its last piece. */
  readonly fileSha?: string
}

/** Hashes a Blob piece by piece. Rejects with what the reading or the signal says. */
export function hashBlob(digests: Digests, blob: Blob, run: HashRun, giveWay?: GiveWay): Promise<FileHash> {
  const pieces = readPieces(blob, run.from?.hashedBytes ?? 0, run.pieceBytes)
  return hashPieces((piece, place) => hashPiece(digests, piece, place, giveWay), pieces, blob.size, run)
}

/** The same of pieces that come from elsewhere, one or more at once: from where `run.from` stopped, all but the last `run.pieceBytes` long. */
export async function hashPieces<Piece extends Uint8Array>(
  hash: (piece: Piece, place: PiecePlace) => Promise<PieceHash>,
  pieces: AsyncIterable<Piece>,
  fileBytes: number,
  { from, onHashed, onSave, signal }: HashRun,
): Promise<FileHash> {
  let md5s = from?.md5s ?? ''
  let offset = from?.hashedBytes ?? 0
  let sha1 = offset > 0 ? from?.sha1 : undefined
  let told = offset
  let toldAt = performance.now()
  let savedAt = toldAt
  for await (const piece of pieces) {
    signal.throwIfAborted()
    offset += piece.length
    const { fileSha, ...made } = await hash(piece, { sha1, fileBytes: offset === fileBytes ? fileBytes : undefined })
    md5s += made.md5
    sha1 = made.sha1
    const now = performance.now()
    if (fileSha !== undefined || now - toldAt >= tellEveryMs) {
      onHashed(offset - told)
      told = offset
      toldAt = now
    }
    if (fileSha !== undefined) return { fileSha, md5s }
    if (onSave && sha1 && now - savedAt >= saveEveryMs) {
      savedAt = now
      onSave({ hashedBytes: offset, sha1, md5s })
    }
  }
  throw new Error(`it ended at byte ${offset}`)
}

/** SHA-1 and MD5 of a piece in one pass. Without `giveWay` it is done at once. */
export async function hashPiece(
  digests: Digests,
  piece: Uint8Array,
  { sha1, fileBytes }: PiecePlace,
  giveWay?: GiveWay,
): Promise<PieceHash> {
  digests.begin(sha1)
  const taking = takePiece(digests, piece, 'both', giveWay)
  if (taking) await taking
  if (fileBytes === undefined) return { sha1: digests.state(), md5: digests.endPiece(piece.length) }
  const fileSha = digests.endFile(piece.length, fileBytes)
  return { fileSha, md5: digests.endPiece(piece.length) }
}

/** MD5 of a few bytes, or of a Blob; no more than the room of the digests. */
export async function hashPart(digests: Digests, part: Blob | Uint8Array, giveWay?: GiveWay): Promise<string> {
  const bytes = part instanceof Blob ? new Uint8Array(await part.arrayBuffer()) : part
  const taking = takePiece(digests, bytes, 'md5', giveWay)
  if (taking) await taking
  return digests.endPiece(bytes.length)
}

/** Takes all whole blocks of a piece; at once when there is no one to give way to. */
function takePiece(digests: Digests, piece: Uint8Array, what: 'md5' | 'both', giveWay: GiveWay) {
  digests.room.set(piece)
  digests.beginPiece()
  const end = piece.length - (piece.length % 64)
  if (giveWay) return takeSlowly(digests, end, what, giveWay)
  digests.take(0, end, what)
  return undefined
}

async function takeSlowly(digests: Digests, end: number, what: 'md5' | 'both', giveWay: NonNullable<GiveWay>) {
  for (let start = 0; start < end; start += stretchBytes) {
    digests.take(start, Math.min(end, start + stretchBytes), what)
    await giveWay()
  }
}
