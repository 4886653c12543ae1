import type { Kernels } from './digests.ts'
import { at, block, md5Steps, sha1Constants } from './layout.ts'

/** What the kernels do, in plain JavaScript: for pages whose content security policy forbids WebAssembly. */
export function plainKernels(memory: ArrayBuffer): Kernels {
  const words = new Uint32Array(memory)
  const view = new DataView(memory)
  const eachBlock = (take: (address: number) => void) => (address: number, blocks: number) => {
    for (let index = 0; index < blocks; index++) take(address + index * block)
  }
  const sha1 = eachBlock((address) => sha1Block(words, view, address))
  const md5 = eachBlock((address) => md5Block(words, view, address))
  return {
    sha1,
    md5,
    both(address, blocks) {
      sha1(address, blocks)
      md5(address, blocks)
    },
  }
}

function rotl(x: number, bits: number): number {
  return (x << bits) | (x >>> (32 - bits))
}

const schedule = new Int32Array(80)

/** FIPS 180-4 section 6.1.2. */
function sha1Block(words: Uint32Array, view: DataView, address: number): void {
  for (let t = 0; t < 16; t++) schedule[t] = view.getInt32(address + 4 * t)
  const w = (t: number) => schedule[t] as number
  for (let t = 16; t < 80; t++) schedule[t] = rotl(w(t - 3) ^ w(t - 8) ^ w(t - 14) ^ w(t - 16), 1)
  const state = words.subarray(at.sha1 / 4, at.sha1 / 4 + 5)
  let [a, b, c, d, e] = state as unknown as [number, number, number, number, number]
  for (let t = 0; t < 80; t++) {
    const round = Math.floor(t / 20)
    const mixed = round === 0 ? d ^ (b & (c ^ d)) : round === 2 ? (b & c) | (d & (b | c)) : b ^ c ^ d
    const next = (rotl(a, 5) + mixed + e + w(t) + (sha1Constants[round] as number)) | 0
    e = d
    d = c
    c = rotl(b, 30)
    b = a
    a = next
  }
  for (const [index, value] of [a, b, c, d, e].entries()) state[index] = (state[index] as number) + value
}

/** RFC 1321 section 3.4. */
function md5Block(words: Uint32Array, view: DataView, address: number): void {
  const state = words.subarray(at.md5 / 4, at.md5 / 4 + 4)
  let [a, b, c, d] = state as unknown as [number, number, number, number]
  for (const { round, word, constant, rotation } of md5Steps) {
    const mixed = md5Mix(round, b, c, d)
    const sum = (a + mixed + constant + view.getInt32(address + 4 * word, true)) | 0
    a = d
    d = c
    c = b
    b = (b + rotl(sum, rotation)) | 0
  }
  for (const [index, value] of [a, b, c, d].entries()) state[index] = (state[index] as number) + value
}

function md5Mix(round: number, b: number, c: number, d: number): number {
  if (round === 0) return d ^ (b & (c ^ d))
  if (round === 1) return c ^ (d & (b ^ c))
  return round === 2 ? b ^ c ^ d : c ^ (b | ~d)
}
