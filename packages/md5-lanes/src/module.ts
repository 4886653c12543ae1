import { type Code, type FunctionBuilder, flatten, sized, unsigned, vector } from './assembler.ts'

/** A finished function and the name it is exported under. */
export interface Exported {
  readonly name: string
  readonly builder: FunctionBuilder
  readonly body: Code
}

/** The bytes of a module that imports `env.memory`, of any size, and exports the functions. */
export function moduleOf(functions: readonly Exported[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(
    flatten([
      MAGIC,
      VERSION_1,
      section(1, vector(functions.map(({ builder }) => builder.type))),
      section(2, vector([[name('env'), name('memory'), ANY_MEMORY]])),
      section(3, vector(functions.map((_, index) => [unsigned(index)]))),
      section(7, vector(functions.map((one, index) => [name(one.name), FUNCTION, unsigned(index)]))),
      section(10, vector(functions.map(({ builder, body }) => builder.code(body)))),
    ]),
  )
}

const MAGIC = [0x00, 0x61, 0x73, 0x6d]
const VERSION_1 = [1, 0, 0, 0]
/** Imported or exported: a function; a memory without a maximum, of 0 pages or more. */
const FUNCTION = 0x00
const ANY_MEMORY: Code = [0x02, 0x00, 0]

function section(id: number, content: Code): Code {
  return [id, sized(content)]
}

function name(text: string): Code {
  return sized([...text].map((character) => character.charCodeAt(0)))
}
