import { afterEach, describe, expect, test, vi } from 'vitest'
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
  const costs = (...each: [1 | 2 | 3 | 4 | 8 | 12, number][]): Costs => new Map(each)

  test('takes the kernels that together cost least', () => {
    // Two passes of 2 are cheaper than one of 4 here, and 5 are worth one of 8.
    const plan = planPasses(costs([1, 9], [2, 10], [4, 25], [8, 25]))
    expect(plan.slice(1)).toEqual([1, 2, 2, 2, 8, 8, 8, 8])
  })

  test('has a kernel for every number of messages, whatever kernels there are', () => {
    expect(planPasses(costs([4, 1])).slice(1)).toEqual([4, 4, 4, 4])
    expect(planPasses(costs())).toHaveLength(1)
  })

  test('by usual costs, uses the narrowest kernel that takes all', () => {
    expect(planPasses(USUAL_COSTS).slice(1)).toEqual([1, 2, 3, 4, 8, 8, 8, 8, 12, 12, 12, 12])
  })
})
