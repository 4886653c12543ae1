const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** MD5's four state words as 32 lower-case hex digits: the lowest byte of each word first (RFC 1321 section 3.5). */
export function stateToHex(state: readonly number[]): string {
  return state.map(wordToHex).join('')
}

/** The bytes that hex digits stand for. */
export function hexToBytes(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: hex.length / 2 }, (_, index) =>
    Number.parseInt(hex.slice(2 * index, 2 * index + 2), 16),
  )
}

function wordToHex(word: number): string {
  const [first, second, third, fourth] = [
    HEX[word & 255],
    HEX[(word >>> 8) & 255],
    HEX[(word >>> 16) & 255],
    HEX[word >>> 24],
  ]
  return `${first}${second}${third}${fourth}`
}
