/**
 * The few WebAssembly instructions the kernels need, under the names the specification gives them
 * (https://webassembly.github.io/spec/core/binary/instructions.html). Each is a function from operands to code, so that
 * `i32.add(x.get, i32.const(1))` reads like the folded text form `(i32.add (local.get $x) (i32.const 1))`.
 */

/** Bytes of code, nested so that building a long function copies nothing; `flatten` lays them out. */
export type Code = readonly (number | Code)[]

export type ValueType = 'i32' | 'v128'

const VALUE_TYPES = { i32: 0x7f, v128: 0x7b } as const

type Operator = (...operands: Code[]) => Code

/** An instruction that finds its operands on the stack: they come first, in order. */
const operator =
  (...opcode: number[]): Operator =>
  (...operands) => [operands, opcode]

/** SIMD instructions have the prefix 0xfd and a LEB128 opcode. */
const simd = (opcode: number): Operator => operator(0xfd, ...unsigned(opcode))

/** `load` and `store` name the alignment as a power of two: a promise, or 0 for none. */
const memarg = (alignment: number, offset: number): Code => [alignment, unsigned(offset)]

export const i32 = {
  const: (value: number): Code => [0x41, signed(value)],
  load: (address: Code, offset = 0): Code => [address, 0x28, memarg(0, offset)],
  store: (address: Code, value: Code, offset = 0): Code => [address, value, 0x36, memarg(0, offset)],
  add: operator(0x6a),
  sub: operator(0x6b),
  and: operator(0x71),
  or: operator(0x72),
  xor: operator(0x73),
  rotl: operator(0x77),
}

export const v128 = {
  load: (address: Code, offset = 0): Code => [address, 0xfd, 0, memarg(0, offset)],
  load32_splat: (address: Code, offset = 0): Code => [address, 0xfd, 9, memarg(0, offset)],
  store: (address: Code, value: Code, offset = 0): Code => [address, value, 0xfd, 11, memarg(0, offset)],
  and: simd(0x4e),
  /** x & ~y */
  andnot: simd(0x4f),
  xor: simd(0x51),
}

export const i8x16 = {
  /** 16 bytes out of the 32 of x and y, each by its index. */
  shuffle: (x: Code, y: Code, indices: readonly number[]): Code => [x, y, 0xfd, 13, indices],
}

export const i32x4 = {
  shl: simd(0xab),
  shr_u: simd(0xad),
  add: simd(0xae),
  sub: simd(0xb1),
}

/** Runs `body`, and again for as long as the `condition` at its end is not 0. */
export function loopWhile(body: Code, condition: Code): Code {
  const [loop, noResult, br_if, end] = [0x03, 0x40, 0x0d, 0x0b]
  return [loop, noResult, body, condition, br_if, 0, end]
}

/** A local variable of a function. */
export interface Local {
  readonly get: Code
  set(value: Code): Code
  /** Sets it and leaves the value on the stack. */
  tee(value: Code): Code
}

/** A function under construction: parameters first, then as many locals as it asks for. It returns nothing. */
export class FunctionBuilder {
  readonly params: readonly Local[]
  readonly #paramTypes: readonly ValueType[]
  readonly #types: ValueType[] = []

  constructor(...params: ValueType[]) {
    this.#paramTypes = params
    this.params = params.map((_, index) => localAt(index))
  }

  local(type: ValueType): Local {
    return localAt(this.#paramTypes.length + this.#types.push(type) - 1)
  }

  locals(count: number, type: ValueType): Local[] {
    return Array.from({ length: count }, () => this.local(type))
  }

  /** The entry of the type section. */
  get type(): Code {
    return [0x60, vector(this.#paramTypes.map((type) => [VALUE_TYPES[type]])), vector([])]
  }

  /** The entry of the code section. */
  code(body: Code): Code {
    return sized([vector(this.#types.map((type) => [1, VALUE_TYPES[type]])), body, 0x0b])
  }
}

function localAt(index: number): Local {
  return {
    get: [0x20, unsigned(index)],
    set: (value) => [value, 0x21, unsigned(index)],
    tee: (value) => [value, 0x22, unsigned(index)],
  }
}

/** LEB128. */
export function unsigned(value: number): number[] {
  const bytes: number[] = []
  for (; value > 127; value >>>= 7) bytes.push((value & 127) | 128)
  return [...bytes, value]
}

/** Signed LEB128 of a 32-bit integer, given either as signed or as unsigned. */
export function signed(value: number): number[] {
  const bytes: number[] = []
  for (value |= 0; value < -64 || value > 63; value >>= 7) bytes.push((value & 127) | 128)
  return [...bytes, value & 127]
}

/** How many, then each of them. */
export function vector(items: readonly Code[]): Code {
  return [unsigned(items.length), items]
}

/** How many bytes, then the bytes. */
export function sized(code: Code): Code {
  const bytes = flatten(code)
  return [unsigned(bytes.length), bytes]
}

export function flatten(code: Code, bytes: number[] = []): number[] {
  for (const item of code) {
    if (typeof item === 'number') bytes.push(item)
    else flatten(item, bytes)
  }
  return bytes
}
