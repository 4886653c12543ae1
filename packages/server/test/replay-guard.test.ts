import { describe, expect, it } from 'vitest'
import { replayGuard } from '../src/auth/replay-guard.ts'

/** A request signed at a time, in Unix seconds. */
function request(nonce: number, signature = 'a', timestamp = 1_000_000): Map<string, string> {
  const texts = { SecretId: 'AKID', Timestamp: timestamp, Nonce: nonce, Signature: signature }
  return new Map(Object.entries(texts).map(([name, value]) => [name, String(value)]))
}

const replay = expect.objectContaining({ errorName: 'replay', code: 4500 })

describe('the replay guard', () => {
  it('lets the very same request pass again only if it reads', () => {
    const guard = replayGuard(() => 1_000_000_000)
    guard(request(1), { readsOnly: true })
    guard(request(1), { readsOnly: true })
    expect(() => guard(request(1), { readsOnly: false })).toThrow(replay)
    guard(request(2), { readsOnly: false })
    expect(() => guard(request(2), { readsOnly: true })).not.toThrow()
    expect(() => guard(request(2), { readsOnly: false })).toThrow(replay)
    expect(() => guard(request(2, 'b'), { readsOnly: true })).toThrow(replay)
  })

  it('tells SecretIds, times and nonces apart, however they are written', () => {
    const guard = replayGuard(() => 1_000_000_000)
    guard(request(1), { readsOnly: false })
    for (const [name, value] of [
      ['SecretId', 'AKID2'],
      ['Timestamp', '1000001'],
      ['Nonce', '01'],
    ] as const) {
      expect(() => guard(new Map([...request(1), [name, value]]), { readsOnly: false })).not.toThrow()
    }
  })

  it('remembers a request until its time is no longer accepted', () => {
    let now = 1_000_000_000
    const guard = replayGuard(() => now)
    guard(request(1), { readsOnly: false })
    guard(request(2, 'a', 1_007_200), { readsOnly: false })
    now += 7_200_999
    guard(request(3), { readsOnly: false })
    expect(() => guard(request(1), { readsOnly: false })).toThrow(replay)
    now += 1
    guard(request(4), { readsOnly: false })
    expect(() => guard(request(1), { readsOnly: false })).not.toThrow()
    expect(() => guard(request(2, 'b', 1_007_200), { readsOnly: false })).toThrow(replay)
  })

  it('forgets the oldest past a hundred thousand', () => {
    const guard = replayGuard(() => 1_000_000_000)
    for (let nonce = 0; nonce < 100_000; nonce++) guard(request(nonce), { readsOnly: false })
    expect(() => guard(request(0), { readsOnly: false })).toThrow(replay)
    guard(request(100_000), { readsOnly: false })
    expect(() => guard(request(0), { readsOnly: false })).not.toThrow()
    expect(() => guard(request(2), { readsOnly: false })).toThrow(replay)
  })
})
