import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { groupCommit } from '../src/engine/group-commit.ts'
import { KeyedLock } from '../src/engine/keyed-lock.ts'
import { SharedRun } from '../src/engine/shared-run.ts'
import { Slots } from '../src/engine/slots.ts'

const never = new AbortController().signal

/** Work that ends when the test says so. */
function gate<T = void>() {
  return Promise.withResolvers<T>()
}

describe('slots', () => {
  it('are as many as fit the budget, at least one', () => {
    expect([0, 99, 100, 299, 300].map((budget) => new Slots(budget, 100).count)).toEqual([1, 1, 1, 2, 3])
  })

  it('are handed out in turn, each to one holder', async () => {
    const slots = new Slots(200, 100)
    const [first, second] = [await slots.acquire(never), await slots.acquire(never)]
    expect(first).not.toBe(second)
    const order: string[] = []
    const waiting = ['third', 'fourth'].map(async (name) => {
      const slot = await slots.acquire(never)
      order.push(name)
      return slot
    })
    await nextTurn()
    expect({ order, free: slots.free, waiting: slots.waiting }).toEqual({ order: [], free: 0, waiting: 2 })
    second.release()
    await nextTurn()
    expect({ order, free: slots.free, waiting: slots.waiting }).toEqual({ order: ['third'], free: 0, waiting: 1 })
    first.release()
    for (const slot of await Promise.all(waiting)) slot.release()
    expect({ order, free: slots.free, waiting: slots.waiting }).toEqual({
      order: ['third', 'fourth'],
      free: 2,
      waiting: 0,
    })
  })

  it('come back when the last holder lets go, and start empty again', async () => {
    const slots = new Slots(100, 100)
    const slot = await slots.acquire(never)
    slot.append(Buffer.from('ab'))
    slot.append(Buffer.from('c'))
    expect(String(slot.bytes)).toBe('abc')
    slot.hold()
    slot.release()
    expect(slots.free).toBe(0)
    slot.release()
    expect(slots.free).toBe(1)
    expect((await slots.acquire(never)).bytes).toHaveLength(0)
  })

  it('are not given to those who left while they waited', async () => {
    const slots = new Slots(100, 100)
    const slot = await slots.acquire(never)
    const leaving = new AbortController()
    const left = slots.acquire(leaving.signal)
    const stayed = slots.acquire(never)
    const reason = new Error('gone')
    leaving.abort(reason)
    await expect(left).rejects.toBe(reason)
    await expect(slots.acquire(leaving.signal)).rejects.toBe(reason)
    expect(slots.waiting).toBe(1)
    slot.release()
    expect(await stayed).toBe(slot)
    leaving.abort()
    expect({ free: slots.free, waiting: slots.waiting }).toEqual({ free: 0, waiting: 0 })
  })

  it('given in the moment somebody leaves are theirs to release', async () => {
    const slots = new Slots(100, 100)
    const slot = await slots.acquire(never)
    const leaving = new AbortController()
    const given = slots.acquire(leaving.signal)
    slot.release()
    leaving.abort()
    const mine = await given
    expect(slots.free).toBe(0)
    mine.release()
    expect(slots.free).toBe(1)
  })
})

describe('a group commit', () => {
  it('takes what comes in one turn together, and what comes meanwhile together into the next', async () => {
    const groups: string[][] = []
    let running = gate()
    const add = groupCommit<string, string>(async (items) => {
      groups.push(items)
      await running.promise
      return items.map((item) => item.toUpperCase())
    })
    const first = [add('a'), add('b')]
    await nextTurn()
    expect(groups).toEqual([['a', 'b']])
    const second = [add('c'), add('d'), add('e')]
    await nextTurn()
    expect(groups).toHaveLength(1)
    running.resolve()
    running = gate()
    expect(await Promise.all(first)).toEqual(['A', 'B'])
    running.resolve()
    expect(await Promise.all(second)).toEqual(['C', 'D', 'E'])
    expect(groups).toEqual([
      ['a', 'b'],
      ['c', 'd', 'e'],
    ])
  })

  it('makes no group larger than it may be', async () => {
    const sizes: number[] = []
    const add = groupCommit<number, number>(async (items) => {
      sizes.push(items.length)
      return items
    }, 3)
    expect(await Promise.all(Array.from({ length: 7 }, (_, item) => add(item)))).toEqual([0, 1, 2, 3, 4, 5, 6])
    expect(sizes).toEqual([3, 3, 1])
  })

  it('fails one item for its own error and all of a group for a throw, and goes on', async () => {
    const own = new Error('own')
    const all = new Error('all')
    let turn = 0
    const add = groupCommit<string, string>(async (items) => {
      if (++turn === 2) throw all
      return items.map((item) => (item === 'bad' ? own : item))
    })
    expect(await Promise.allSettled([add('good'), add('bad')])).toMatchObject([{ value: 'good' }, { reason: own }])
    expect(await Promise.allSettled([add('x'), add('y')])).toMatchObject([{ reason: all }, { reason: all }])
    expect(await add('again')).toBe('again')
  })
})

describe('a keyed lock', () => {
  it('runs work of one key in order of asking, and other keys beside it', async () => {
    const lock = new KeyedLock()
    const log: string[] = []
    const held = gate()
    const work = (name: string, wait?: Promise<void>) => async () => {
      log.push(`${name} starts`)
      await wait
      log.push(`${name} ends`)
      return name
    }
    const first = lock.run('key', work('first', held.promise))
    const second = lock.run('key', work('second'))
    const third = lock.run('key', work('third'))
    expect(await lock.run('other', work('other'))).toBe('other')
    expect(log).toEqual(['first starts', 'other starts', 'other ends'])
    held.resolve()
    expect(await Promise.all([first, second, third])).toEqual(['first', 'second', 'third'])
    expect(log.slice(3)).toEqual(['first ends', 'second starts', 'second ends', 'third starts', 'third ends'])
  })

  it('goes on after work that fails, which fails for its caller only', async () => {
    const lock = new KeyedLock()
    const broken = new Error('broken')
    const failing = [
      lock.run('key', () => Promise.reject(broken)),
      lock.run('key', () => {
        throw broken
      }),
      lock.run('key', async () => 'fine'),
    ]
    expect(await Promise.allSettled(failing)).toMatchObject([{ reason: broken }, { reason: broken }, { value: 'fine' }])
    expect(await lock.run('key', async () => 'later')).toBe('later')
  })
})

describe('a shared run', () => {
  it('is one for all who ask while it lasts, and starts anew after it', async () => {
    const runs = new SharedRun<number>()
    const held = gate()
    let count = 0
    const work = async () => {
      await held.promise
      return ++count
    }
    const asked = [runs.run('key', work), runs.run('key', work), runs.run('other', work)]
    held.resolve()
    expect(await Promise.all(asked)).toEqual([1, 1, 2])
    expect(await runs.run('key', work)).toBe(3)
  })

  it('fails for all who share it, and not for the next', async () => {
    const runs = new SharedRun<string>()
    const broken = new Error('broken')
    const failing = () => Promise.reject(broken)
    expect(await Promise.allSettled([runs.run('key', failing), runs.run('key', failing)])).toMatchObject([
      { reason: broken },
      { reason: broken },
    ])
    expect(await runs.run('key', async () => 'fine')).toBe('fine')
  })
})
