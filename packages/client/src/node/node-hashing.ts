import { createHash } from 'node:crypto'
import { limits } from '@sluice/protocol'
import { type Digests, openDigests } from '../digests/digests.ts'
import { hashPiece, hashPieces } from '../hash-pieces.ts'
import type { Hashing } from '../hashing.ts'
import { readRange, type Source } from '../source.ts'

/** Digests at rest, for the next file: to make them takes longer than a small file does. About 1 MiB each. */
const atRest: Digests[] = []
const maxAtRest = 16

/**
 * Hashing in Node: SHA-1 and the MD5 of all parts in one pass, which takes less than node:crypto takes for one after the
 * other; what is left, single parts, by node:crypto.
 */
export function nodeHashing(): Hashing {
  const spare: Uint8Array[] = []
  const takeRoom = ({ size }: Source) => {
    const needed = Math.min(size, limits.maxDataSize)
    const room = spare.pop()
    return room && room.length >= needed ? room : new Uint8Array(needed)
  }
  return {
    async hashFile(source, run) {
      const rooms = source.size > run.pieceBytes ? [takeRoom(source), takeRoom(source)] : [takeRoom(source)]
      const pieces = readPieces(source, run.from?.hashedBytes ?? 0, run.pieceBytes, rooms)
      const digests = atRest.pop() ?? (await openDigests())
      const hash = await hashPieces((piece, place) => hashPiece(digests, piece, place), pieces, source.size, run)
      if (atRest.length < maxAtRest) atRest.push(digests)
      spare.push(...rooms)
      return hash
    },
    async readPart(source, range, knownMd5) {
      const room = takeRoom(source)
      const body = await readRange(source, range, room)
      return { body, dataMd5: knownMd5 ?? md5(body), stored: () => void spare.push(room) }
    },
    md5,
    close() {},
  }
}

function md5(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('hex')
}

/** Reads a source from `start` on in pieces, the next one while one is in use. */
async function* readPieces(source: Source, start: number, pieceBytes: number, rooms: readonly Uint8Array[]) {
  const read = (offset: number, turn: number) => {
    if (offset >= source.size) return undefined
    const dataSize = Math.min(pieceBytes, source.size - offset)
    return readRange(source, { offset, dataSize }, rooms[turn % rooms.length])
  }
  let next = read(start, 0)
  for (let offset = start, turn = 1; next; turn++) {
    const piece = await next
    offset += piece.length
    next = read(offset, turn)
    next?.catch(() => {}) // it is awaited in the next round, unless there is none
    yield piece
  }
}
