import ipaddr from 'ipaddr.js'

export type IpAddress = ipaddr.IPv4 | ipaddr.IPv6

/** A network: its first address and the length of its prefix in bits (RFC 4632, RFC 4291 §2.3). */
export type Network = readonly [IpAddress, number]

/** Reads an address or a network in CIDR notation; undefined when it is neither. */
export function parseNetwork(text: string): Network | undefined {
  if (!isNetwork(text)) return undefined
  if (text.includes('/')) return ipaddr.parseCIDR(text)
  const address = ipaddr.parse(text)
  return [address, address.kind() === 'ipv4' ? 32 : 128]
}

/** Whether a text is an address or a network in CIDR notation. */
export function isNetwork(text: string): boolean {
  return text.includes('/') ? ipaddr.isValidCIDR(text) : ipaddr.isValid(text)
}

/** Reads an address; an IPv4 address inside an IPv6 one is taken as that (RFC 4291 §2.5.5.2). Undefined when it is none. */
export function parseAddress(text: string): IpAddress | undefined {
  return ipaddr.isValid(text) ? ipaddr.process(text) : undefined
}

export function isInNetwork(address: IpAddress, network: Network): boolean {
  return network[0].kind() === address.kind() && address.match(network as [IpAddress, number])
}

/** What to say of a text that is no network, and what to write instead. */
export function notANetwork(text: string): readonly [message: string, suggestion: string] {
  return [`"${text}" is not an address or network`, 'write it like 10.0.0.0/8 or ::1']
}
