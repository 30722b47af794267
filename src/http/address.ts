import { BlockList, isIPv4, isIPv6 } from 'node:net'

// Special-purpose blocks (IANA registries): this network, private, CGNAT, loopback, link-local, protocol
// assignments, documentation, 6to4 relays, benchmarking, multicast, reserved and broadcast.
const CLOSED_V4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
]

// Only 2000::/3 is handed out for the public internet. Everything else is closed with it: loopback, mapped and
// compatible v4, NAT64 (64:ff9b::), unique local, link-local, site-local, multicast.
const OPEN_V6: readonly (readonly [string, number])[] = [['2000::', 3]]

// Inside it: protocol assignments with Teredo and ORCHID, 6to4 (which carries any v4), documentation.
const CLOSED_V6: readonly (readonly [string, number])[] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
]

const blocks = (list: readonly (readonly [string, number])[], family: 'ipv4' | 'ipv6'): BlockList => {
  const result = new BlockList()
  for (const [network, prefix] of list) result.addSubnet(network, prefix, family)
  return result
}

const closedV4 = blocks(CLOSED_V4, 'ipv4')
const openV6 = blocks(OPEN_V6, 'ipv6')
const closedV6 = blocks(CLOSED_V6, 'ipv6')

/** Whether an address (v4 or v6 as text, no brackets) belongs to a host of the public internet. */
export const isPublicAddress = (address: string): boolean => {
  if (isIPv4(address)) return !closedV4.check(address, 'ipv4')
  // A zone (`%eth0`) only ever belongs to an address of the local network.
  if (!isIPv6(address) || address.includes('%')) return false
  return openV6.check(address, 'ipv6') && !closedV6.check(address, 'ipv6')
}
