import { hash } from 'node:crypto'
import { createMemory, Md5Lanes, type Md5LanesOptions, type Message, type Width } from '../src/index.ts'

/** Where tests put messages: behind the scratch area, which is at 0. */
export const FIRST = 4096

export const WIDTHS: readonly Width[] = [1, 2, 3, 4, 8, 10, 12]

/** Lanes on memory of their own, filled with noise; node:crypto does not help unless asked to. */
export function openLanes({ size = 2 ** 20, ...options }: Partial<Md5LanesOptions> & { size?: number } = {}) {
  const memory = options.memory ?? createMemory(size)
  const bytes = new Uint8Array(memory.buffer)
  bytes.set(noise(bytes.length, bytes.length))
  const lanes = new Md5Lanes({ nodeCrypto: false, ...options, memory })
  return { lanes, memory, bytes }
}

/** `length` bytes that look random and are the same in every run. */
export function noise(length: number, seed: number): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(Math.ceil(length / 4))
  let x = (seed ^ 0x9e3779b9) >>> 0 || 1
  for (let index = 0; index < words.length; index++) {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    words[index] = x
  }
  return new Uint8Array(words.buffer, 0, length)
}

/** Numbers from 0 up to a bound, the same in every run. */
export function dice(seed: number): (bound: number) => number {
  let x = seed | 1
  return (bound) => {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    return (x >>> 0) % bound
  }
}

/** Begins a message whose bytes are all there. */
export function complete(lanes: Md5Lanes, address: number, length: number): Message {
  const message = lanes.begin(address)
  message.append(length)
  message.finish()
  return message
}

export function opensslMd5(bytes: Uint8Array): string {
  return hash('md5', bytes)
}

interface GrowableMemory {
  readonly buffer: ArrayBuffer
  grow(pages: number): number
}

/** No type library of this project declares WebAssembly. */
export const wasm = (globalThis as unknown as { WebAssembly: Wasm }).WebAssembly

interface Wasm {
  readonly Memory: new (size: { initial: number; maximum?: number }) => GrowableMemory
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object
  readonly Instance: new (module: object, imports: object) => { readonly exports: Readonly<Record<string, unknown>> }
}

/** Memory that is not the package's own; a page is 64 KiB. */
export function growableMemory(pages: number, mostPages: number): GrowableMemory {
  return new wasm.Memory({ initial: pages, maximum: mostPages })
}
