import type { Kernel } from './kernels.ts'
import { BLOCK } from './md5.ts'
import type { Costs } from './plan.ts'
import type { Scratch } from './scratch.ts'
import type { Width } from './width.ts'

/** Enough for V8 to find a kernel worth its optimizing compiler, which then works in the background. */
const BLOCKS_TO_WARM = 4096
/** How long that compiler may take for all of them. */
const COMPILE_MS = 25
const SAMPLES = 5

type Kernels = ReadonlyMap<Width, Kernel>

/** Runs every kernel until the engine compiles it for good. `scratch` may change between its turns. */
export async function warm(kernels: Kernels, scratch: () => Scratch): Promise<void> {
  for (const kernel of kernels.values()) {
    hashAnything(kernel, scratch())
    await pause(0)
  }
  await pause(COMPILE_MS)
}

/** What a pass of each kernel costs on this machine, in ms. Undefined where the clock is too coarse to tell. */
export async function measure(kernels: Kernels, scratch: () => Scratch): Promise<Costs | undefined> {
  const costs = new Map<Width, number>()
  for (const [width, kernel] of kernels) {
    const samples = Array.from({ length: SAMPLES }, () => {
      const from = performance.now()
      hashAnything(kernel, scratch())
      return performance.now() - from
    })
    // The fastest: whatever else the machine does can only add.
    costs.set(width, Math.min(...samples))
    await pause(0)
  }
  return Math.min(...costs.values()) > 0 ? costs : undefined
}

/** Hashes whatever memory begins with; nobody looks at the result. */
function hashAnything(kernel: Kernel, scratch: Scratch): void {
  const blocks = Math.min(BLOCKS_TO_WARM, Math.floor(scratch.buffer.byteLength / BLOCK / 2))
  for (let hashed = 0; hashed < BLOCKS_TO_WARM; hashed += blocks) {
    scratch.pointAllAt(0)
    kernel(scratch.base, blocks)
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
