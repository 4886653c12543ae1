import { kernels } from './kernels.ts'
import { at, block, initialMd5, initialSha1, roomBytes } from './layout.ts'
import { plainKernels } from './plain-kernels.ts'

/** Takes a state, or both, `blocks` blocks of 64 bytes further. */
type Kernel = (address: number, blocks: number) => void

export type Kernels = Readonly<Record<'sha1' | 'md5' | 'both', Kernel>>

/** SHA-1 of a file so far: its five words. */
export type Sha1State = readonly number[]

/**
 * SHA-1 of a file and MD5 of its pieces, in one memory: one piece at a time. A piece is written to `room`, then taken in
 * one go or in stretches. All but the last are a multiple of 64 bytes long, at most 1 MiB. Hex is lower case.
 */
export interface Digests {
  /** Where a piece is put. */
  readonly room: Uint8Array<ArrayBuffer>
  /** Begins a file, or goes on with one. */
  begin(state?: Sha1State): void
  state(): Sha1State
  beginPiece(): void
  /** Takes whole blocks: the bytes from `start` up to `end` of the piece, both multiples of 64; `md5` alone or both. */
  take(start: number, end: number, what: 'md5' | 'both'): void
  /** The piece of so many bytes is taken, but for less than a block. Returns its MD5. */
  endPiece(bytes: number): string
  /** The same of the last piece: the SHA-1 of the file of `fileBytes`. Before its `endPiece`. */
  endFile(bytes: number, fileBytes: number): string
}

/** WebAssembly, compiled here and now; where that is forbidden, plain JavaScript with the same outcome. */
export async function openDigests(compile = compileKernels): Promise<Digests> {
  try {
    return digestsOn(await compile())
  } catch {
    // A content security policy without 'wasm-unsafe-eval', or an engine without vectors.
  }
  const memory = new ArrayBuffer(at.input + roomBytes + 2 * block)
  return digestsOn({ memory, ...plainKernels(memory) })
}

interface WebAssemblyApi {
  instantiate(bytes: Uint8Array<ArrayBuffer>): Promise<{ instance: { exports: unknown } }>
}

async function compileKernels(): Promise<Kernels & { readonly memory: ArrayBuffer }> {
  // It is in no type library that browsers and Node share.
  const { WebAssembly } = globalThis as unknown as { WebAssembly: WebAssemblyApi }
  const { instance } = await WebAssembly.instantiate(kernels())
  const { memory, ...functions } = instance.exports as Kernels & { memory: { buffer: ArrayBuffer } }
  return { memory: memory.buffer, ...functions }
}

function digestsOn({ memory, sha1, md5, both }: Kernels & { readonly memory: ArrayBuffer }): Digests {
  const bytes = new Uint8Array(memory)
  const words = new Uint32Array(memory)
  const view = new DataView(memory)
  const reset = (address: number, state: readonly number[]) => words.set(state, address / 4)
  const hex = (address: number, count: number, littleEndian: boolean) =>
    Array.from({ length: count }, (_, word) => {
      const value = view.getUint32(address + 4 * word, true)
      return littleEndian ? swap(value) : value
    })
      .map((word) => word.toString(16).padStart(8, '0'))
      .join('')
  /** Puts 0x80, zeros and the length in bits of a message behind its last bytes; returns the blocks from `start` on. */
  const pad = (start: number, rest: number, length: number, littleEndian: boolean) => {
    const count = rest < block - 8 ? 1 : 2
    const end = start + count * block
    bytes.fill(0, start + rest, end)
    bytes[start + rest] = 0x80
    const [low, high] = [(length * 8) % 2 ** 32, Math.floor(length / 2 ** 29)]
    view.setUint32(end - 8, littleEndian ? low : high, littleEndian)
    view.setUint32(end - 4, littleEndian ? high : low, littleEndian)
    return count
  }

  return {
    room: bytes.subarray(at.input, at.input + roomBytes),
    begin: (state = initialSha1) => reset(at.sha1, state),
    state: () => Array.from(words.subarray(at.sha1 / 4, at.sha1 / 4 + 5)),
    beginPiece: () => reset(at.md5, initialMd5),
    take(start, end, what) {
      const kernel = what === 'md5' ? md5 : both
      if (end > start) kernel(at.input + start, (end - start) / block)
    },
    endPiece(length) {
      const rest = length % block
      const start = at.input + length - rest
      md5(start, pad(start, rest, length, true))
      return hex(at.md5, 4, true)
    },
    endFile(length, fileBytes) {
      const rest = length % block
      const start = at.input + length - rest
      sha1(start, pad(start, rest, fileBytes, false))
      return hex(at.sha1, 5, false)
    },
  }
}

function swap(word: number): number {
  return ((word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0
}
