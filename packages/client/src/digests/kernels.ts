import { type Code, FunctionBuilder, i8x16, i32, i32x4, type Local, loopWhile, moduleOf, v128 } from './code.ts'
import { at, block, type Md5Step, md5Steps, roomBytes, sha1Constants } from './layout.ts'

/**
 * The bytes of a WebAssembly module with three functions of (address, blocks), blocks at least 1: `sha1` and `md5` take
 * their state so many blocks further, `both` does it to both at once. Each step of a digest waits for the one before, so
 * a processor that has the steps of the other to do meanwhile does both in little more than the time of one.
 */
export function kernels(): Uint8Array<ArrayBuffer> {
  const pages = Math.ceil((at.input + roomBytes + 2 * block) / 65_536)
  return moduleOf(pages, {
    sha1: kernel([sha1]),
    md5: kernel([md5]),
    both: kernel([sha1, md5]),
  })
}

/** The code of a digest over the block that `data` points at: 80 or 64 steps, and what comes before and after them. */
interface Digest {
  readonly load: Code
  readonly begin: Code
  readonly steps: readonly Code[]
  readonly end: Code
}

function kernel(makers: readonly ((builder: FunctionBuilder, data: Code) => Digest)[]): Code {
  const builder = new FunctionBuilder()
  const [data, blocks] = builder.params
  const digests = makers.map((make) => make(builder, data.get))
  const oneBlock = [
    digests.map(({ begin }) => begin),
    inTurn(digests.map(({ steps }) => steps)),
    digests.map(({ end }) => end),
    data.set(i32.add(data.get, i32.const(block))),
  ]
  return builder.code([
    digests.map(({ load }) => load),
    loopWhile(oneBlock, blocks.tee(i32.sub(blocks.get, i32.const(1)))),
  ])
}

/** One step after the other, the shorter list spread over the longer. */
function inTurn(lists: readonly (readonly Code[])[]): Code {
  const longest = Math.max(...lists.map(({ length }) => length))
  return Array.from({ length: longest }, (_, index) =>
    lists.map((list) => {
      const until = (turn: number) => Math.floor((turn * list.length) / longest)
      return list.slice(until(index), until(index + 1))
    }),
  )
}

const nowhere = i32.const(0)
const zeros = i32x4.splat(nowhere)

/** The state as locals: how to load it, and how to add what was there before at the end of a block. */
function stateAt(address: number, locals: readonly Local[]): Pick<Digest, 'load' | 'end'> {
  const saved = (word: number) => i32.load(nowhere, address + 4 * word)
  return {
    load: locals.map((local, word) => local.set(saved(word))),
    end: locals.map((local, word) =>
      i32.store(nowhere, local.tee(i32.add(local.get, saved(word))), address + 4 * word),
    ),
  }
}

/** FIPS 180-4 section 6.1.2. The schedule is made four words at a time in vectors, which leaves the steps one load each. */
function sha1(builder: FunctionBuilder, data: Code): Digest {
  const state = builder.locals(5, 'i32')
  const vectors = builder.locals(8, 'v128')
  const constants = builder.locals(4, 'v128')
  const [spare] = builder.locals(1, 'v128') as [Local]
  const vector = (index: number) => vectors[index % 8] as Local

  const put = (index: number): Code =>
    v128.store(
      nowhere,
      i32x4.add(vector(index).get, (constants[Math.floor(index / 5)] as Local).get),
      at.schedule + 16 * index,
    )
  const given = (index: number): Code => [vector(index).set(bigEndian(v128.load(data, 16 * index))), put(index)]
  const made = (index: number): Code => {
    const [x16, x12, x8, x4] = [4, 3, 2, 1].map((back) => vector(index - back).get) as [Code, Code, Code, Code]
    if (index >= 8) {
      const mixed = v128.xor(v128.xor(pick(x8, x4, 2), x16), v128.xor(vector(index - 7).get, vector(index).get))
      return [spare.set(mixed), vector(index).set(rotl(spare.get, 2)), put(index)]
    }
    // The last of the four words needs the first, which is only being made: its share is added afterwards.
    const mixed = v128.xor(v128.xor(pick(x4, zeros, 1), x8), v128.xor(pick(x16, x12, 2), x16))
    return [
      spare.set(mixed),
      vector(index).set(v128.xor(rotl(spare.get, 1), rotl(pick(zeros, spare.get, 1), 2))),
      put(index),
    ]
  }

  const step = (index: number): Code => {
    const [a, b, c, d, e] = [0, 1, 2, 3, 4].map((role) => state[(role + 80 - index) % 5]) as Five
    const sum = i32.add(e.get, i32.load(nowhere, at.schedule + 4 * index))
    return [
      e.set(i32.add(sha1Mix(Math.floor(index / 20), sum, b.get, c.get, d.get), i32.rotl(a.get, i32.const(5)))),
      b.set(i32.rotl(b.get, i32.const(30))),
    ]
  }

  const { load, end } = stateAt(at.sha1, state)
  return {
    load: [load, constants.map((local, round) => local.set(i32x4.splat(i32.const(sha1Constants[round] as number))))],
    begin: [0, 1, 2, 3].map(given),
    // A vector is made twelve steps before its first word is asked for.
    steps: Array.from({ length: 80 }, (_, index) => [
      index % 4 === 0 && index >= 4 && index < 68 ? made(index / 4 + 3) : [],
      step(index),
    ]),
    end,
  }
}

type Five = [Local, Local, Local, Local, Local]

/** sum + Ch, Parity, Maj or Parity of b, c and d. */
function sha1Mix(round: number, sum: Code, b: Code, c: Code, d: Code): Code {
  if (round === 0) return i32.add(sum, i32.xor(d, i32.and(b, i32.xor(c, d))))
  if (round === 2) return i32.add(i32.add(sum, i32.and(c, d)), i32.and(b, i32.xor(c, d)))
  return i32.add(sum, i32.xor(b, i32.xor(c, d)))
}

/** RFC 1321 section 3.4. */
function md5(builder: FunctionBuilder, data: Code): Digest {
  const state = builder.locals(4, 'i32')
  const step = ({ round, word, constant, rotation }: Md5Step, index: number): Code => {
    // The four locals change roles instead of values: what was b is c in the next step.
    const [a, b, c, d] = [0, 1, 2, 3].map((role) => state[(role + 64 - index) % 4]) as [Local, Local, Local, Local]
    const sum = i32.add(i32.add(a.get, i32.const(constant)), i32.load(data, 4 * word))
    const mixed = md5Mix(round, sum, b.get, c.get, d.get)
    return a.set(i32.add(i32.rotl(mixed, i32.const(rotation)), b.get))
  }
  return { ...stateAt(at.md5, state), begin: [], steps: md5Steps.map(step) }
}

/** sum + F, G, H or I of b, c and d; b comes last, since it is the step before. */
function md5Mix(round: number, sum: Code, b: Code, c: Code, d: Code): Code {
  if (round === 0) return i32.add(sum, i32.xor(d, i32.and(b, i32.xor(c, d))))
  if (round === 1) return i32.add(i32.add(sum, i32.and(c, not(d))), i32.and(b, d))
  if (round === 2) return i32.add(sum, i32.xor(b, i32.xor(c, d)))
  return i32.add(sum, i32.xor(c, i32.or(b, not(d))))
}

function not(x: Code): Code {
  return i32.xor(x, i32.const(-1))
}

/** Turns the bytes of each of four words. */
function bigEndian(x: Code): Code {
  const bytes = [3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12]
  return i8x16.shuffle(x, zeros, bytes)
}

/** Four words of the eight of x and y, from word `first` on. */
function pick(x: Code, y: Code, first: number): Code {
  return i8x16.shuffle(
    x,
    y,
    Array.from({ length: 16 }, (_, index) => 4 * first + index),
  )
}

/** Vectors have no rotation: it is two shifts. `x` is computed twice. */
function rotl(x: Code, bits: number): Code {
  return v128.or(i32x4.shl(x, i32.const(bits)), i32x4.shr_u(x, i32.const(32 - bits)))
}
