import { createHash } from 'node:crypto'
import { limits } from '@sluice/protocol'
import { openDigests } from '../digests/digests.ts'
import { hashPieces } from '../hash-pieces.ts'
import type { Hashing } from '../hashing.ts'
import { readRange, type Source } from '../source.ts'

/**
 * Hashing in Node: SHA-1 and the MD5 of all parts in one pass, which takes less than node:crypto takes for one after the
 * other; what is left, single parts and files of one part, by node:crypto.
 */
export function nodeHashing(): Hashing {
  const spare: Uint8Array[] = []
  const takeRoom = () => spare.pop() ?? new Uint8Array(limits.maxDataSize)
  return {
    async hashFile(source, run) {
      if (source.size <= run.pieceBytes) {
        // Getting the digests ready would take longer.
        const room = takeRoom()
        const bytes = await readRange(source, { offset: 0, dataSize: source.size }, room)
        const hash = { fileSha: createHash('sha1').update(bytes).digest('hex'), md5s: md5(bytes) }
        spare.push(room)
        run.signal.throwIfAborted()
        run.onHashed(bytes.length)
        return hash
      }
      const rooms = [takeRoom(), takeRoom()]
      const pieces = readPieces(source, run.from?.hashedBytes ?? 0, run.pieceBytes, rooms)
      const hash = await hashPieces(await openDigests(), pieces, source.size, run)
      spare.push(...rooms)
      return hash
    },
    async readPart(source, range, knownMd5) {
      const room = takeRoom()
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
    return readRange(source, { offset, dataSize }, rooms[turn % 2])
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
