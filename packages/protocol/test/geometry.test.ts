import {
  firstMissingOffset,
  type Geometry,
  isEmptyTail,
  limits,
  partCount,
  partLength,
  partRanges,
  requirePart,
} from '@sluice/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { codesOf, thrownBy } from './thrown.ts'
import { vectorFile } from './vectors/vector-file.ts'

const small = fc.record({ fileSize: fc.integer({ min: 1, max: 400 }), dataSize: fc.integer({ min: 1, max: 40 }) })
const real = fc.record({
  fileSize: fc.integer({ min: 1, max: 2 ** 28 }),
  dataSize: fc.integer({ min: limits.minDataSize, max: limits.maxDataSize }),
})
const geometries = fc.oneof(small, real)

describe('the parts of a file', () => {
  test('tile it exactly: each begins where the last one ended, all but the last are dataSize long', () => {
    fc.assert(
      fc.property(geometries, (geometry) => {
        const ranges = [...partRanges(geometry)]
        let end = 0
        for (const [index, { offset, dataSize }] of ranges.entries()) {
          expect(offset).toBe(end)
          expect(dataSize).toBe(partLength(geometry, offset))
          if (index < ranges.length - 1) expect(dataSize).toBe(geometry.dataSize)
          end += dataSize
        }
        expect(end).toBe(geometry.fileSize)
        expect(ranges).toHaveLength(partCount(geometry))
        expect(ranges.at(-1)?.dataSize).toSatisfy((last: number) => last >= 1 && last <= geometry.dataSize)
      }),
    )
  })

  test('of the published example are five of 1048576 bytes and one of 757120', () => {
    const ranges = [...partRanges({ fileSize: 6_000_000, dataSize: 1_048_576 })]
    expect(ranges.map(({ offset }) => offset)).toEqual([0, 1_048_576, 2_097_152, 3_145_728, 4_194_304, 5_242_880])
    expect(ranges.map(({ dataSize }) => dataSize)).toEqual([...Array(5).fill(1_048_576), 757_120])
  })

  test('of the fixture are those of the vectors', () => {
    const { fixture } = vectorFile
    expect([...partRanges(fixture)]).toEqual(fixture.parts.map(({ offset, dataSize }) => ({ offset, dataSize })))
  })

  test('of a file that fits into one part are that part', () => {
    expect([...partRanges({ fileSize: 7, dataSize: 524_288 })]).toEqual([{ offset: 0, dataSize: 7 }])
    expect([...partRanges({ fileSize: 524_288, dataSize: 524_288 })]).toEqual([{ offset: 0, dataSize: 524_288 }])
  })
})

describe('a range is required to be a part', () => {
  test('and exactly the parts of the file pass', () => {
    const attempt = small.chain((geometry) =>
      fc.record({
        geometry: fc.constant(geometry),
        // Half of the offsets lie on the grid, where the interesting lengths are.
        offset: fc.oneof(
          fc.integer({ min: -2, max: partCount(geometry) + 1 }).map((index) => index * geometry.dataSize),
          fc.integer({ min: -2 * geometry.dataSize, max: geometry.fileSize + geometry.dataSize }),
        ),
        dataSize: fc.oneof(
          fc.constantFrom(geometry.dataSize, geometry.fileSize % geometry.dataSize),
          fc.integer({ min: -1, max: geometry.dataSize + 1 }),
        ),
      }),
    )
    fc.assert(
      fc.property(attempt, ({ geometry, offset, dataSize }) => {
        const check = () => requirePart(geometry, { offset, dataSize })
        const isPart = [...partRanges(geometry)].some((part) => part.offset === offset && part.dataSize === dataSize)
        if (isPart) check()
        else expect(codesOf(check)).toMatchObject({ code: -10003, canRetry: 0, codeDesc: '4000' })
      }),
      { numRuns: 400 },
    )
  })

  test('and the refusal says what was expected and what was found', () => {
    const geometry: Geometry = { fileSize: 1_300_000, dataSize: 524_288 }
    const messageOf = (offset: number, dataSize: number) =>
      thrownBy(() => requirePart(geometry, { offset, dataSize })).message
    expect(messageOf(1, 524_288)).toBe('offset: expected a multiple of 524288 below 1300000, found 1')
    expect(messageOf(-524_288, 524_288)).toBe('offset: expected a multiple of 524288 below 1300000, found -524288')
    expect(messageOf(1_048_576, 524_288)).toBe('dataSize: expected 251424 at offset 1048576, found 524288')
  })

  test('and the end of the file is none, but it is the empty tail', () => {
    const geometry: Geometry = { fileSize: 1_048_576, dataSize: 524_288 }
    const tail = { offset: 1_048_576, dataSize: 0 }
    expect(codesOf(() => requirePart(geometry, tail)).code).toBe(-10003)
    expect(isEmptyTail(geometry, tail)).toBe(true)
    expect(isEmptyTail(geometry, { offset: 1_048_576, dataSize: 1 })).toBe(false)
    expect(isEmptyTail(geometry, { offset: 524_288, dataSize: 0 })).toBe(false)
  })
})

describe('the first missing offset', () => {
  test('is the smallest start of a part that is not there, or the file size', () => {
    const stored = small.chain((geometry) =>
      fc.record({
        geometry: fc.constant(geometry),
        offsets: fc.subarray([...partRanges(geometry)].map((p) => p.offset)),
      }),
    )
    fc.assert(
      fc.property(stored, ({ geometry, offsets }) => {
        const missing = [...partRanges(geometry)].find(({ offset }) => !offsets.includes(offset))
        expect(firstMissingOffset(geometry, offsets)).toBe(missing?.offset ?? geometry.fileSize)
      }),
    )
  })

  test('of a complete file is its size, of an empty one 0', () => {
    const geometry: Geometry = { fileSize: 1_300_000, dataSize: 524_288 }
    expect(firstMissingOffset(geometry, [])).toBe(0)
    expect(firstMissingOffset(geometry, [0, 524_288, 1_048_576])).toBe(1_300_000)
    expect(firstMissingOffset(geometry, [524_288, 1_048_576])).toBe(0)
  })
})
