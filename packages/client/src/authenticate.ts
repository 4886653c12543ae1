import { errorTable } from '@sluice/protocol'
import type { Authentication, HashedFile } from './credentials.ts'
import type { Settings } from './options.ts'
import { hasCode } from './upload-error.ts'

/** A signature is asked for again when a tenth of its time is left, or a minute. */
const renewBeforeMs = 60_000

/** Runs a request with what authenticates it now, and once more with something new when the service refuses that. */
export type WithAuthentication = <T>(request: (authentication: Authentication) => Promise<T>) => Promise<T>

/**
 * Authenticates a file's calls, for as long as they take. Rejects when the first attempt fails; `online` waits for the
 * network, without which the app's backend cannot be asked.
 */
export async function keepAuthenticated(
  file: HashedFile,
  { credentials, clock, signal, network }: Settings,
  online: (signal: AbortSignal) => Promise<void>,
): Promise<WithAuthentication> {
  let renewAt = Infinity
  const ask = async (): Promise<Authentication> => {
    try {
      return await credentials.authenticate(file, signal)
    } catch (error) {
      if (signal.aborted || !network.isOffline()) throw error
      await online(signal)
      return ask()
    }
  }
  const authenticate = async () => {
    renewAt = Infinity
    const authentication = await ask()
    const { lastsMs } = authentication
    if (lastsMs !== undefined) renewAt = clock() + lastsMs - Math.min(renewBeforeMs, lastsMs / 10)
    return authentication
  }
  let current = authenticate()
  await current

  return async (request) => {
    if (clock() >= renewAt) {
      const old = current
      // One that nears its end is still good: without a new one the old one serves until it is refused.
      current = authenticate().catch(() => old)
    }
    const used = current
    try {
      return await request(await used)
    } catch (error) {
      if (credentials.family !== 'ugc' || !hasCode(error, errorTable.signature.code)) throw error
      // Parts under way are refused together: the first to notice gets the new signature for all.
      if (current === used) current = authenticate()
      return await request(await current)
    }
  }
}
