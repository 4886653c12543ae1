import { describe, expect, test } from 'vitest'
import { readPieces } from '../src/blob-pieces.ts'
import { openDigests } from '../src/digests/digests.ts'
import { hashBlob } from '../src/hash-pieces.ts'
import { fixture } from './fixtures.ts'
import { hex } from './memory-service.ts'

/** As in browsers whose Blobs give no byte streams. */
class OldBlob extends Blob {
  override stream(): never {
    throw new TypeError('no byte streams')
  }
  override slice(start?: number, end?: number): Blob {
    return new OldBlob([super.slice(start, end)])
  }
}

/** A stream that gives less than it is asked for. */
class HesitantBlob extends Blob {
  override slice(start?: number, end?: number): Blob {
    return new HesitantBlob([super.slice(start, end)])
  }
  override stream() {
    const bytes = super.arrayBuffer()
    let offset = 0
    return new ReadableStream({
      type: 'bytes',
      async pull(controller) {
        const all = new Uint8Array(await bytes)
        const some = all.slice(offset, offset + 777)
        offset += some.length
        if (some.length > 0) controller.enqueue(some)
        else {
          controller.close()
          controller.byobRequest?.respond(0)
        }
      },
    }) as ReturnType<Blob['stream']>
  }
}

describe.each([
  ['a stream', Blob],
  ['slices', OldBlob],
  ['a stream that hesitates', HesitantBlob],
])('pieces of a Blob by %s', (_, Kind) => {
  test.each([
    [0, 10_000, 4096],
    [4096, 10_000, 4096],
    [0, 8192, 4096],
    [0, 10, 4096],
    [10_000, 10_000, 4096],
  ])('from %i of %i bytes, %i at a time', async (start, size, pieceBytes) => {
    const bytes = fixture(size)
    const lengths: number[] = []
    const seen: number[] = []
    for await (const piece of readPieces(new Kind([bytes.slice()]), start, pieceBytes)) {
      lengths.push(piece.length)
      seen.push(...piece)
    }
    expect(seen).toEqual([...bytes.subarray(start)])
    expect(lengths.slice(0, -1).every((length) => length === pieceBytes)).toBe(true)
  })

  test('are what is hashed, also politely', async () => {
    const bytes = fixture(300_000)
    let turns = 0
    const run = { pieceBytes: 131_072, onHashed() {}, signal: new AbortController().signal }
    const giveWay = async () => void turns++
    const blob = new Kind([bytes.slice()])
    const outcomes = [
      await hashBlob(await openDigests(), blob, run),
      await hashBlob(await openDigests(), blob, run, giveWay),
    ]
    for (const { fileSha, md5s } of outcomes) {
      expect(fileSha).toBe(hex('sha1', bytes))
      expect(md5s.slice(-32)).toBe(hex('md5', bytes.subarray(262_144)))
    }
    expect(turns).toBeGreaterThan(3)
  })
})

test('a Blob that cannot be read rejects with what it says', async () => {
  class LostBlob extends Blob {
    override slice(): Blob {
      return this
    }
    override stream(): never {
      throw new TypeError('no byte streams')
    }
    override arrayBuffer(): Promise<ArrayBuffer> {
      return Promise.reject(new Error('the file was removed'))
    }
  }
  const run = { pieceBytes: 64, onHashed() {}, signal: new AbortController().signal }
  await expect(hashBlob(await openDigests(), new LostBlob(['x']), run)).rejects.toThrow('the file was removed')
})
