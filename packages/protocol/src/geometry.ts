import { ProtocolError } from './errors.ts'

/** How a file is cut: `fileSize` bytes in parts of `dataSize`, the last one shorter. Both at least 1. */
export interface Geometry {
  readonly fileSize: number
  readonly dataSize: number
}

/** Where a part lies in its file, in bytes. */
export interface Range {
  readonly offset: number
  readonly dataSize: number
}

/** How many parts a file has. */
export function partCount({ fileSize, dataSize }: Geometry): number {
  return Math.ceil(fileSize / dataSize)
}

/** The length of the part at `offset`, which must be the start of a part. */
export function partLength({ fileSize, dataSize }: Geometry, offset: number): number {
  return Math.min(dataSize, fileSize - offset)
}

/** The ranges of all parts, in order. */
export function* partRanges(geometry: Geometry): Generator<Range> {
  for (let offset = 0; offset < geometry.fileSize; offset += geometry.dataSize) {
    yield { offset, dataSize: partLength(geometry, offset) }
  }
}

/** Throws `parameters` (-10003) unless the range is exactly one part of the file. */
export function requirePart(geometry: Geometry, range: Range): void {
  const { offset, dataSize } = range
  if (offset % geometry.dataSize !== 0 || offset < 0 || offset >= geometry.fileSize) {
    throw refuse('offset', `a multiple of ${geometry.dataSize} below ${geometry.fileSize}`, offset)
  }
  const length = partLength(geometry, offset)
  if (dataSize !== length) throw refuse('dataSize', `${length} at offset ${offset}`, dataSize)
}

function refuse(name: string, expected: string, found: number): ProtocolError {
  return new ProtocolError('parameters', `${name}: expected ${expected}, found ${found}`, { codeDesc: '4000' })
}

/** The empty part behind the end that the web SDK sends after a FinishUploadEx that failed with canRetry 1. */
export function isEmptyTail({ fileSize }: Geometry, { offset, dataSize }: Range): boolean {
  return offset === fileSize && dataSize === 0
}

/** The first offset no part stands at, or `fileSize` when none is missing. `offsets` are part starts in ascending order. */
export function firstMissingOffset(geometry: Geometry, offsets: Iterable<number>): number {
  let expected = 0
  for (const offset of offsets) {
    if (offset !== expected) return expected
    expected += partLength(geometry, offset)
  }
  return expected
}
