import { describe, expect, test } from 'vitest'
import { createMemory, Md5Lanes, SCRATCH_BYTES } from '../src/index.ts'
import { complete, FIRST, openLanes } from './open-lanes.ts'

describe('addresses', () => {
  test('a message must lie inside the memory', () => {
    const { lanes } = openLanes({ size: 65_536 })
    const message = lanes.begin(65_000)
    message.append(536)
    expect(() => message.append(1)).toThrow(
      new RangeError('md5-lanes: 537 bytes at 65000 reach past the end of memory at 65536'),
    )
    expect(message.length).toBe(536)
    expect(() => lanes.begin(65_537)).toThrow(RangeError)
    expect(() => message.moveTo(65_001)).toThrow('536 bytes at 65001 reach past the end of memory at 65536')
    expect(() => message.append(2 ** 40)).toThrow(RangeError)
    expect(lanes.arriving).toBe(1)
  })

  test('a message must lie outside the scratch area', () => {
    const { lanes } = openLanes({ size: 65_536, scratchAddress: 1024 })
    const message = lanes.begin(1000)
    message.append(24)
    expect(() => message.append(1)).toThrow(
      new RangeError('md5-lanes: 25 bytes at 1000 reach into the scratch area at 1024'),
    )
    expect(() => lanes.begin(2000)).toThrow(RangeError)
    lanes.begin(1024 + SCRATCH_BYTES)
  })

  test.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, '7' as unknown as number])('%s is not one', (address) => {
    const { lanes, memory } = openLanes({ size: 65_536 })
    expect(() => lanes.begin(address)).toThrow(RangeError)
    expect(() => lanes.begin(FIRST).moveTo(address)).toThrow(RangeError)
    expect(() => new Md5Lanes({ memory, scratchAddress: address })).toThrow(RangeError)
  })

  test.each([-1, 0.5, Number.NaN, '7' as unknown as number])('%s is not a number of bytes', (bytes) => {
    const { lanes } = openLanes()
    expect(() => lanes.begin(FIRST).append(bytes)).toThrow(`cannot append ${bytes} bytes`)
  })

  test('the scratch area must lie inside the memory', () => {
    const memory = createMemory(65_536)
    expect(() => new Md5Lanes({ memory, scratchAddress: 65_536 - SCRATCH_BYTES + 16 })).toThrow(RangeError)
    new Md5Lanes({ memory, scratchAddress: 65_536 - SCRATCH_BYTES })
  })

  test('memory must not be shared', () => {
    const buffer = new SharedArrayBuffer(65_536)
    expect(() => new Md5Lanes({ memory: { buffer } })).toThrow(
      new TypeError('md5-lanes: shared memory is not supported'),
    )
  })
})

describe('the life of a message', () => {
  test('nothing can be added once it is finished', () => {
    const { lanes } = openLanes()
    const message = complete(lanes, FIRST, 10)
    expect(() => message.append(1)).toThrow('append() on a message that is complete')
    expect(() => message.moveTo(FIRST)).toThrow('moveTo() on a message that is complete')
    expect(() => message.finish()).toThrow('finish() on a message that is complete')
    lanes.run()
    expect(() => message.append(1)).toThrow('append() on a message that is done')
  })

  test('there is no digest before it is done', () => {
    const { lanes } = openLanes()
    const message = lanes.begin(FIRST)
    expect(() => message.hex()).toThrow('no digest yet, the message is arriving')
    message.finish()
    expect(() => message.digest()).toThrow('no digest yet, the message is complete')
    lanes.run()
    expect(message.hex()).toBe('d41d8cd98f00b204e9800998ecf8427e')
  })

  test('dropping is possible at any time, twice, and changes nothing once it is done', () => {
    const { lanes } = openLanes()
    const [arriving, waiting, done] = [lanes.begin(FIRST), complete(lanes, FIRST, 5), complete(lanes, FIRST, 5)]
    waiting.drop()
    arriving.drop()
    arriving.drop()
    expect(lanes.run()).toEqual([done])
    done.drop()
    expect([arriving.status, waiting.status, done.status]).toEqual(['dropped', 'dropped', 'done'])
    expect(() => arriving.append(1)).toThrow('append() on a message that is dropped')
    expect([lanes.arriving, lanes.complete]).toEqual([0, 0])
  })
})
