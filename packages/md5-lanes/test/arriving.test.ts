import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Md5Lanes, Message } from '../src/index.ts'
import { complete, FIRST, noise, openLanes, opensslMd5, WIDTHS } from './open-lanes.ts'

describe('a message that arrives in pieces', () => {
  test.each(WIDTHS)('may be cut anywhere, with a run in between, in kernels of %i', (width) => {
    const { lanes, bytes } = openLanes({ widths: [width], rideFrom: 64 })
    const length = 200
    const expected = opensslMd5(bytes.subarray(FIRST, FIRST + length))
    for (let cut = 0; cut <= length; cut++) {
      const message = lanes.begin(FIRST)
      message.append(cut)
      const driver = complete(lanes, FIRST + 300, cut)
      expect(lanes.run()).toEqual([driver])
      message.append(length - cut)
      message.finish()
      expect(lanes.run()).toEqual([message])
      expect(message.hex()).toBe(expected)
    }
  })

  test('is hashed as far as it has come in lanes that complete messages leave empty', () => {
    const { lanes } = openLanes({ rideFrom: 1024 })
    const rider = lanes.begin(FIRST)
    rider.append(5000)
    const late = lanes.begin(FIRST)
    late.append(1000)
    complete(lanes, FIRST, 8192)
    expect(lanes.run()).toHaveLength(1)
    expect(rider.hashed).toBe(Math.floor(5000 / 64) * 64)
    expect(late.hashed).toBe(0)
    expect(lanes.arriving).toBe(2)
  })

  test('waits when no message is complete, unless told to drive', () => {
    const { lanes } = openLanes({ rideFrom: 64 })
    const message = lanes.begin(FIRST)
    message.append(1000)
    expect(lanes.run()).toEqual([])
    expect(message.hashed).toBe(0)
    expect(lanes.run({ arriving: 'drive' })).toEqual([])
    expect(message.hashed).toBe(960)
  })

  test('leaves its lane to complete messages when all lanes are taken', () => {
    const { lanes } = openLanes({ widths: [4], rideFrom: 64 })
    const rider = lanes.begin(FIRST)
    rider.append(64_000)
    const drivers = [1, 2, 3, 4].map(() => complete(lanes, FIRST, 6400))
    expect(lanes.run()).toEqual(drivers)
    expect(rider.hashed).toBe(0)
  })

  test('rides before others when more of it waits', () => {
    const { lanes } = openLanes({ widths: [3], rideFrom: 64 })
    const riders = [640, 2560, 1280].map((length) => {
      const message = lanes.begin(FIRST)
      message.append(length)
      return message
    })
    complete(lanes, FIRST, 512)
    lanes.run()
    // One pass of 8 blocks, then one for the padding.
    expect(riders.map((message) => message.hashed)).toEqual([0, 576, 576])
  })

  test('never rides with less than a block', () => {
    const { lanes } = openLanes({ rideFrom: 0 })
    const rider = lanes.begin(FIRST)
    rider.append(63)
    complete(lanes, FIRST, 1000)
    expect(lanes.run()).toHaveLength(1)
    expect(rider.hashed).toBe(0)
  })

  test('may have its hashed bytes overwritten, and the rest moved elsewhere', () => {
    const { lanes, bytes } = openLanes()
    const source = noise(10_000, 5)
    const message = lanes.begin(FIRST)
    for (let at = 0; at < source.length; at = message.length) {
      const room = FIRST + ((at * 7) % 3000)
      const piece = source.subarray(message.hashed, message.hashed + 777)
      bytes.set(piece, room)
      message.moveTo(room)
      message.append(message.hashed + piece.length - message.length)
      lanes.run({ arriving: 'drive' })
      bytes.fill(0xee, room, room + Math.floor(piece.length / 64) * 64)
    }
    message.finish()
    lanes.run()
    expect(message.hex()).toBe(opensslMd5(source))
  })
})

describe('a run', () => {
  test('returns the messages in the order in which they came to be done', () => {
    const { lanes } = openLanes({ widths: [12] })
    const [long, short, middle] = [6400, 64, 640].map((length) => complete(lanes, FIRST, length))
    expect(lanes.run()).toEqual([short, middle, long])
    expect(lanes.run()).toEqual([])
    expect(lanes.complete).toBe(0)
  })

  test('takes the oldest first when there are more than lanes', () => {
    const { lanes } = openLanes({ widths: [4] })
    const messages = Array.from({ length: 11 }, () => complete(lanes, FIRST, 1000))
    expect(lanes.complete).toBe(11)
    expect(lanes.run()).toEqual(messages)
  })

  test('returns early when given a bound, and goes on in the next', () => {
    const { lanes, bytes } = openLanes()
    const messages = Array.from({ length: 30 }, () => complete(lanes, FIRST, 64_000))
    let runs = 0
    for (let hashed = 0; lanes.complete > 0; runs++) {
      lanes.run({ maxBytes: 100_000 })
      const now = messages.reduce((sum, message) => sum + message.hashed, 0)
      expect(now - hashed).toBeLessThan(120_000)
      hashed = now
    }
    expect(runs).toBeGreaterThan(15)
    const expected = opensslMd5(bytes.subarray(FIRST, FIRST + 64_000))
    expect(messages.map((message) => message.hex())).toEqual(messages.map(() => expected))
  })
})

test('a slot is used again at once when its message is done or dropped', () => {
  const { lanes, bytes } = openLanes({ rideFrom: 64 })
  for (let turn = 0; turn < 300; turn++) {
    const dropped = lanes.begin(FIRST)
    dropped.append(1000)
    complete(lanes, FIRST + 2000, 700)
    if (turn % 3 === 0) dropped.finish()
    if (turn % 2 === 0) lanes.run()
    dropped.drop()
    bytes.set(noise(1000, turn), FIRST)
    const message = complete(lanes, FIRST, 1000)
    lanes.run()
    expect(message.hex()).toBe(opensslMd5(noise(1000, turn)))
    expect([lanes.arriving, lanes.complete]).toEqual([0, 0])
  }
})

test('messages may end with the last byte of memory, in every kernel', () => {
  for (const width of WIDTHS) {
    const { lanes, bytes } = openLanes({ widths: [width], size: 65_536 })
    const lengths = [0, 1, 55, 56, 63, 64, 65, 127, 128, 1000, bytes.length - FIRST]
    const messages = lengths.map((length) => complete(lanes, bytes.length - length, length))
    lanes.run()
    const expected = lengths.map((length) => opensslMd5(bytes.subarray(bytes.length - length)))
    expect(messages.map((message) => message.hex())).toEqual(expected)
  }
})

test('messages may begin at every address', () => {
  const { lanes, bytes } = openLanes()
  const addresses = Array.from({ length: 130 }, (_, offset) => FIRST + offset)
  const messages = addresses.map((address) => complete(lanes, address, 150))
  lanes.run()
  const expected = addresses.map((address) => opensslMd5(bytes.subarray(address, address + 150)))
  expect(messages.map((message) => message.hex())).toEqual(expected)
})

describe('any order of events', () => {
  const SLOT = 4096
  const SLOTS = 20
  const event = fc.record({
    slot: fc.nat(SLOTS - 1),
    what: fc.constantFrom('append', 'append', 'append', 'finish', 'finish', 'drop', 'run', 'run a little', 'drive'),
    bytes: fc.oneof(fc.nat(200), fc.nat(SLOT), fc.constantFrom(0, 55, 56, 63, 64, 65, 128)),
  })
  const widths = fc.constantFrom(...WIDTHS.map((width) => [width]), WIDTHS, [1, 12] as const, [3, 8] as const)

  test('gives each finished message its own digest and loses none', () => {
    fc.assert(
      fc.property(
        fc.array(event, { minLength: 1, maxLength: 150 }),
        widths,
        fc.constantFrom(64, 1000, 16384),
        fc.boolean(),
        (events, widths, rideFrom, nodeCrypto) => {
          const { lanes, bytes } = openLanes({ size: FIRST + SLOT * SLOTS, widths, rideFrom, nodeCrypto })
          play(lanes, bytes, events)
        },
      ),
      { numRuns: 1500 },
    )
  })

  /** Slots hold one message after another; whenever one is done, its digest is compared and its slot filled anew. */
  function play(lanes: Md5Lanes, bytes: Uint8Array, events: readonly { slot: number; what: string; bytes: number }[]) {
    const inSlot = new Map<number, Message>()
    let finished = 0
    let compared = 0
    let seed = 1

    const check = (done: readonly Message[]) => {
      for (const message of done) {
        const slot = [...inSlot].find(([, one]) => one === message)?.[0] as number
        const start = FIRST + slot * SLOT
        expect(message.hex()).toBe(opensslMd5(bytes.subarray(start, start + message.length)))
        clear(slot)
        compared++
      }
    }
    const clear = (slot: number) => {
      inSlot.delete(slot)
      bytes.set(noise(SLOT, seed++), FIRST + slot * SLOT)
    }

    for (const { slot, what, bytes: count } of events) {
      if (what === 'run') check(lanes.run())
      else if (what === 'run a little') check(lanes.run({ maxBytes: count + 1 }))
      else if (what === 'drive') check(lanes.run({ arriving: 'drive' }))
      else {
        const message = inSlot.get(slot) ?? lanes.begin(FIRST + slot * SLOT)
        inSlot.set(slot, message)
        if (what === 'drop') {
          if (message.status === 'complete') finished--
          message.drop()
          clear(slot)
        } else if (message.status === 'arriving') {
          message.append(Math.min(count, SLOT - message.length))
          if (what === 'finish') {
            message.finish()
            finished++
          }
        }
      }
      expect(lanes.complete).toBe(finished - compared)
      expect(lanes.arriving + lanes.complete).toBe(inSlot.size)
    }
    for (const message of inSlot.values()) if (message.status === 'arriving') message.finish()
    check(lanes.run())
    expect(inSlot.size).toBe(0)
  }
})
