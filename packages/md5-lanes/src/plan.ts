import { swiftLanes, type Width } from './width.ts'

/** What one turn of each kernel costs, however many of its lanes are filled; any unit. */
export type Costs = ReadonlyMap<Width, number>

/**
 * The costs assumed until a machine has been measured: those of a Zen 5, but with vectors of one group (4) cheaper, as
 * they are on processors whose vector instructions take one cycle instead of two.
 */
export const USUAL_COSTS: Costs = new Map([
  [1, 1],
  [2, 1.05],
  [3, 1.3],
  [4, 1.8],
  [8, 2.1],
  [10, 2.2],
  [12, 2.7],
])

/**
 * For each number of messages with work, from 1 to that of the widest kernel: the kernel to run next, so that together
 * they cost least for each block. Of equally good ways the one that takes more messages first. Index 0 stands for nothing.
 */
export function planPasses(costs: Costs): readonly Width[] {
  const widths = [...costs.keys()].sort((x, y) => y - x)
  const least = [0]
  const plan: Width[] = [1]
  for (let messages = 1; messages <= Math.max(...widths); messages++) {
    const cost = (width: Width) => {
      const taken = Math.min(messages, width)
      const blocks = taken + Math.min(taken, swiftLanes(width))
      return ((costs.get(width) as number) * taken) / blocks + (least[messages - taken] as number)
    }
    const best = widths.reduce((best, width) => (cost(width) < cost(best) ? width : best))
    plan.push(best)
    least.push(cost(best))
  }
  return plan
}
