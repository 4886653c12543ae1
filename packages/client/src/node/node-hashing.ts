import { createHash } from 'node:crypto'
import { limits, type Range } from '@sluice/protocol'
import { hashPieces, type PiecePlace } from '../hash-pieces.ts'
import type { FileHash, Hashing, HashRun } from '../hashing.ts'
import { readRange, type Source } from '../source.ts'
import { md5 } from './hash-jobs.ts'
import type { HashThread } from './hash-thread.ts'
import { withThread } from './hash-threads.ts'
import type { Bytes, Job } from './thread-messages.ts'

/** So few are hashed where they are: SHA-1 takes 33 µs, MD5 80, and to ask a thread and be told 20 to 80. */
const atOnceBytes = 65_536

let runs = 0

/**
 * Hashing in Node, by threads that all uploads share. A hash whose state is saved is made by our own digests, with the MD5
 * of all parts in the same pass; another one is SHA-1 alone by node:crypto, and each part's MD5 is made when it is read.
 *
 * Memory goes to a thread with the bytes and comes back. If it were shared that would take as long, and fetch would not
 * send it.
 */
export function nodeHashing(): Hashing {
  const spare: ArrayBuffer[] = []
  const takeRoom = ({ size }: Source): Bytes => {
    const needed = Math.min(size, limits.maxDataSize)
    const memory = spare.pop()
    return new Uint8Array(memory && memory.byteLength >= needed ? memory : new ArrayBuffer(needed))
  }
  const giveBack = ({ buffer }: Bytes) => void spare.push(buffer)

  async function hashAtOnce(source: Source, { from, onHashed, signal }: HashRun): Promise<FileHash> {
    const room = takeRoom(source)
    const bytes = await readRange(source, { offset: 0, dataSize: source.size }, room)
    signal.throwIfAborted()
    const fileSha = createHash('sha1').update(bytes).digest('hex')
    giveBack(room)
    onHashed(source.size - (from?.hashedBytes ?? 0))
    return { fileSha, md5s: '' }
  }

  async function hashBy(thread: HashThread, source: Source, run: HashRun): Promise<FileHash> {
    const number = runs++
    const isSaved = run.onSave !== undefined || run.from !== undefined
    const jobOf = (bytes: Bytes, place: PiecePlace): Job =>
      isSaved
        ? { what: 'both', bytes, place }
        : { what: 'sha1', bytes, run: number, isLast: place.fileBytes !== undefined }
    const hash = async (piece: Bytes, place: PiecePlace) => {
      const done = await thread.hash(jobOf(piece, place))
      giveBack(done.bytes)
      return done.hash
    }
    try {
      return await hashPieces(hash, readPieces(source, run, takeRoom), source.size, run)
    } finally {
      thread.forget(number)
    }
  }

  return {
    async hashFile(source, run) {
      if (source.size <= atOnceBytes) return hashAtOnce(source, run)
      return withThread(2, (thread) => hashBy(thread, source, run))
    },
    async readPart(source, range, knownMd5) {
      const room = takeRoom(source)
      // A short end of a long file goes to a thread too: it would overtake the parts before it.
      if (knownMd5 !== undefined || source.size <= atOnceBytes) {
        const body = await readRange(source, range, room)
        return { body, dataMd5: knownMd5 ?? md5(body), stored: () => giveBack(room) }
      }
      const bytes = await readInto(room, source, range)
      const { hash, bytes: body } = await withThread(1, (thread) => thread.hash({ what: 'md5', bytes }))
      return { body, dataMd5: hash.md5, stored: () => giveBack(body) }
    },
    md5,
    close() {},
  }
}

/** Reads a source piece by piece from where a run begins, the next one while one is in use. Each is its reader's to keep. */
async function* readPieces(source: Source, { from, pieceBytes }: HashRun, takeRoom: (source: Source) => Bytes) {
  const read = (offset: number) => {
    if (offset >= source.size) return undefined
    const dataSize = Math.min(pieceBytes, source.size - offset)
    return readInto(takeRoom(source), source, { offset, dataSize })
  }
  let offset = from?.hashedBytes ?? 0
  let next = read(offset)
  while (next) {
    const piece = await next
    offset += piece.length
    next = read(offset)
    next?.catch(() => {}) // it is awaited in the next round, unless there is none
    yield piece
  }
}

/** Reads a range into a room; what a source has in memory of its own is copied, for others may use that. */
async function readInto(room: Bytes, source: Source, range: Range): Promise<Bytes> {
  const bytes = await readRange(source, range, room)
  const there = room.subarray(0, bytes.length)
  if (bytes.buffer !== room.buffer) there.set(bytes)
  return there
}
