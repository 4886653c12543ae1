import { measureRate, type Rate } from './rate.ts'

/** How far an upload is, in bytes. No number of bytes ever falls; at the end all are `totalBytes`. */
export interface Progress {
  /** Hashed, now or on an earlier visit. */
  readonly hashedBytes: number
  /** Given to the network, or found stored already. */
  readonly sentBytes: number
  /** Stored by the service. */
  readonly acknowledgedBytes: number
  readonly totalBytes: number
  /** Bytes acknowledged a second, smoothed over some seconds; 0 until known. Parts found stored do not count. */
  readonly bytesPerS: number
  /** How long the rest takes at this rate; undefined until known. */
  readonly leftMs: number | undefined
  /** What holds it up: another tab that uploads the same file, or the network that is not there. */
  readonly waitingFor: 'tab' | 'network' | undefined
}

/** Counts an upload's bytes and reports them. */
export interface ProgressCount {
  hashed(bytes: number): void
  /** Counts a part. */
  part(): PartCount
  /** The parts are counted from the start again. */
  startOver(): void
  /** Says what the upload waits for while `work` runs. */
  waiting<T>(what: NonNullable<Progress['waitingFor']>, work: () => Promise<T>): Promise<T>
  done(): void
  /** All bytes ever acknowledged, also those the service lost; it only grows. */
  acknowledgements(): number
}

/** Counts one part. */
export interface PartCount {
  /** So many bytes of it are given to the network, in this attempt. */
  sent(bytes: number): void
  /** It was found stored. */
  found(bytes: number): void
  acknowledged(bytes: number): void
}

/** Starts counting. `onProgress` hears of the start and of every change. `clock`: milliseconds since 1970. */
export function countProgress(
  totalBytes: number,
  onProgress: (progress: Progress) => void,
  clock: () => number,
): ProgressCount {
  const counted = { hashedBytes: 0, inFlight: 0, acknowledgedBytes: 0 }
  let acknowledgements = 0
  let rate: Rate | undefined
  let waitingFor: Progress['waitingFor']
  let shown: Progress | undefined

  const show = () => {
    const { hashedBytes, inFlight, acknowledgedBytes } = counted
    const bytesPerS = rate?.bytesPerS() ?? 0
    const next = {
      hashedBytes: Math.max(shown?.hashedBytes ?? 0, hashedBytes),
      sentBytes: Math.max(shown?.sentBytes ?? 0, acknowledgedBytes + inFlight),
      acknowledgedBytes: Math.max(shown?.acknowledgedBytes ?? 0, acknowledgedBytes),
      totalBytes,
      bytesPerS,
      leftMs: bytesPerS > 0 ? ((totalBytes - acknowledgedBytes) / bytesPerS) * 1000 : undefined,
      waitingFor,
    }
    if (shown && (Object.keys(next) as (keyof Progress)[]).every((name) => next[name] === shown?.[name])) return
    shown = next
    try {
      onProgress(next)
    } catch (error) {
      // It is not the upload's own: it goes where errors of event listeners go.
      queueMicrotask(() => {
        throw error
      })
    }
  }

  show()
  return {
    hashed(bytes) {
      counted.hashedBytes = Math.min(totalBytes, counted.hashedBytes + bytes)
      show()
    },
    part() {
      rate ??= measureRate(clock())
      let inFlight = 0
      const setInFlight = (bytes: number) => {
        counted.inFlight += bytes - inFlight
        inFlight = bytes
      }
      const found = (bytes: number) => {
        setInFlight(0)
        counted.acknowledgedBytes += bytes
        show()
      }
      return {
        sent(bytes) {
          setInFlight(bytes)
          show()
        },
        found,
        acknowledged(bytes) {
          acknowledgements += bytes
          rate?.add(bytes, clock())
          found(bytes)
        },
      }
    },
    startOver() {
      counted.inFlight = 0
      counted.acknowledgedBytes = 0
    },
    async waiting(what, work) {
      waitingFor = what
      show()
      try {
        return await work()
      } finally {
        waitingFor = undefined
        show()
      }
    },
    done() {
      Object.assign(counted, { hashedBytes: totalBytes, inFlight: 0, acknowledgedBytes: totalBytes })
      show()
    },
    acknowledgements: () => acknowledgements,
  }
}
