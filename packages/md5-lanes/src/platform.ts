/**
 * What the package takes from its surroundings. WebAssembly is in no type library that Node code has without the DOM's,
 * so the little used of it is declared here; a real WebAssembly.Memory fits `WasmMemory`.
 */

/** A WebAssembly.Memory, as far as it is needed here. */
export interface WasmMemory {
  readonly buffer: ArrayBufferLike
}

interface WebAssemblyApi {
  readonly Memory: new (size: { initial: number; maximum: number }) => WasmMemory
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object
  readonly Instance: new (module: object, imports: object) => { readonly exports: Readonly<Record<string, unknown>> }
}

interface NodeCrypto {
  hash(algorithm: 'md5', data: Uint8Array | string, encoding: 'hex'): string
}

interface Surroundings {
  readonly WebAssembly?: WebAssemblyApi
  readonly process?: { getBuiltinModule?(name: 'node:crypto'): NodeCrypto | undefined }
}

const surroundings = globalThis as unknown as Surroundings

/** Absent where the engine has no compiler for it, as under Node's --jitless. */
export const wasm: WebAssemblyApi | undefined = surroundings.WebAssembly

const PAGE = 65536

/** A WebAssembly.Memory of a fixed size: `bytes`, rounded up to 64 KiB. */
export function createMemory(bytes: number): WasmMemory {
  if (!wasm) throw new Error('md5-lanes: there is no WebAssembly here')
  const pages = Math.ceil(bytes / PAGE)
  return new wasm.Memory({ initial: pages, maximum: pages })
}

/** MD5 of a whole message, 32 lower-case hex digits. */
export type WholeMd5 = (message: Uint8Array) => string

/** MD5 by node:crypto; undefined where there is none, or where it refuses MD5 (FIPS). Asks without importing. */
export const nodeMd5: WholeMd5 | undefined = (() => {
  try {
    const crypto = surroundings.process?.getBuiltinModule?.('node:crypto')
    if (!crypto) return undefined
    crypto.hash('md5', '', 'hex')
    return (message: Uint8Array) => crypto.hash('md5', message, 'hex')
  } catch {
    return undefined
  }
})()
