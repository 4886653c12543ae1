import type { Kernels } from './digests.ts'
import { at, block, type Md5Step, md5Steps, sha1Constants } from './layout.ts'

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
  const w = schedule
  for (let t = 0; t < 16; t++) w[t] = view.getInt32(address + 4 * t)
  for (let t = 16; t < 80; t++) {
    w[t] = rotl((w[t - 3] as number) ^ (w[t - 8] as number) ^ (w[t - 14] as number) ^ (w[t - 16] as number), 1)
  }
  const state = at.sha1 / 4
  let a = words[state] as number
  let b = words[state + 1] as number
  let c = words[state + 2] as number
  let d = words[state + 3] as number
  let e = words[state + 4] as number
  for (let t = 0; t < 80; t++) {
    const mixed = t < 20 ? d ^ (b & (c ^ d)) : t >= 40 && t < 60 ? (b & c) | (d & (b | c)) : b ^ c ^ d
    const constant = sha1Constants[(t / 20) | 0] as number
    const next = (rotl(a, 5) + mixed + e + (w[t] as number) + constant) | 0
    e = d
    d = c
    c = rotl(b, 30)
    b = a
    a = next
  }
  addTo(words, state, a, b, c, d)
  words[state + 4] = (words[state + 4] as number) + e
}

/** RFC 1321 section 3.4. */
function md5Block(words: Uint32Array, view: DataView, address: number): void {
  const state = at.md5 / 4
  let a = words[state] as number
  let b = words[state + 1] as number
  let c = words[state + 2] as number
  let d = words[state + 3] as number
  for (let i = 0; i < 64; i++) {
    const { round, word, constant, rotation } = md5Steps[i] as Md5Step
    const sum = (a + md5Mix(round, b, c, d) + constant + view.getInt32(address + 4 * word, true)) | 0
    a = d
    d = c
    c = b
    b = (b + rotl(sum, rotation)) | 0
  }
  addTo(words, state, a, b, c, d)
}

function addTo(words: Uint32Array, state: number, a: number, b: number, c: number, d: number): void {
  words[state] = (words[state] as number) + a
  words[state + 1] = (words[state + 1] as number) + b
  words[state + 2] = (words[state + 2] as number) + c
  words[state + 3] = (words[state + 3] as number) + d
}

function md5Mix(round: number, b: number, c: number, d: number): number {
  if (round === 0) return d ^ (b & (c ^ d))
  if (round === 1) return c ^ (d & (b ^ c))
  return round === 2 ? b ^ c ^ d : c ^ (b | ~d)
}
