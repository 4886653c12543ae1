/** What RFC 1321 fixes about MD5. */

/** Bytes of a block: what one run of the 64 steps takes in (section 3.4). */
export const BLOCK = 64

/** The state words A, B, C and D before the first block (section 3.3). */
export const INITIAL_STATE: readonly number[] = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476]

/** One of the 64 steps: a = b + rotl(a + mix(b, c, d) + message word + constant) (section 3.4). */
export interface Step {
  /** 0 to 3: which of F, G, H and I mixes b, c and d. */
  readonly round: number
  /** 0 to 15: which word of the block is added. */
  readonly word: number
  /** T[i]: 2^32 times |sin i|, rounded down, with i in radians from 1. */
  readonly constant: number
  /** Bits the sum is rotated left by. */
  readonly rotation: number
}

const WORD_OF = [(i: number) => i, (i: number) => 5 * i + 1, (i: number) => 3 * i + 5, (i: number) => 7 * i] as const
const ROTATIONS = [
  [7, 12, 17, 22],
  [5, 9, 14, 20],
  [4, 11, 16, 23],
  [6, 10, 15, 21],
] as const

export const STEPS: readonly Step[] = ([0, 1, 2, 3] as const).flatMap((round) =>
  Array.from({ length: 16 }, (_, i) => ({
    round,
    word: WORD_OF[round](i) % 16,
    constant: Math.floor(2 ** 32 * Math.abs(Math.sin(16 * round + i + 1))),
    rotation: ROTATIONS[round][i % 4] as number,
  })),
)

/** Blocks that the end of a message takes: its last bytes, fewer than a block, one 0x80 and the 8 bytes of its length. */
export function tailBlocks(bytes: number): 1 | 2 {
  return bytes < BLOCK - 8 ? 1 : 2
}

/**
 * Puts padding and length (sections 3.1 and 3.2) behind the last bytes of a message, where `tailBlocks(bytes)` blocks
 * have room.
 *
 * @param memory The same memory twice, as bytes and as `words`.
 * @param start Where the last `bytes` bytes of the message, fewer than a block, begin.
 * @param length Bytes of the whole message, below 2^53.
 */
export function pad(memory: Uint8Array, words: DataView, start: number, bytes: number, length: number): void {
  const lengthAt = start + tailBlocks(bytes) * BLOCK - 8
  memory.fill(0, start + bytes + 1, lengthAt)
  memory[start + bytes] = 0x80
  words.setUint32(lengthAt, length << 3, true)
  words.setUint32(lengthAt + 4, Math.floor(length / 2 ** 29), true)
}
