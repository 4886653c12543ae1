import { createHash } from 'node:crypto'
import { limits } from '@sluice/protocol'
import type { Hashing } from '../hashing.ts'
import { readRange, type Source } from '../source.ts'

const roomBytes = limits.maxDataSize

/**
 * Hashing with node:crypto, reading 1 MiB at a time and the next while one is hashed. It is as fast as files are read, so
 * the MD5 of a part waits until it is sent, and a hash that was interrupted begins anew.
 */
export function nodeHashing(): Hashing {
  const spare: Uint8Array[] = []
  const takeRoom = () => spare.pop() ?? new Uint8Array(roomBytes)
  return {
    async hashFile(source, { onHashed, signal }) {
      const hash = createHash('sha1')
      const rooms = [takeRoom(), takeRoom()]
      let next = read(source, 0, rooms[0])
      for (let turn = 1; next; turn++) {
        const { bytes, end } = await next
        signal.throwIfAborted()
        next = read(source, end, rooms[turn % 2])
        next?.catch(() => {}) // it is awaited in the next round, unless this one throws
        hash.update(bytes)
        onHashed(bytes.length)
      }
      spare.push(...rooms)
      return { fileSha: hash.digest('hex'), md5s: '' }
    },
    async readPart(source, range) {
      const room = takeRoom()
      const body = await readRange(source, range, room)
      return { body, dataMd5: md5(body), stored: () => void spare.push(room) }
    },
    md5,
    close() {},
  }
}

function md5(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('hex')
}

function read(source: Source, offset: number, room: Uint8Array | undefined) {
  if (offset >= source.size) return undefined
  const dataSize = Math.min(roomBytes, source.size - offset)
  return readRange(source, { offset, dataSize }, room).then((bytes) => ({ bytes, end: offset + dataSize }))
}
