/** Bytes of a block: what both digests take in at a time. */
export const block = 64

/** Bytes of input there is room for at a time: the largest part. */
export const roomBytes = 1_048_576

/** Where things are in the memory the digests work in, in bytes. Words are little-endian. */
export const at = {
  /** The five words of SHA-1's state. */
  sha1: 0,
  /** The four words of MD5's state. */
  md5: 32,
  /** SHA-1's 80 schedule words of the current block, each with its constant added. */
  schedule: 64,
  /** The input, and room behind it for the padded end. */
  input: 512,
} as const

/** The states before the first block (FIPS 180-4 section 5.3.1; RFC 1321 section 3.3). */
export const initialSha1: readonly number[] = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0]
export const initialMd5: readonly number[] = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476]

/** SHA-1's constants, one for each 20 steps (FIPS 180-4 section 4.2.1). */
export const sha1Constants: readonly number[] = [0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6]

/** One of MD5's 64 steps: a = b + rotl(a + mix(b, c, d) + message word + constant) (RFC 1321 section 3.4). */
export interface Md5Step {
  /** 0 to 3: which of F, G, H and I mixes b, c and d. */
  readonly round: number
  /** 0 to 15: which word of the block is added. */
  readonly word: number
  /** 2^32 times |sin i|, rounded down, with i in radians from 1. */
  readonly constant: number
  /** Bits the sum is rotated left by. */
  readonly rotation: number
}

const wordOf = [(i: number) => i, (i: number) => 5 * i + 1, (i: number) => 3 * i + 5, (i: number) => 7 * i]
const rotations = [
  [7, 12, 17, 22],
  [5, 9, 14, 20],
  [4, 11, 16, 23],
  [6, 10, 15, 21],
]

export const md5Steps: readonly Md5Step[] = Array.from({ length: 64 }, (_, i) => {
  const round = i >> 4
  return {
    round,
    word: (wordOf[round]?.(i % 16) ?? 0) % 16,
    constant: Math.floor(2 ** 32 * Math.abs(Math.sin(i + 1))),
    rotation: rotations[round]?.[i % 4] ?? 0,
  }
})
