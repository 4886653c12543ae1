import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { LaneMessage } from '../src/message.ts'
import { seat } from '../src/seats.ts'

/** Passes of the kernel of 10 until all messages are through, as `blocks` says how long each is; and their turns in all. */
function passesOf(blocks: readonly number[]): { passes: number; turns: number } {
  let left = blocks.map((blocksReady) => ({ blocksReady }) as LaneMessage) // all of a message that seating looks at
  let [passes, all] = [0, 0]
  while (left.length > 0) {
    const seats = seat(left, 10)
    const turns = Math.min(...seats.map((seat) => seat.turns))
    expect(turns).toBeGreaterThanOrEqual(1)
    expect(new Set(seats.map(({ lane }) => lane)).size).toBe(seats.length)
    const speeds = new Map(seats.map(({ message, speed, lane }) => [message, lane < 8 ? 1 : speed]))
    left = left.map((message) => {
      return { blocksReady: message.blocksReady - turns * (speeds.get(message) ?? 0) } as LaneMessage
    })
    expect(Math.min(...left.map(({ blocksReady }) => blocksReady))).toBeGreaterThanOrEqual(0)
    left = left.filter(({ blocksReady }) => blocksReady > 0)
    passes++
    all += turns
  }
  return { passes, turns: all }
}

test('six equal messages are through at once, after three passes', () => {
  expect(passesOf([16_384, 16_384, 16_384, 16_384, 16_384, 16_384])).toEqual({ passes: 3, turns: 12_288 })
})

test('messages of any lengths take few passes, and not many more turns than it takes at best', () => {
  const lengths = fc.array(fc.oneof(fc.constant(16_384), fc.integer({ min: 1, max: 20_000 })), {
    minLength: 1,
    maxLength: 10,
  })
  fc.assert(
    fc.property(lengths, (blocks) => {
      const total = blocks.reduce((sum, length) => sum + length, 0)
      const best = Math.max(total / (Math.min(blocks.length, 8) + 2), Math.max(...blocks) / 2)
      const { passes, turns } = passesOf(blocks)
      expect(passes).toBeLessThanOrEqual(40)
      expect(turns).toBeLessThanOrEqual(1.7 * best + 20) // the worst anybody found is 1.57
    }),
    { numRuns: 2_000 },
  )
})
