import type { IncomingMessage } from 'node:http'
import { type BlockList, isIP, isIPv6 } from 'node:net'

/** Whether a peer is a proxy that the operator named. */
export function isTrusted(address: string, proxies: BlockList): boolean {
  return address !== '' && proxies.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
}

/**
 * The address of who asks: the peer's, or behind proxies that the operator named the last one in X-Forwarded-For that is
 * none of them. What stands before it there is anybody's word.
 */
export function clientAddress({ headers, socket }: IncomingMessage, trustedProxies: BlockList): string {
  const forwarded = [headers['x-forwarded-for'] ?? []].flat().join(',').split(',')
  let address = socket.remoteAddress ?? ''
  while (isTrusted(address, trustedProxies)) {
    const before = forwarded.pop()?.trim() ?? ''
    if (isIP(before) === 0) break
    address = before
  }
  return address.replace(/^::ffff:(?=\d+\.)/i, '')
}
