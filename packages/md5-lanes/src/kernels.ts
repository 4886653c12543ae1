import { kernel } from './kernel.ts'
import { moduleOf } from './module.ts'
import { type WasmMemory, wasm } from './platform.ts'
import type { Width } from './width.ts'

/** Takes as many messages as the kernel is wide `blocks` blocks further, those in swift lanes twice as many. `base`: the scratch area. */
export type Kernel = (base: number, blocks: number) => void

interface Compiled {
  readonly widths: readonly Width[]
  readonly module: object
}

let compiled: readonly Compiled[] | undefined

/** The kernels this machine can run, on a memory. None where code cannot be compiled. */
export function kernelsOn(memory: WasmMemory): Map<Width, Kernel> {
  compiled ??= [compile([1, 2, 3]), compile([4, 8, 10, 12])].filter((one) => one !== undefined)
  return new Map(
    compiled.flatMap(({ widths, module }) => {
      const { exports } = new (wasm as NonNullable<typeof wasm>).Instance(module, { env: { memory } })
      return widths.map((width) => [width, exports[`md5x${width}`] as Kernel] as const)
    }),
  )
}

/** Nothing where WebAssembly, its SIMD or the right to compile (a content security policy) is missing. */
function compile(widths: readonly Width[]): Compiled | undefined {
  if (!wasm) return undefined
  try {
    return { widths, module: new wasm.Module(moduleOf(widths.map(kernel))) }
  } catch {
    return undefined
  }
}
