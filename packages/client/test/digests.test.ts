import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { type Digests, openDigests } from '../src/digests/digests.ts'

const hex = (algorithm: 'md5' | 'sha1', bytes: Uint8Array) => createHash(algorithm).update(bytes).digest('hex')
const bytesOf = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 7)) % 256)

/** Hashes as an upload does: in pieces. */
function hashFile(digests: Digests, file: Uint8Array, pieceBytes: number) {
  const md5s: string[] = []
  digests.begin()
  for (let offset = 0; ; offset += pieceBytes) {
    const piece = file.subarray(offset, offset + pieceBytes)
    take(digests, piece, 'both')
    const isLast = offset + pieceBytes >= file.length
    const sha1 = isLast ? digests.endFile(piece.length, file.length) : undefined
    md5s.push(digests.endPiece(piece.length))
    if (sha1 !== undefined) return { md5s, sha1 }
  }
}

function take(digests: Digests, piece: Uint8Array, what: 'md5' | 'both'): void {
  digests.room.set(piece)
  digests.beginPiece()
  digests.take(0, piece.length - (piece.length % 64), what)
}

describe.each([
  ['WebAssembly', () => openDigests()],
  ['plain JavaScript', () => openDigests(() => Promise.reject(new Error('forbidden')))],
])('digests in %s', (_, open) => {
  test('of every length about the edges of a block are those of OpenSSL', async () => {
    const digests = await open()
    for (let length = 0; length < 200; length++) {
      const file = bytesOf(length)
      const { md5s, sha1 } = hashFile(digests, file, 1_048_576)
      expect({ length, sha1, md5: md5s[0] }).toEqual({ length, sha1: hex('sha1', file), md5: hex('md5', file) })
      take(digests, file, 'md5')
      expect(digests.endPiece(length)).toBe(hex('md5', file))
    }
  })

  test.each([
    [2 * 1_048_576, 1_048_576],
    [2 * 1_048_576 + 77, 1_048_576],
    [1_300_000, 524_288],
    [640, 64],
  ])('of %i bytes in pieces of %i', async (length, pieceBytes) => {
    const file = bytesOf(length)
    const { md5s, sha1 } = hashFile(await open(), file, pieceBytes)
    expect(sha1).toBe(hex('sha1', file))
    const pieces = Array.from({ length: Math.ceil(length / pieceBytes) }, (_, i) => i * pieceBytes)
    expect(md5s).toEqual(pieces.map((offset) => hex('md5', file.subarray(offset, offset + pieceBytes))))
  })

  test('go on from a state that was saved', async () => {
    const [first, second] = [await open(), await open()]
    const file = bytesOf(3000)
    first.begin()
    take(first, file.subarray(0, 1024), 'both')
    const saved = JSON.parse(JSON.stringify(first.state()))
    second.begin(saved)
    take(second, file.subarray(1024), 'both')
    expect(second.endFile(3000 - 1024, 3000)).toBe(hex('sha1', file))
  })
})

test('a length beyond 2^32 bits is written whole', async () => {
  // The bytes are left out: two files that differ in length alone must differ in digest.
  const [wasm, plain] = [await openDigests(), await openDigests(() => Promise.reject(new Error('forbidden')))]
  const ends = [wasm, plain].map((digests) => {
    digests.begin()
    return digests.endFile(0, 5 * 2 ** 30)
  })
  expect(ends[0]).toBe(ends[1])
  wasm.begin()
  expect(ends[0]).not.toBe(wasm.endFile(0, 2 ** 30))
})
