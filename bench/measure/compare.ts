import type { Figures } from './measure-load.ts'

/** Something to measure: a server under a load, or a command that does part of the work. */
export interface Variant {
  readonly name: string
  readonly measure: () => Promise<Partial<Figures> & Pick<Figures, 'cpuPerGib'>>
}

/** The runs of one variant. */
export interface Result {
  readonly name: string
  readonly runs: readonly Awaited<ReturnType<Variant['measure']>>[]
}

/** Middle, smallest and largest value of several runs. */
export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

/** Measures variants in turn (A B C, A B C, …), so that a slow minute of the machine meets all of them. */
export async function compare(variants: readonly Variant[], rounds: number): Promise<Result[]> {
  const results = variants.map(({ name }) => ({ name, runs: [] as Result['runs'][number][] }))
  for (let round = 0; round < rounds; round++) {
    for (const [index, variant] of variants.entries()) {
      process.stderr.write(`round ${round + 1} of ${rounds}: ${variant.name}\n`)
      results[index]?.runs.push(await variant.measure())
    }
  }
  return results
}

/** The spread of one figure over a variant's runs; undefined where the variant has no such figure. */
export function spreadOf(
  result: Result,
  figure: (run: Result['runs'][number]) => number | undefined,
): Spread | undefined {
  return spread(result.runs.map(figure).filter((value) => value !== undefined))
}

/** The spread of the ratio of two variants' figures, each run to the other's run of the same round. */
export function ratioOf(
  result: Result,
  base: Result,
  figure: (run: Result['runs'][number]) => number | undefined,
): Spread | undefined {
  const ratios = result.runs.map((run, index) => {
    const other = base.runs[index]
    const [value, baseValue] = [figure(run), other && figure(other)]
    return value === undefined || baseValue === undefined ? undefined : value / baseValue
  })
  return spread(ratios.filter((ratio) => ratio !== undefined))
}

export function spread(values: readonly number[]): Spread | undefined {
  const sorted = values.toSorted((a, b) => a - b)
  const [min] = sorted
  const max = sorted.at(-1)
  const median = sorted[sorted.length >> 1]
  return min === undefined || max === undefined || median === undefined ? undefined : { median, min, max }
}
