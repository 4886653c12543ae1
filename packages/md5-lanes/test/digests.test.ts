import { describe, expect, test } from 'vitest'
import { Md5Lanes, md5Many, SCRATCH_BYTES } from '../src/index.ts'
import { complete, dice, FIRST, growableMemory, noise, openLanes, opensslMd5, WIDTHS } from './open-lanes.ts'

/** RFC 1321, appendix A.5. */
const SUITE: readonly (readonly [string, string])[] = [
  ['', 'd41d8cd98f00b204e9800998ecf8427e'],
  ['a', '0cc175b9c0f1b6a831c399e269772661'],
  ['abc', '900150983cd24fb0d6963f7d28e17f72'],
  ['message digest', 'f96b697d7cb7938d525a2f31aaf161d0'],
  ['abcdefghijklmnopqrstuvwxyz', 'c3fcd3d76192e4007dfb496cca67e13b'],
  ['ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789', 'd174ab98d277d9f5a5611c2c9f419d9f'],
  [
    '12345678901234567890123456789012345678901234567890123456789012345678901234567890',
    '57edf4a22be3c955ac49da2e2107b67a',
  ],
]

/** Lengths at which padding, blocks and counters change. */
const EDGES = [
  ...Array.from({ length: 257 }, (_, length) => length),
  ...Array.from({ length: 9 }, (_, index) => 2 ** (index + 9)).flatMap((power) => [power - 1, power, power + 1]),
  ...[55, 56, 57, 63, 64, 65].map((more) => 64 * 1000 + more),
]

describe.each(WIDTHS)('a kernel of %i', (width) => {
  test('agrees with the test suite of RFC 1321', () => {
    const { lanes, bytes } = openLanes({ widths: [width] })
    const messages = SUITE.map(([text], index) => {
      bytes.set(new TextEncoder().encode(text), FIRST + 100 * index)
      return complete(lanes, FIRST + 100 * index, text.length)
    })
    lanes.run()
    expect(messages.map((message) => message.hex())).toEqual(SUITE.map(([, digest]) => digest))
  })

  test('agrees with node:crypto at every length around blocks and powers of two, in lanes of unlike length', () => {
    const { lanes, bytes } = openLanes({ widths: [width] })
    // Overlapping messages: nobody writes to them, so they need no room of their own.
    const from = (length: number) => FIRST + ((length * 37) % 5000)
    const messages = EDGES.map((length) => complete(lanes, from(length), length))
    const done = lanes.run()
    expect(done).toHaveLength(EDGES.length)
    const wrong = EDGES.filter((length, index) => {
      const digest = opensslMd5(bytes.subarray(from(length), from(length) + length))
      return messages[index]?.hex() !== digest
    })
    expect(wrong).toEqual([])
  })

  test('agrees on bytes and words that carry: all 0, all 1, only the top bit, only the lowest', () => {
    const { lanes, bytes } = openLanes({ widths: [width] })
    for (const [index, fill] of [0x00, 0xff, 0x80, 0x01].entries()) {
      const start = FIRST + 1000 * index
      bytes.fill(fill, start, start + 1000)
      const messages = [1, 64, 500, 1000].map((length) => complete(lanes, start, length))
      lanes.run()
      const expected = [1, 64, 500, 1000].map((length) => opensslMd5(bytes.subarray(start, start + length)))
      expect(messages.map((message) => message.hex())).toEqual(expected)
    }
  })
})

test('200,000 messages of random length, content and place agree with node:crypto', () => {
  const roll = dice(1)
  const { lanes, bytes } = openLanes()
  let wrong = 0
  for (let round = 0; round < 200; round++) {
    const messages = Array.from({ length: 1000 }, () => {
      const length = roll(10) ? roll(200) : roll(3000)
      const address = FIRST + roll(bytes.length - FIRST - length)
      return { address, length, message: complete(lanes, address, length) }
    })
    expect(lanes.run()).toHaveLength(1000)
    for (const { address, length, message } of messages) {
      if (message.hex() !== opensslMd5(bytes.subarray(address, address + length))) wrong++
    }
  }
  expect(wrong).toBe(0)
})

test('digest and hex are the same digest', () => {
  const { lanes } = openLanes()
  const message = complete(lanes, FIRST, 777)
  lanes.run()
  expect(Buffer.from(message.digest()).toString('hex')).toBe(message.hex())
})

test('a message of more than 2^32 bits has its whole length hashed', () => {
  const { lanes, bytes } = openLanes({ size: FIRST + 2 ** 20 })
  bytes.fill(0, FIRST)
  const message = lanes.begin(FIRST)
  for (let mib = 0; mib < 512; mib++) {
    message.moveTo(FIRST)
    message.append(2 ** 20)
    lanes.run({ arriving: 'drive' })
  }
  message.moveTo(FIRST)
  message.append(1)
  message.finish()
  lanes.run()
  expect(message.length).toBe(2 ** 29 + 1)
  // head -c 536870913 /dev/zero | md5sum
  expect(message.hex()).toBe('ea3b62c6b93cb3625a1fd76777985f5a')
})

describe('md5Many', () => {
  test('gives the digests in the order of the messages', () => {
    const messages = [100_000, 0, 5000, 3, 1024, 70_000, 1023].map((length) => noise(length, length))
    expect(md5Many(messages)).toEqual(messages.map(opensslMd5))
  })

  test('takes none, one, and one alone that is long', () => {
    expect(md5Many([])).toEqual([])
    expect(md5Many([noise(10, 1)])).toEqual([opensslMd5(noise(10, 1))])
    expect(md5Many([noise(3_000_000, 1)])).toEqual([opensslMd5(noise(3_000_000, 1))])
  })

  test('takes 50,000 short ones and lengths around its windows', () => {
    const roll = dice(7)
    const block = noise(6000, 3)
    const short = Array.from({ length: 50_000 }, () => block.subarray(roll(2000), 2000 + roll(4000)))
    const around = [1, 2, 3].flatMap((windows) => [-65, -64, -1, 0, 1, 63, 64].map((more) => 32_768 * windows + more))
    const messages = [...short, ...around.map((length) => noise(length, length))]
    expect(md5Many(messages)).toEqual(messages.map(opensslMd5))
  })

  test('takes buffers and views into larger ones', () => {
    const large = Buffer.from(noise(10_000, 9))
    const messages = [large.subarray(13, 5000), new Uint8Array(large.buffer, large.byteOffset + 1, 9000), large]
    expect(md5Many(messages)).toEqual(messages.map(opensslMd5))
  })

  test('takes nothing but bytes, and goes on after it was given something else', () => {
    const messages = [noise(30_000, 1), noise(100_000, 2)]
    for (const wrong of [undefined, 'text', new Uint16Array(3000), { length: 2000 }]) {
      const mixed = [...messages, wrong as unknown as Uint8Array]
      expect(() => md5Many(mixed)).toThrow(new TypeError('md5-lanes: message 2 is not a Uint8Array'))
    }
    expect(md5Many(messages)).toEqual(messages.map(opensslMd5))
  })
})

test('memory of the caller, with the scratch area anywhere in it', () => {
  const memory = growableMemory(1, 1)
  const lanes = new Md5Lanes({ memory, scratchAddress: 60_000 })
  const first = complete(lanes, 0, 60_000)
  const second = complete(lanes, 100, 500)
  lanes.run()
  const bytes = new Uint8Array(memory.buffer)
  expect(first.hex()).toBe(opensslMd5(bytes.subarray(0, 60_000)))
  expect(second.hex()).toBe(opensslMd5(bytes.subarray(100, 600)))
})

test('the scratch area may be the last of the memory: lanes that are left over read nothing beyond it', () => {
  for (const width of WIDTHS) {
    const memory = growableMemory(1, 1)
    const bytes = new Uint8Array(memory.buffer)
    bytes.set(noise(bytes.length, width))
    const end = bytes.length - SCRATCH_BYTES
    const lanes = new Md5Lanes({ memory, scratchAddress: end, widths: [width], nodeCrypto: false })
    for (const length of [0, 64, 200, 319, 320, 448, 20_000]) {
      for (let count = 1; count <= width; count++) {
        const messages = Array.from({ length: count }, () => complete(lanes, end - length, length))
        lanes.run()
        const expected = opensslMd5(bytes.subarray(end - length, end))
        expect(messages.map((message) => message.hex())).toEqual(messages.map(() => expected))
      }
    }
  }
})
