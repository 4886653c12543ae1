import { afterEach, describe, expect, test, vi } from 'vitest'
import { complete, FIRST, growableMemory, noise, openLanes, opensslMd5, wasm } from './open-lanes.ts'

const messages = [0, 1, 64, 1000, 5000, 5000, 70_000, 200_000].map((length) => noise(length, length))
const digests = messages.map(opensslMd5)

afterEach(() => {
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
  vi.resetModules()
})

/** The package as it loads when its surroundings lack something. */
async function loadWithout(...missing: ('WebAssembly' | 'SIMD' | 'compiler' | 'node:crypto' | 'MD5')[]) {
  if (missing.includes('WebAssembly')) vi.stubGlobal('WebAssembly', undefined)
  const refused = (bytes: Uint8Array) =>
    missing.includes('compiler') || (missing.includes('SIMD') && Buffer.from(bytes).includes('md5x8'))
  class Module extends wasm.Module {
    constructor(bytes: Uint8Array<ArrayBuffer>) {
      if (refused(bytes)) throw new Error('CompileError')
      super(bytes)
    }
  }
  if (missing.includes('SIMD') || missing.includes('compiler')) {
    vi.stubGlobal('WebAssembly', { Memory: wasm.Memory, Instance: wasm.Instance, Module })
  }
  const builtin = process.getBuiltinModule
  vi.spyOn(process, 'getBuiltinModule').mockImplementation(((name: string) => {
    if (name !== 'node:crypto') return builtin(name)
    if (missing.includes('node:crypto')) return undefined
    const crypto = builtin('node:crypto')
    return missing.includes('MD5') ? { ...crypto, hash: () => expect.fail('unsupported') } : crypto
  }) as typeof builtin)
  vi.resetModules()
  return import('../src/index.ts')
}

describe('with all there is', () => {
  test('node:crypto takes a message that is alone and untouched, and only that', async () => {
    const { lanes, bytes } = openLanes({ nodeCrypto: true })
    const hash = vi.spyOn(process.getBuiltinModule('node:crypto'), 'hash')
    const alone = complete(lanes, FIRST, 5000)
    lanes.run()
    expect(alone.hex()).toBe(opensslMd5(bytes.subarray(FIRST, FIRST + 5000)))
    hash.mockClear()

    const begun = lanes.begin(FIRST)
    begun.append(5000)
    lanes.run({ arriving: 'drive' })
    begun.finish()
    lanes.run()
    expect(hash).not.toHaveBeenCalled()
    expect(begun.hex()).toBe(alone.hex())
    expect(begun.digest()).toEqual(alone.digest())
  })

  test('memory may grow between runs', () => {
    const memory = growableMemory(1, 4)
    const { lanes } = openLanes({ memory })
    const early = lanes.begin(FIRST)
    early.append(10_000)
    lanes.run({ arriving: 'drive' })
    memory.grow(2)
    const bytes = new Uint8Array(memory.buffer)
    bytes.set(noise(150_000, 1), FIRST + 10_000)
    early.append(150_000)
    early.finish()
    const other = complete(lanes, FIRST + 20_000, 140_000)
    lanes.run()
    expect(early.hex()).toBe(opensslMd5(bytes.subarray(FIRST, FIRST + 160_000)))
    expect(other.hex()).toBe(opensslMd5(bytes.subarray(FIRST + 20_000, FIRST + 160_000)))
  })
})

describe('without SIMD', () => {
  test('three lanes remain', async () => {
    const { createMemory, Md5Lanes, md5Many } = await loadWithout('SIMD', 'node:crypto')
    expect(new Md5Lanes({ memory: createMemory(65_536) }).widest).toBe(3)
    expect(md5Many(messages)).toEqual(digests)
  })
})

describe('without node:crypto, as in a browser', () => {
  test.each(['node:crypto', 'MD5'] as const)('lanes do it all (no %s)', async (missing) => {
    const { createMemory, Md5Lanes, md5Many } = await loadWithout(missing)
    expect(md5Many(messages)).toEqual(digests)
    expect(messages.map((message) => md5Many([message])[0])).toEqual(digests)
    const { lanes, bytes } = openLanes({ nodeCrypto: true })
    expect(new Md5Lanes({ memory: createMemory(65_536) }).widest).toBe(12)
    const alone = complete(lanes, FIRST, 5000)
    lanes.run()
    expect(alone.hex()).toBe(opensslMd5(bytes.subarray(FIRST, FIRST + 5000)))
  })
})

describe('without the right to compile', () => {
  test('node:crypto does it all', async () => {
    const { createMemory, Md5Lanes, md5Many } = await loadWithout('compiler')
    expect(md5Many(messages)).toEqual(digests)
    const memory = createMemory(65_536)
    const bytes = new Uint8Array(memory.buffer)
    const lanes = new Md5Lanes({ memory })
    expect(lanes.widest).toBe(0)
    await lanes.warmUp()
    const whole = [complete(lanes, FIRST, 5000), complete(lanes, FIRST, 0)]
    const [arriving, dropped] = [lanes.begin(FIRST), lanes.begin(FIRST)]
    arriving.append(6000)
    dropped.append(6000)
    expect(lanes.run({ arriving: 'drive' })).toEqual(whole)
    expect([arriving.hashed, dropped.hashed]).toEqual([0, 0])
    dropped.drop()
    arriving.finish()
    expect(lanes.run()).toEqual([arriving])
    const expected = [5000, 0, 6000].map((length) => opensslMd5(bytes.subarray(FIRST, FIRST + length)))
    expect([...whole, arriving].map((message) => message.hex())).toEqual(expected)
  })

  test('nor node:crypto, it says so', async () => {
    const { createMemory, Md5Lanes, md5Many } = await loadWithout('compiler', 'node:crypto')
    expect(() => new Md5Lanes({ memory: createMemory(65_536) })).toThrow('neither a kernel nor node:crypto')
    expect(() => md5Many(messages)).toThrow('neither a kernel nor node:crypto')
  })
})

describe('without WebAssembly', () => {
  test('md5Many leaves it to node:crypto', async () => {
    const { createMemory, md5Many } = await loadWithout('WebAssembly')
    expect(md5Many(messages)).toEqual(digests)
    expect(() => createMemory(1)).toThrow('there is no WebAssembly here')
  })

  test('nor node:crypto, it says so', async () => {
    const { md5Many } = await loadWithout('WebAssembly', 'node:crypto')
    expect(() => md5Many(messages)).toThrow('neither WebAssembly nor node:crypto')
  })
})
