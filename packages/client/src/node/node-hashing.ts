import { createHash } from 'node:crypto'
import type { Hashing } from '../hashing.ts'
import { readRange, type Source } from '../source.ts'

const readSize = 1_048_576

/**
 * Hashing with node:crypto, reading 1 MiB at a time and the next while one is hashed. It is as fast as files are read, so
 * the MD5 of a part waits until it is sent, and a hash that was interrupted begins anew.
 */
export const nodeHashing: Hashing = {
  async hashFile(source, { onHashed, signal }) {
    const hash = createHash('sha1')
    let next = read(source, 0)
    while (next) {
      const { bytes, end } = await next
      signal.throwIfAborted()
      next = read(source, end)
      next?.catch(() => {}) // it is awaited in the next round, unless this one throws
      hash.update(bytes)
      onHashed(bytes.length)
    }
    return { fileSha: hash.digest('hex'), md5s: '' }
  },
  async readPart(source, range) {
    const body = await readRange(source, range)
    return { body, dataMd5: md5(body) }
  },
  md5,
  close() {},
}

function md5(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('hex')
}

function read(source: Source, offset: number): Promise<{ bytes: Uint8Array; end: number }> | undefined {
  if (offset >= source.size) return undefined
  const dataSize = Math.min(readSize, source.size - offset)
  return readRange(source, { offset, dataSize }).then((bytes) => ({ bytes, end: offset + dataSize }))
}
