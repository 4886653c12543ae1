/** Bytes a second over the last stretch of time: after a resume the stored parts, found in no time, soon count no more. */
export function rateOver(windowMs: number): (bytes: number, nowMs: number) => number {
  const samples: { bytes: number; nowMs: number }[] = []
  return (bytes, nowMs) => {
    const latest = samples.at(-1)
    if (!latest || nowMs - latest.nowMs >= 100) samples.push({ bytes, nowMs })
    while (samples.length > 2 && nowMs - (samples[0]?.nowMs ?? nowMs) > windowMs) samples.shift()
    const first = samples[0]
    return first && nowMs > first.nowMs ? Math.max(0, ((bytes - first.bytes) / (nowMs - first.nowMs)) * 1000) : 0
  }
}
