import type { Progress } from '@sluice/client'
import cliProgress from 'cli-progress'
import { formatBytes, formatSeconds } from './quantities.ts'

/** Shows one upload's progress. */
export interface ProgressDisplay {
  update(progress: Progress): void
  /** Takes the display away; call it however the upload went. */
  stop(): void
}

/** A bar on a terminal, a line for each phase elsewhere. */
export function displayProgress(stream: NodeJS.WriteStream, name: string): ProgressDisplay {
  return stream.isTTY ? bars(stream, name) : lines(stream, name)
}

type Phase = 'hashing' | 'sending'

/** `undefined` between the phases and after them: a file that is stored already is never sent. */
function phaseOf({ hashedBytes, sentBytes, acknowledgedBytes, totalBytes }: Progress): Phase | undefined {
  if (hashedBytes < totalBytes) return 'hashing'
  return sentBytes > 0 && acknowledgedBytes < totalBytes ? 'sending' : undefined
}

function lines(stream: NodeJS.WriteStream, name: string): ProgressDisplay {
  let shown: Phase | undefined
  return {
    update(progress) {
      const phase = phaseOf(progress)
      if (phase === undefined || phase === shown) return
      shown = phase
      stream.write(`${name}: ${phase} ${formatBytes(progress.totalBytes)}\n`)
    },
    stop() {},
  }
}

function bars(stream: NodeJS.WriteStream, name: string): ProgressDisplay {
  const format = `{phase} ${name} [{bar}] {percentage}% {rate}/s {left}`
  const bar = new cliProgress.SingleBar({ format, stream, hideCursor: true, clearOnComplete: true, barsize: 30 })
  let shown: Phase | undefined
  let rate = rateOver(5_000)
  return {
    update(progress) {
      const phase = phaseOf(progress) ?? shown
      if (phase === undefined) return
      const done = phase === 'hashing' ? progress.hashedBytes : progress.acknowledgedBytes
      if (phase !== shown) {
        if (shown !== undefined) bar.stop()
        bar.start(progress.totalBytes, done, { phase, rate: '0 B', left: '' })
        shown = phase
        rate = rateOver(5_000)
      }
      const perS = rate(done, performance.now())
      const left = perS > 0 ? `${formatSeconds((progress.totalBytes - done) / perS)} left` : ''
      bar.update(done, { phase, rate: formatBytes(Math.round(perS)), left })
    },
    stop: () => bar.stop(),
  }
}

/** Bytes a second over the last stretch of time: after a resume the stored parts, found in no time, soon count no more. */
function rateOver(windowMs: number): (bytes: number, nowMs: number) => number {
  const samples: { bytes: number; nowMs: number }[] = []
  return (bytes, nowMs) => {
    const latest = samples.at(-1)
    if (!latest || nowMs - latest.nowMs >= 100) samples.push({ bytes, nowMs })
    while (samples.length > 2 && nowMs - (samples[0]?.nowMs ?? nowMs) > windowMs) samples.shift()
    const first = samples[0]
    return first && nowMs > first.nowMs ? ((bytes - first.bytes) / (nowMs - first.nowMs)) * 1000 : 0
  }
}
