import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Width } from '../src/index.ts'
import { kernelsOn } from '../src/kernels.ts'
import { type Costs, planPasses, USUAL_COSTS } from '../src/plan.ts'
import { Scratch } from '../src/scratch.ts'
import { measure } from '../src/warm-up.ts'
import { complete, FIRST, openLanes, opensslMd5 } from './open-lanes.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

describe('warming up', () => {
  test('leaves digests right, also of runs in between', async () => {
    const { lanes, bytes } = openLanes({ size: 65_536 })
    const expected = opensslMd5(bytes.subarray(FIRST, FIRST + 50_000))
    let warming = true
    const warm = lanes.warmUp().then(() => {
      warming = false
    })
    while (warming) {
      const messages = Array.from({ length: 5 }, () => complete(lanes, FIRST, 50_000))
      lanes.run()
      expect(messages.map((message) => message.hex())).toEqual(messages.map(() => expected))
      await new Promise(setImmediate)
    }
    await warm
    const messages = Array.from({ length: 13 }, () => complete(lanes, FIRST, 50_000))
    lanes.run()
    expect(messages.map((message) => message.hex())).toEqual(messages.map(() => expected))
  })

  test('does without a clock that can tell', async () => {
    const { lanes, memory, bytes } = openLanes()
    vi.spyOn(performance, 'now').mockReturnValue(0)
    const scratch = new Scratch(memory.buffer, 0)
    expect(await measure(kernelsOn(memory), () => scratch)).toBeUndefined()
    await lanes.warmUp()
    const message = complete(lanes, FIRST, 1000)
    lanes.run()
    expect(message.hex()).toBe(opensslMd5(bytes.subarray(FIRST, FIRST + 1000)))
  })
})

describe('the plan', () => {
  const costs = (...each: [Width, number][]): Costs => new Map(each)

  test('takes the kernels that together cost least', () => {
    // Two passes of 2 are cheaper than one of 4 here, and 5 are worth one of 8.
    const plan = planPasses(costs([1, 9], [2, 10], [4, 25], [8, 25]))
    expect(plan.slice(1)).toEqual([1, 2, 2, 2, 8, 8, 8, 8])
  })

  test('has a kernel for every number of messages, whatever kernels there are', () => {
    expect(planPasses(costs([4, 1])).slice(1)).toEqual([4, 4, 4, 4])
    expect(planPasses(costs())).toHaveLength(1)
  })

  test('by usual costs, takes all at once, and those with whom swift lanes pay by the kernel that has them', () => {
    expect(planPasses(USUAL_COSTS).slice(1)).toEqual([1, 2, 3, 10, 10, 10, 10, 10, 10, 10, 12, 12])
  })

  test('counts on a swift lane for twice as much', () => {
    // Six messages in the kernel of 10 take 8 blocks a turn, so that theirs is worth 12 of 16; with 10, 10 of 12.
    expect(planPasses(costs([8, 12.1], [10, 16])).slice(1, 7)).toEqual([10, 10, 10, 10, 10, 10])
    expect(planPasses(costs([8, 11.9], [10, 16])).slice(1, 7)).toEqual([10, 10, 10, 10, 10, 8])
  })
})
