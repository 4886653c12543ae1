import type { Hashing } from './hashing.ts'
import { isKnown, readRange, type Source } from './source.ts'

const samples = 16
const sampleBytes = 4096

/**
 * A text by which a file is known again without reading it all: its identity and the MD5 of 16 stretches of 4 KiB, spread
 * from its first byte to its last. Undefined for a source that has no identity.
 */
export async function fingerprint(source: Source, hashing: Hashing): Promise<string | undefined> {
  if (!isKnown(source)) return undefined
  const stretches = await Promise.all(
    Array.from({ length: samples }, (_, index) => {
      const dataSize = Math.min(sampleBytes, source.size)
      const offset = Math.floor(((source.size - dataSize) * index) / (samples - 1))
      return readRange(source, { offset, dataSize })
    }),
  )
  const bytes = new Uint8Array(stretches.reduce((sum, { length }) => sum + length, 0))
  let end = 0
  for (const stretch of stretches) {
    bytes.set(stretch, end)
    end += stretch.length
  }
  return `${await source.identity()} ${await hashing.md5(bytes)}`
}
