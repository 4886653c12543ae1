import { BlockList, isIP } from 'node:net'
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os'

/** What of IPv4 is nobody's public address: IANA's special-purpose registry, and one address clouds keep for themselves. */
const specialIpv4 = [
  '0.0.0.0/8', // this host
  '10.0.0.0/8',
  '100.64.0.0/10', // carrier-grade NAT; Alibaba's metadata
  '127.0.0.0/8',
  '168.63.129.16/32', // Azure's host
  '169.254.0.0/16', // link-local; everybody's metadata
  '172.16.0.0/12',
  '192.0.0.0/24', // protocol assignments; Oracle's metadata
  '192.0.2.0/24',
  '192.88.99.0/24', // 6to4 relays
  '192.168.0.0/16',
  '198.18.0.0/15', // benchmarks
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4', // multicast
  '240.0.0.0/4', // reserved, broadcast
]

/**
 * Of IPv6 only this is public. Outside of it are loopback, link-local, unique local (fc00::/7), multicast, addresses that
 * hold an IPv4 address (::ffff:0:0/96) and those that NAT64 turns into one (64:ff9b::/96, 64:ff9b:1::/48).
 */
const globalIpv6 = '2000::/3'

/** What of that is special all the same. */
const specialIpv6 = [
  '2001::/23', // protocol assignments, Teredo among them, which holds an IPv4 address
  '2001:db8::/32',
  '2002::/16', // 6to4 holds an IPv4 address
  '3fff::/20',
]

const special = listOf([...specialIpv4, ...specialIpv6])
const globalUnicast = listOf([globalIpv6])

/**
 * Whether an address, as a resolver gives it, is one that anybody on the internet reaches, and another machine's: from
 * inside, no firewall stands before this machine's own. What is no address is not.
 */
export function isPublicAddress(address: string, interfaces: NodeJS.Dict<Interface[]> = networkInterfaces()): boolean {
  const version = isIP(address)
  if (version === 0 || isOwn(address, interfaces)) return false
  if (version === 4) return !special.check(address)
  // An address with a zone (fe80::1%eth0) is of this machine's own links.
  return !address.includes('%') && globalUnicast.check(address, 'ipv6') && !special.check(address, 'ipv6')
}

type Interface = Pick<NetworkInterfaceInfo, 'address'>

function isOwn(address: string, interfaces: NodeJS.Dict<Interface[]>): boolean {
  const own = new BlockList() // an IPv6 address can be written in many ways
  for (const each of Object.values(interfaces).flatMap((some) => some ?? [])) {
    own.addAddress(each.address, isIP(each.address) === 6 ? 'ipv6' : 'ipv4')
  }
  return own.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
}

function listOf(subnets: readonly string[]): BlockList {
  const list = new BlockList()
  for (const subnet of subnets) {
    const [address = '', bits] = subnet.split('/')
    list.addSubnet(address, Number(bits), address.includes(':') ? 'ipv6' : 'ipv4')
  }
  return list
}
