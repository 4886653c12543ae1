import { createHash, hash, randomBytes } from 'node:crypto'

const mib = 1_048_576
const unitSize = 64 * mib

/** Bytes that are the same for all files but for the first eight, so that many large files cost one unit of memory. */
export interface SampleFile {
  readonly size: number
  readonly sha1: string
  /** The part at `offset` with its MD5. */
  readonly part: (offset: number, length: number) => { readonly bytes: Uint8Array; readonly md5: string }
}

/** Makes files of one size for parts of one size. The digests of parts are computed once, a file's SHA-1 for each. */
export function sampleFiles(size: number, partSize: number): (number: number) => SampleFile {
  const unit = randomBytes(Math.min(unitSize, size))
  const digests = new Map<string, string>()
  const digestOf = (at: number, bytes: Uint8Array) => {
    const key = `${at}:${bytes.length}`
    const known = digests.get(key) ?? hash('md5', bytes, 'hex')
    digests.set(key, known)
    return known
  }
  return (number) => {
    const first = Buffer.from(unit.subarray(0, Math.min(partSize, size)))
    first.writeDoubleBE(number + Math.random(), 0)
    const sha1 = createHash('sha1').update(first)
    for (let at = first.length; at < size; ) {
      const within = at % unit.length
      const piece = unit.subarray(within, Math.min(unit.length, within + size - at))
      sha1.update(piece)
      at += piece.length
    }
    return {
      size,
      sha1: sha1.digest('hex'),
      part(offset, length) {
        if (offset === 0)
          return { bytes: first.subarray(0, length), md5: hash('md5', first.subarray(0, length), 'hex') }
        const within = offset % unit.length
        const bytes = unit.subarray(within, within + length)
        return { bytes, md5: digestOf(within, bytes) }
      },
    }
  }
}
