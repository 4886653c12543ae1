import { type Code, FunctionBuilder, i8x16, i32, type Local, loopWhile, v128 } from './assembler.ts'
import { BLOCK, STEPS } from './md5.ts'
import type { Exported } from './module.ts'
import { at } from './scratch.ts'
import { swiftLanes, type Width } from './width.ts'
import { fourWordsFewest, fourWordsSoonest, type Mix, oneWord, type Words } from './words.ts'

/**
 * The function `md5xN(base, blocks)`: takes N messages `blocks` blocks further, at least one. `base` is the address of
 * the scratch area, where it finds each lane's pointer and state, and leaves the states.
 *
 * Up to three lanes are plain 32-bit code; four and more are vectors of four. The vectors (or the plain lanes) of a
 * kernel take their steps in turn: each waits for its own last step only, so the processor has others to do meanwhile.
 * A step of a vector takes twice as long as a plain one, in other parts of the processor: so beside vectors there is time
 * for plain lanes that take two steps, the swift ones.
 */
export function kernel(width: Width): Exported {
  const builder = new FunctionBuilder('i32', 'i32')
  const [base, blocks] = builder.params as [Local, Local]
  const pointers = builder.locals(width, 'i32')
  const groupAt = (words: Words, lane: number) => {
    const own = pointers.slice(lane, lane + words.lanes)
    const block = words.lanes === 1 ? blockInPlace(own) : transposedBlock(builder, base, own, lane / words.lanes)
    return new Group(builder, words, base, block, (word) => at.state + 4 * (word * width + lane))
  }
  const swiftFrom = width - swiftLanes(width)
  const words = wordsFor(swiftFrom)
  const groups = Array.from({ length: swiftFrom / words.lanes }, (_, index) => groupAt(words, index * words.lanes))
  const swift = Array.from({ length: width - swiftFrom }, (_, index) => groupAt(oneWord, swiftFrom + index))

  const endOfBlock = (groups: readonly Group[], own: readonly Local[]) => [
    groups.map((group) => group.addToState()),
    own.map((pointer) => pointer.set(i32.add(pointer.get, i32.const(BLOCK)))),
  ]
  const swiftStep = (index: number) => [
    swift.map((group) => group.step(index)),
    index === STEPS.length - 1 ? endOfBlock(swift, pointers.slice(swiftFrom)) : [],
  ]
  const oneTurn = [
    groups.map((group) => group.readBlock()),
    STEPS.map((_, step) => [
      groups.map((group) => group.step(step)),
      [2 * step, 2 * step + 1].map((swiftly) => swiftStep(swiftly % STEPS.length)),
    ]),
    endOfBlock(groups, pointers.slice(0, swiftFrom)),
  ]
  const body = [
    pointers.map((pointer, lane) => pointer.set(i32.load(base.get, at.pointers + 4 * lane))),
    [...groups, ...swift].map((group) => group.loadState()),
    loopWhile(oneTurn, blocks.tee(i32.sub(blocks.get, i32.const(1)))),
  ]
  return { name: `md5x${width}`, builder, body }
}

/** One or two vectors leave the processor waiting; three keep it busy. */
function wordsFor(lanes: number): Words {
  if (lanes < 4) return oneWord
  return lanes <= 8 ? fourWordsSoonest : fourWordsFewest
}

/** The block a group is at: how to make its words ready, and how to load each of the 16. */
interface Block {
  readonly prepare: Code
  word(index: number): Code
}

/** The code for the messages that share a value: one, or four. */
class Group {
  readonly #words: Words
  readonly #base: Local
  readonly #block: Block
  readonly #stateAt: (word: number) => number
  readonly #state: readonly Local[]
  readonly #spare: readonly Local[]

  /** `stateAt` says where in the scratch area state word 0 to 3 lies. */
  constructor(builder: FunctionBuilder, words: Words, base: Local, block: Block, stateAt: (word: number) => number) {
    this.#words = words
    this.#base = base
    this.#block = block
    this.#stateAt = stateAt
    this.#state = builder.locals(4, words.type)
    this.#spare = builder.locals(2, words.type)
  }

  loadState(): Code {
    return this.#state.map((local, word) => local.set(this.#savedState(word)))
  }

  readBlock(): Code {
    return this.#block.prepare
  }

  step(index: number): Code {
    const { round, word, rotation } = STEPS[index] as (typeof STEPS)[number]
    const words = this.#words
    // The four locals change roles instead of values: what was b is c in the next step.
    const role = (name: number) => this.#state[(name + 64 - index) % 4] as Local
    const [a, b, c, d] = [role(0), role(1), role(2), role(3)]
    const sum = words.add(words.add(a.get, words.constant(this.#base.get, index)), this.#block.word(word))
    const { early, late, join } = words.mixes[round] as Mix
    const parts = { sum: early(sum, c.get, d.get), late: late(b.get, c.get, d.get), join, bits: rotation, b: b.get }
    return a.set(words.finish(parts, this.#spare))
  }

  /** The end of a block: adds the state before it, which is still in the scratch area (section 3.4, the last lines). */
  addToState(): Code {
    const { add, store } = this.#words
    return this.#state.map((local, word) => [
      local.set(add(local.get, this.#savedState(word))),
      store(this.#base.get, local.get, this.#stateAt(word)),
    ])
  }

  #savedState(word: number): Code {
    return this.#words.load(this.#base.get, this.#stateAt(word))
  }
}

function blockInPlace([pointer]: readonly Local[]): Block {
  const address = (pointer as Local).get
  return { prepare: [], word: (index) => i32.load(address, 4 * index) }
}

/** Four blocks, turned so that word i of all four is one vector; kept in the scratch area, since 16 vectors are many. */
function transposedBlock(builder: FunctionBuilder, base: Local, pointers: readonly Local[], group: number): Block {
  const rows = builder.locals(4, 'v128')
  const vectorAt = (word: number) => at.words + group * 4 * BLOCK + 16 * word
  const quarter = (first: number): Code => [
    rows.map((row, lane) => row.set(v128.load((pointers[lane] as Local).get, 4 * first))),
    transpose(builder, rows, (column, index) => v128.store(base.get, column, vectorAt(first + index))),
  ]
  return {
    prepare: [0, 4, 8, 12].map(quarter),
    word: (index) => v128.load(base.get, vectorAt(index)),
  }
}

/** Stores each column of a 4 by 4 matrix of 32-bit words. */
function transpose(builder: FunctionBuilder, rows: readonly Local[], store: (x: Code, column: number) => Code): Code {
  const [row0, row1, row2, row3] = rows as [Local, Local, Local, Local]
  const [low01, high01, low23, high23] = builder.locals(4, 'v128') as [Local, Local, Local, Local]
  return [
    low01.set(pick(row0, row1, [0, 4, 1, 5])),
    high01.set(pick(row0, row1, [2, 6, 3, 7])),
    low23.set(pick(row2, row3, [0, 4, 1, 5])),
    high23.set(pick(row2, row3, [2, 6, 3, 7])),
    store(pick(low01, low23, [0, 1, 4, 5]), 0),
    store(pick(low01, low23, [2, 3, 6, 7]), 1),
    store(pick(high01, high23, [0, 1, 4, 5]), 2),
    store(pick(high01, high23, [2, 3, 6, 7]), 3),
  ]
}

/** Four words out of eight: those of x are 0 to 3, those of y 4 to 7. */
function pick(x: Local, y: Local, words: readonly number[]): Code {
  const bytes = words.flatMap((word) => [4 * word, 4 * word + 1, 4 * word + 2, 4 * word + 3])
  return i8x16.shuffle(x.get, y.get, bytes)
}
