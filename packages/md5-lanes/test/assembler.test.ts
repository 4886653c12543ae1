import { expect, test } from 'vitest'
import { FunctionBuilder, flatten, i32, loopWhile, signed, unsigned } from '../src/assembler.ts'
import { moduleOf } from '../src/module.ts'
import { growableMemory, wasm } from './open-lanes.ts'

test('unsigned LEB128', () => {
  expect([0, 127, 128, 624_485, 2 ** 32 - 1].map(unsigned)).toEqual([
    [0],
    [0x7f],
    [0x80, 1],
    [0xe5, 0x8e, 0x26],
    [0xff, 0xff, 0xff, 0xff, 0x0f],
  ])
})

test('signed LEB128 of 32 bits, however the number is written', () => {
  expect([0, 63, 64, -64, -65, -123_456, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1].map(signed)).toEqual([
    [0],
    [0x3f],
    [0xc0, 0],
    [0x40],
    [0xbf, 0x7f],
    [0xc0, 0xbb, 0x78],
    [0xff, 0xff, 0xff, 0xff, 0x07],
    [0x80, 0x80, 0x80, 0x80, 0x78],
    [0x7f],
  ])
})

test('operands come before their instruction', () => {
  const text = flatten(i32.add(i32.const(1), i32.rotl(i32.const(2), i32.const(3))))
  expect(text).toEqual([0x41, 1, 0x41, 2, 0x41, 3, 0x77, 0x6a])
})

test('a module that sums the numbers from n down to 1 into memory', () => {
  const builder = new FunctionBuilder('i32')
  const [n] = builder.params
  if (!n) expect.fail('one parameter')
  const sum = builder.local('i32')
  const body = [
    loopWhile(sum.set(i32.add(sum.get, n.get)), n.tee(i32.sub(n.get, i32.const(1)))),
    i32.store(i32.const(0), sum.get, 8),
  ]
  const module = new wasm.Module(moduleOf([{ name: 'sum', builder, body }]))
  const memory = growableMemory(1, 1)
  const { exports } = new wasm.Instance(module, { env: { memory } })
  ;(exports['sum'] as (n: number) => void)(100)
  expect(new DataView(memory.buffer).getUint32(8, true)).toBe(5050)
})
