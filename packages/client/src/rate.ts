/** Over how long a rate is smoothed. */
const windowMs = 5_000
/** Bytes that come closer together than this are taken as one sample. */
const sampleMs = 200

/** Bytes a second, smoothed: a sample counts the less the longer ago it was, by half after some 3.5 s. */
export interface Rate {
  add(bytes: number, now: number): void
  /** 0 until there is a sample. */
  bytesPerS(): number
}

/** Starts measuring at `startedAt`, milliseconds since 1970. */
export function measureRate(startedAt: number): Rate {
  let since = startedAt
  let waiting = 0
  let rate: number | undefined
  return {
    add(bytes, now) {
      waiting += bytes
      const passedMs = now - since
      if (passedMs < sampleMs) return
      const sample = (waiting / passedMs) * 1000
      rate = rate === undefined ? sample : rate + (sample - rate) * (1 - Math.exp(-passedMs / windowMs))
      since = now
      waiting = 0
    },
    bytesPerS: () => rate ?? 0,
  }
}
