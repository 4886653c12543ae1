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

/** Pieces of a file that are hashed together: so many MD5s at once cost what two would. */
const piecesAtOnce = 8

/** What all runs share: past four files each takes fewer pieces together, or hundreds would take gigabytes. */
const piecesInAll = 4 * piecesAtOnce

/** After so long of reading what has been read is hashed, if it is fewer. */
const stretchMs = 50

let runs = 0
let running = 0

/**
 * Hashing in Node, by threads that all uploads share. A hash whose state is saved is made by our own digests; another one
 * by node:crypto, which is faster. The MD5 of all parts is made on the way; of a part that is read again, when it is read.
 *
 * Memory goes to a thread with the bytes and comes back. If it were shared that would take as long, and fetch would not
 * send it.
 */
export function nodeHashing(): Hashing {
  const spare: ArrayBuffer[] = []
  const takePartRoom = ({ size }: Source) => takeRoom(spare, Math.min(size, limits.maxDataSize))
  const giveBack = ({ buffer }: Bytes) => void spare.push(buffer)

  async function hashAtOnce(source: Source, { from, onHashed, signal }: HashRun): Promise<FileHash> {
    const room = takePartRoom(source)
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
    const { pieceBytes } = run
    const jobOf = (bytes: Bytes, place: PiecePlace): Job =>
      isSaved
        ? { what: 'both', bytes, pieceBytes, place }
        : { what: 'apart', bytes, pieceBytes, run: number, isLast: place.fileBytes !== undefined }
    const atOnce = () => pieceBytes * Math.max(1, Math.min(piecesAtOnce, Math.floor(piecesInAll / running)))
    const rooms: ArrayBuffer[] = []
    const hash = async (bytes: Bytes, place: PiecePlace) => {
      const done = await thread.hash(jobOf(bytes, place))
      rooms.push(done.bytes.buffer)
      return done.hash
    }
    const stretches = readStretches(source, run, atOnce, (length) => takeRoom(rooms, length))
    running++
    try {
      return await hashPieces(hash, stretches, source.size, run)
    } finally {
      running--
      thread.forget(number)
    }
  }

  return {
    async hashFile(source, run) {
      if (source.size <= atOnceBytes) return hashAtOnce(source, run)
      return withThread(2, (thread) => hashBy(thread, source, run))
    },
    async readPart(source, range, knownMd5) {
      const room = takePartRoom(source)
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

/** Memory that is spare, if it is long enough, or new. */
function takeRoom(spare: ArrayBuffer[], length: number): Bytes {
  const memory = spare.pop()
  return new Uint8Array(memory && memory.byteLength >= length ? memory : new ArrayBuffer(length))
}

/** Reads a source from where a run begins, the next stretch while one is in use. Each is its reader's to keep. */
async function* readStretches(source: Source, run: HashRun, atOnce: () => number, roomOf: (length: number) => Bytes) {
  const read = (offset: number) => {
    if (offset >= source.size) return undefined
    const length = Math.min(atOnce(), source.size - offset)
    return readStretch(source, offset, roomOf(length).subarray(0, length), run)
  }
  let offset = run.from?.hashedBytes ?? 0
  let next = read(offset)
  while (next) {
    const stretch = await next
    offset += stretch.length
    next = read(offset)
    next?.catch(() => {}) // it is awaited in the next round, unless there is none
    yield stretch
  }
}

/** Reads pieces until the room is full or some time is over: of a slow source there is progress, and an end, all the same. */
async function readStretch(
  source: Source,
  offset: number,
  room: Bytes,
  { pieceBytes, signal }: HashRun,
): Promise<Bytes> {
  const until = performance.now() + stretchMs
  let length = 0
  do {
    signal.throwIfAborted()
    const dataSize = Math.min(pieceBytes, room.length - length)
    await readInto(room.subarray(length), source, { offset: offset + length, dataSize })
    length += dataSize
  } while (length < room.length && performance.now() < until)
  return room.subarray(0, length)
}

/** Reads a range into a room; what a source has in memory of its own is copied, for others may use that. */
async function readInto(room: Bytes, source: Source, range: Range): Promise<Bytes> {
  const bytes = await readRange(source, range, room)
  const there = room.subarray(0, bytes.length)
  if (bytes.buffer !== room.buffer) there.set(bytes)
  return there
}
