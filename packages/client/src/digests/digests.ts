import { kernels } from './kernels.ts'
import { at, block, initialMd5, initialSha1, roomBytes } from './layout.ts'
import { plainKernels } from './plain-kernels.ts'

/** Takes a state, or both, `blocks` blocks of 64 bytes further. */
type Kernel = (address: number, blocks: number) => void

export type Kernels = Readonly<Record<'sha1' | 'md5' | 'both', Kernel>>

/** SHA-1 of a file so far: its five words. */
export type Sha1State = readonly number[]

/**
 * SHA-1 of a file and MD5 of its pieces, in one memory. A piece is written to `room`, then told; all but the last are a
 * multiple of 64 bytes long, at most 1 MiB. Hex is lower case.
 */
export interface Digests {
  /** Where a piece is put. */
  readonly room: Uint8Array<ArrayBuffer>
  /** Begins a file, or goes on with one. */
  begin(state?: Sha1State): void
  state(): Sha1State
  /** The next piece stands in `room`: takes it into the SHA-1. Returns its MD5. */
  piece(bytes: number): string
  /** The last piece stands in `room`. Returns its MD5 and the SHA-1 of the file of `fileBytes`. */
  lastPiece(bytes: number, fileBytes: number): { readonly md5: string; readonly sha1: string }
  /** MD5 of what stands in `room`, for itself. */
  md5(bytes: number): string
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
  const blocks = (kernel: Kernel, address: number, count: number) => {
    if (count > 0) kernel(address, count)
  }

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
  const endMd5 = (length: number) => {
    const rest = length % block
    const start = at.input + length - rest
    blocks(md5, start, pad(start, rest, length, true))
    return hex(at.md5, 4, true)
  }

  return {
    room: bytes.subarray(at.input, at.input + roomBytes),
    begin: (state = initialSha1) => reset(at.sha1, state),
    state: () => Array.from(words.subarray(at.sha1 / 4, at.sha1 / 4 + 5)),
    piece(length) {
      reset(at.md5, initialMd5)
      blocks(both, at.input, length / block)
      return endMd5(length)
    },
    lastPiece(length, fileBytes) {
      reset(at.md5, initialMd5)
      const whole = Math.floor(length / block)
      blocks(both, at.input, whole)
      const start = at.input + whole * block
      blocks(sha1, start, pad(start, length % block, fileBytes, false))
      return { md5: endMd5(length), sha1: hex(at.sha1, 5, false) }
    },
    md5(length) {
      reset(at.md5, initialMd5)
      blocks(md5, at.input, Math.floor(length / block))
      return endMd5(length)
    },
  }
}

function swap(word: number): number {
  return ((word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0
}
