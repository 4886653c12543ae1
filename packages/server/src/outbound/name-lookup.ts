import { promises as dns, type LookupAddress } from 'node:dns'
import type { LookupFunction } from 'node:net'

/** How long the name servers may take. */
const timeoutMs = 1_500

/**
 * Makes a lookup that asks the name servers itself. The system's way holds one of the few threads that also read and
 * write files, for as long as a name server is silent: a handful of such names would stop every upload. It is asked only
 * for what the name servers do not know (/etc/hosts, search domains), one name after the other.
 */
export function nameLookup(servers?: readonly string[]): LookupFunction {
  const resolver = new dns.Resolver({ timeout: timeoutMs, tries: 1 })
  if (servers) resolver.setServers(servers)
  const asked = new Map<string, Promise<LookupAddress[]>>()
  let line: Promise<unknown> = Promise.resolve()

  const bySystem = (hostname: string): Promise<LookupAddress[]> => {
    const found = line.then(() => dns.lookup(hostname, { all: true }))
    line = found.catch(() => undefined)
    return found
  }

  const resolve = async (hostname: string): Promise<LookupAddress[]> => {
    const [four, six] = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)])
    const found = [...addressesOf(four, 4), ...addressesOf(six, 6)]
    return found.length > 0 ? found : bySystem(hostname)
  }

  /** Who asks for a name that is being asked for gets the same answer. */
  const shared = (hostname: string): Promise<LookupAddress[]> => {
    const known = asked.get(hostname)
    if (known) return known
    const found = resolve(hostname).finally(() => asked.delete(hostname))
    asked.set(hostname, found)
    return found
  }

  return (hostname, options, callback) => {
    shared(hostname).then(
      (addresses) => {
        const [first] = addresses
        if (options.all) callback(null, addresses)
        else callback(null, first?.address ?? '', first?.family ?? 0)
      },
      (error: NodeJS.ErrnoException) => callback(error, ''),
    )
  }
}

function addressesOf(outcome: PromiseSettledResult<string[]>, family: 4 | 6): LookupAddress[] {
  return outcome.status === 'fulfilled' ? outcome.value.map((address) => ({ address, family })) : []
}
