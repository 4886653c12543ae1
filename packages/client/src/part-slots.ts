/** Room for parts under way, over all uploads it is given to. */
export interface PartSlots {
  /**
   * Takes a slot, first come first served, and resolves to what gives it back, to be called once. Rejects with the
   * signal's reason.
   */
  take(signal: AbortSignal): Promise<() => void>
}

/** Room for so many parts at a time: what uploads that run side by side share. Throws a RangeError below 1. */
export function partSlots(most: number): PartSlots {
  if (!Number.isInteger(most) || most < 1) throw new RangeError(`expected a whole number from 1, found ${most}`)
  let free = most
  const waiting = new Set<() => void>()
  const giveBack = () => {
    const [next] = waiting // the one that waits longest
    if (next) next()
    else free++
  }
  return {
    async take(signal) {
      signal.throwIfAborted()
      if (free > 0) free--
      else await turn(waiting, signal)
      return giveBack
    },
  }
}

function turn(waiting: Set<() => void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const leave = () => {
      waiting.delete(begin)
      signal.removeEventListener('abort', abort)
    }
    const begin = () => {
      leave()
      resolve()
    }
    const abort = () => {
      leave()
      reject(signal.reason)
    }
    waiting.add(begin)
    signal.addEventListener('abort', abort)
  })
}

/** For an upload that shares with nobody: `parallel` is its only limit. */
export const ownSlots: PartSlots = { take: async () => () => {} }
