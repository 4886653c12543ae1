import { lookup } from 'node:dns/promises'
import { BlockList, isIPv6 } from 'node:net'

/** Who can reach an address: only its own machine, its own network too, everybody. */
export type Reach = 'machine' | 'network' | 'everybody'

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8)
loopback.addAddress('::1', 'ipv6')

const privateRanges = new BlockList()
for (const [address, bits] of [
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['169.254.0.0', 16],
] as const) {
  privateRanges.addSubnet(address, bits)
}
privateRanges.addSubnet('fc00::', 7, 'ipv6')
privateRanges.addSubnet('fe80::', 10, 'ipv6')

/** Who can reach a host, by the addresses its name has here. For one that nobody knows, everybody. */
export async function reachOf(url: URL): Promise<Reach> {
  const found = await lookup(hostNameOf(url), { all: true }).catch(() => [])
  const isAll = (list: BlockList) =>
    found.length > 0 && found.every(({ address }) => list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4'))
  return isAll(loopback) ? 'machine' : isAll(privateRanges) ? 'network' : 'everybody'
}

/** The host of an address as sockets have it: IPv6 without brackets. */
export function hostNameOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '')
}

/** Whether one is reached by fewer than the other. */
export function isNarrower(one: Reach, other: Reach): boolean {
  const byWidth: readonly Reach[] = ['machine', 'network', 'everybody']
  return byWidth.indexOf(one) < byWidth.indexOf(other)
}
