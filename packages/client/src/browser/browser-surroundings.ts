import type { Lock, Network } from '../surroundings.ts'

/** Some systems never say that the network is back: so often it is tried without. */
const tryAgainMs = 30_000

/** What the browser knows of the network. */
export const browserNetwork: Network = {
  isOffline: () => navigator.onLine === false,
  online: (signal) =>
    new Promise((resolve, reject) => {
      signal.throwIfAborted()
      const end = (settle: () => void) => () => {
        clearTimeout(timer)
        removeEventListener('online', online)
        signal.removeEventListener('abort', abort)
        settle()
      }
      const online = end(resolve)
      const abort = end(() => reject(signal.reason))
      const timer = setTimeout(online, tryAgainMs)
      addEventListener('online', online)
      signal.addEventListener('abort', abort)
    }),
}

/** One holder among all tabs of the origin. Pages without https have no locks: there each is on its own. */
export const browserLock: Lock = async (name, { signal, onWait }, work) => {
  const { locks } = navigator as { locks?: LockManager }
  if (!locks) return work()
  const held = async (lock: LockHeld) => (lock ? { value: await work() } : undefined)
  const outcome = await locks.request(name, { ifAvailable: true }, held)
  if (outcome) return outcome.value
  onWait()
  return locks.request(name, { signal }, work)
}

/** What a LockManager hands out, or null. */
type LockHeld = Parameters<LockGrantedCallback<unknown>>[0]
