/**
 * What MD5 in lanes costs in CPU time per byte, as a ratio to node:crypto's in the same round.
 *
 *     node packages/md5-lanes/bench.ts [rounds]
 *
 * Each round times node:crypto and then every row once, so that what else the machine does meets all of them. Printed:
 * the median of the rounds' ratios, and the lowest and the highest. CPU time is user + system of this process.
 */
import { hash, randomFillSync } from 'node:crypto'
import { createMemory, Md5Lanes, type Md5LanesOptions, md5Many, SCRATCH_BYTES } from './src/index.ts'

const MIB = 2 ** 20
const SLOTS = 12
const FIRST_SLOT = 65536
/** Bytes hashed for one sample, at least: about 30 ms of node:crypto. */
const SAMPLE = 24 * MIB

const memory = createMemory(FIRST_SLOT + SLOTS * MIB)
const bytes = new Uint8Array(memory.buffer)
const slots = Array.from({ length: SLOTS }, (_, index) => FIRST_SLOT + index * MIB)
for (const slot of slots) randomFillSync(bytes, slot, MIB)

/** Hashes something once and returns how many bytes it was. */
type Work = () => number

let scratchAddress = 0
async function lanesWith(options: Partial<Md5LanesOptions> = {}): Promise<Md5Lanes> {
  const lanes = new Md5Lanes({ memory, scratchAddress, ...options })
  scratchAddress += Math.ceil(SCRATCH_BYTES / 64) * 64
  await lanes.warmUp()
  return lanes
}

/** Messages that are complete from the start. */
function together(lanes: Md5Lanes, lengths: readonly number[]): Work {
  return () => {
    for (const [index, length] of lengths.entries()) {
      const message = lanes.begin(slots[index] as number)
      message.append(length)
      message.finish()
    }
    return lanes.run().reduce((sum, message) => sum + message.length, 0)
  }
}

/** As over HTTP: six parts of 1 MiB in pieces of 64 KiB, each part three pieces behind the one before. */
function arriving(lanes: Md5Lanes): Work {
  const PIECE = 65536
  return () => {
    let hashed = 0
    const parts = slots.slice(0, 6).map((slot) => lanes.begin(slot))
    for (let turn = 0; parts.some((part) => part.status === 'arriving'); turn++) {
      for (const [index, part] of parts.entries()) {
        if (turn < 3 * index || part.status !== 'arriving') continue
        part.append(PIECE)
        if (part.length === MIB) part.finish()
      }
      for (const part of lanes.run()) hashed += part.length
    }
    return hashed
  }
}

/** CPU time in us per byte. */
function costOf(work: Work): number {
  const before = process.cpuUsage()
  let hashed = 0
  while (hashed < SAMPLE) hashed += work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / hashed
}

const usual = await lanesWith()
const equal = (count: number) => Array.from({ length: count }, () => MIB)
const mixed = Array.from({ length: SLOTS }, (_, index) => Math.round(MIB / 1.5 ** index))
const outside = slots.map((slot) => bytes.slice(slot, slot + MIB))
const rows = new Map<string, Work>([
  ['node:crypto again, one message', () => hash('md5', outside[0] as Uint8Array).length && MIB],
])
for (const width of [1, 2, 3, 4, 8, 10, 12] as const) {
  const lanes = await lanesWith({ widths: [width], nodeCrypto: false })
  rows.set(`kernel of ${width}, full`, together(lanes, equal(width)))
}
for (const count of [1, 2, 3, 4, 6, 8, 12])
  rows.set(`${count} complete, kernels as planned`, together(usual, equal(count)))
rows.set('12 complete, 12 KiB to 1 MiB', together(usual, mixed))
rows.set('6 arriving in pieces of 64 KiB', arriving(usual))
rows.set('md5Many of 12, copies included', () => md5Many(outside).length * MIB)

const ratios = new Map([...rows.keys()].map((name) => [name, [] as number[]]))
for (const work of rows.values()) costOf(work)
for (let round = Number(process.argv[2] ?? 15); round > 0; round--) {
  const base = costOf(() => hash('md5', outside[0] as Uint8Array).length && MIB)
  for (const [name, work] of rows) ratios.get(name)?.push(costOf(work) / base)
}

console.log(`Node ${process.version}, OpenSSL ${process.versions.openssl}: CPU per byte, node:crypto = 1`)
for (const [name, samples] of ratios) {
  samples.sort((x, y) => x - y)
  const [least, median, most] = [0, samples.length >> 1, samples.length - 1].map((at) => samples[at]?.toFixed(3))
  console.log(`${name.padEnd(34)} ${median}  [${least}..${most}]`)
}
