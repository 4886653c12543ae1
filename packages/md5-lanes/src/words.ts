import { type Code, i32, i32x4, type Local, type ValueType, v128 } from './assembler.ts'
import { STEPS, type Step } from './md5.ts'
import { at } from './scratch.ts'

/**
 * MD5's arithmetic on 32-bit words: of one message (`i32`), or of four messages side by side (`i32x4`).
 *
 * A step computes b + rotl(a + constant + message word + mix(b, c, d), bits). It waits for b, the result of the step
 * before; the rest is older. So what counts is how few instructions stand between b and the result. Hence the mix is
 * split: what can be added early, which needs c and d alone, and what is late.
 */
export interface Words {
  readonly type: ValueType
  /** Messages in one value. */
  readonly lanes: 1 | 4
  load(address: Code, offset: number): Code
  store(address: Code, value: Code, offset: number): Code
  add(x: Code, y: Code): Code
  /** The constant of step `index` of 64; `base` is the scratch area. */
  constant(base: Code, index: number): Code
  /** F, G, H and I (RFC 1321 section 3.4). */
  readonly mixes: readonly Mix[]
  /** The result of a step: b + rotl(join(sum, late), bits). May overwrite the two spare locals. */
  finish(step: { sum: Code; late: Code; join: Mix['join']; bits: number; b: Code }, spare: readonly Local[]): Code
}

/** join(early(sum, c, d), late(b, c, d)) is sum + mix(b, c, d). */
export interface Mix {
  early(sum: Code, c: Code, d: Code): Code
  late(b: Code, c: Code, d: Code): Code
  join(sum: Code, late: Code): Code
}

const nothingEarly: Mix['early'] = (sum) => sum
const not = (x: Code): Code => i32.xor(x, i32.const(-1))

/** One message. */
export const oneWord: Words = {
  type: 'i32',
  lanes: 1,
  load: i32.load,
  store: i32.store,
  add: i32.add,
  constant: (_, index) => i32.const((STEPS[index] as Step).constant),
  mixes: [
    // F = (b & c) | (~b & d): picks from c or d, bit by bit.
    { early: nothingEarly, late: (b, c, d) => i32.xor(d, i32.and(b, i32.xor(c, d))), join: i32.add },
    // G = (b & d) | (c & ~d): the two are never both 1, so | may be +.
    { early: (sum, c, d) => i32.add(sum, i32.and(c, not(d))), late: (b, _, d) => i32.and(b, d), join: i32.add },
    // H
    { early: nothingEarly, late: (b, c, d) => i32.xor(b, i32.xor(c, d)), join: i32.add },
    // I
    { early: nothingEarly, late: (b, c, d) => i32.xor(c, i32.or(b, not(d))), join: i32.add },
  ],
  finish: ({ sum, late, join, bits, b }) => i32.add(i32.rotl(join(sum, late), i32.const(bits)), b),
}

const fourWords = {
  type: 'v128',
  lanes: 4,
  load: v128.load,
  store: v128.store,
  add: i32x4.add,
  constant: (base, index) => v128.load32_splat(base, at.constants + 4 * index),
  mixes: [
    { early: nothingEarly, late: (b, c, d) => v128.xor(d, v128.and(b, v128.xor(c, d))), join: i32x4.add },
    { early: (sum, c, d) => i32x4.add(sum, v128.andnot(c, d)), late: (b, _, d) => v128.and(b, d), join: i32x4.add },
    { early: nothingEarly, late: (b, c, d) => v128.xor(b, v128.xor(c, d)), join: i32x4.add },
    // I = c ^ (b | ~d) = -1 - (c ^ (d & ~b)): vectors have an and-not. The -1 is in the constant.
    { early: nothingEarly, late: (b, c, d) => v128.xor(c, v128.andnot(d, b)), join: i32x4.sub },
  ],
} satisfies Omit<Words, 'finish'>

/** What `constant` reads for vectors: the constants of the 64 steps, those of round I less 1. */
export const constantTable: readonly number[] = STEPS.map(({ constant, round }) =>
  round === 3 ? constant - 1 : constant,
)

/*
 * Vectors have no rotation: it is two shifts, and since their bits never meet, + joins them as well as |.
 */

/** Four messages, one in each 32-bit lane of a vector, with the fewest instructions. */
export const fourWordsFewest: Words = {
  ...fourWords,
  finish: ({ sum, late, join, bits, b }, [spare]) => {
    const x = spare as Local
    const left = i32x4.shl(x.get, i32.const(bits))
    const right = i32x4.shr_u(x.get, i32.const(32 - bits))
    return [x.set(join(sum, late)), i32x4.add(i32x4.add(left, b), right)]
  },
}

/**
 * The same with the shortest way from b to the result: a left shift may be done on the terms of a sum one by one, so
 * the left half needs no wait for the sum. Two instructions more and one fewer to wait for.
 */
export const fourWordsSoonest: Words = {
  ...fourWords,
  finish: ({ sum, late, join, bits, b }, spare) => {
    const [x, y] = spare as [Local, Local]
    const left = join(i32x4.add(i32x4.shl(x.get, i32.const(bits)), b), i32x4.shl(y.get, i32.const(bits)))
    const right = i32x4.shr_u(join(x.get, y.get), i32.const(32 - bits))
    return [x.set(sum), y.set(late), i32x4.add(left, right)]
  },
}
