/**
 * The few WebAssembly instructions the digests need, under the names the specification gives them
 * (https://webassembly.github.io/spec/core/binary/instructions.html): functions from operands to code.
 */

/** Bytes of code, nested so that building a long function copies nothing. */
export type Code = readonly (number | Code)[]

const operator =
  (...opcode: number[]) =>
  (...operands: Code[]): Code => [operands, opcode]

/** No promise of alignment, and an offset to the address. */
const memarg = (offset: number): Code => [0, unsigned(offset)]

export const i32 = {
  const: (value: number): Code => [0x41, signed(value)],
  load: (address: Code, offset = 0): Code => [address, 0x28, memarg(offset)],
  store: (address: Code, value: Code, offset = 0): Code => [address, value, 0x36, memarg(offset)],
  add: operator(0x6a),
  sub: operator(0x6b),
  and: operator(0x71),
  or: operator(0x72),
  xor: operator(0x73),
  rotl: operator(0x77),
}

export const v128 = {
  load: (address: Code, offset = 0): Code => [address, 0xfd, 0, memarg(offset)],
  store: (address: Code, value: Code, offset = 0): Code => [address, value, 0xfd, 11, memarg(offset)],
  or: operator(0xfd, 0x50),
  xor: operator(0xfd, 0x51),
}

export const i8x16 = {
  /** 16 bytes out of the 32 of x and y, each by its index. */
  shuffle: (x: Code, y: Code, indices: readonly number[]): Code => [x, y, 0xfd, 13, indices],
}

export const i32x4 = {
  splat: operator(0xfd, 17),
  shl: operator(0xfd, 0xab, 1),
  shr_u: operator(0xfd, 0xad, 1),
  add: operator(0xfd, 0xae, 1),
}

/** A local variable of a function. */
export interface Local {
  readonly get: Code
  set(value: Code): Code
  /** Sets it and leaves the value on the stack. */
  tee(value: Code): Code
}

/** Runs `body`, and again for as long as the `condition` at its end is not 0. */
export function loopWhile(body: Code, condition: Code): Code {
  return [0x03, 0x40, body, condition, 0x0d, 0, 0x0b]
}

const types = { i32: 0x7f, v128: 0x7b } as const

/** A function of two i32 that returns nothing, and as many locals as it asks for. */
export class FunctionBuilder {
  readonly params: readonly [Local, Local] = [localAt(0), localAt(1)]
  readonly #types: number[] = []

  locals(count: number, type: keyof typeof types): Local[] {
    return Array.from({ length: count }, () => localAt(1 + this.#types.push(types[type])))
  }

  /** The entry of the code section. */
  code(body: Code): Code {
    return sized([vector(this.#types.map((type) => [1, type])), body, 0x0b])
  }
}

function localAt(index: number): Local {
  return {
    get: [0x20, unsigned(index)],
    set: (value) => [value, 0x21, unsigned(index)],
    tee: (value) => [value, 0x22, unsigned(index)],
  }
}

/** The bytes of a module that has `pages` of 64 KiB, exported as `memory`, and exports these functions. */
export function moduleOf(pages: number, functions: Readonly<Record<string, Code>>): Uint8Array<ArrayBuffer> {
  const names = Object.keys(functions)
  const [functionType, i32s] = [0x60, [types.i32, types.i32]]
  return Uint8Array.from(
    flatten([
      [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
      section(1, vector([[functionType, vector(i32s.map((type) => [type])), vector([])]])),
      section(3, vector(names.map(() => [0]))),
      section(5, vector([[0x01, unsigned(pages), unsigned(pages)]])),
      section(7, vector([[name('memory'), 0x02, 0], ...names.map((text, index) => [name(text), 0x00, index])])),
      section(10, vector(Object.values(functions))),
    ]),
  )
}

function section(id: number, content: Code): Code {
  return [id, sized(content)]
}

function name(text: string): Code {
  return sized([...text].map((character) => character.charCodeAt(0)))
}

/** LEB128. */
function unsigned(value: number): number[] {
  const bytes: number[] = []
  for (; value > 127; value >>>= 7) bytes.push((value & 127) | 128)
  return [...bytes, value]
}

/** Signed LEB128 of a 32-bit integer, given either as signed or as unsigned. */
function signed(value: number): number[] {
  const bytes: number[] = []
  for (value |= 0; value < -64 || value > 63; value >>= 7) bytes.push((value & 127) | 128)
  return [...bytes, value & 127]
}

/** How many, then each of them. */
function vector(items: readonly Code[]): Code {
  return [unsigned(items.length), items]
}

/** How many bytes, then the bytes. */
function sized(code: Code): Code {
  const bytes = flatten(code)
  return [unsigned(bytes.length), bytes]
}

function flatten(code: Code, bytes: number[] = []): number[] {
  for (const item of code) {
    if (typeof item === 'number') bytes.push(item)
    else flatten(item, bytes)
  }
  return bytes
}
