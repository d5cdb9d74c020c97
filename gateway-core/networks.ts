import ipaddr from 'ipaddr.js'

export type IpAddress = ipaddr.IPv4 | ipaddr.IPv6

/** A network: its first address and the length of its prefix in bits (RFC 4632, RFC 4291 §2.3). */
export type Network = readonly [IpAddress, number]

/**
 * Reads an address or a network in CIDR notation; undefined when it is neither. A network of IPv4 addresses inside IPv6 is
 * taken as that of the addresses, as `parseAddress` takes what is looked for in it.
 */
export function parseNetwork(text: string): Network | undefined {
  const slash = text.indexOf('/')
  const written = slash === -1 ? text : text.slice(0, slash)
  if (!isWhole(written)) return undefined
  const first = ipaddr.parse(written)
  const most = first.kind() === 'ipv4' ? 32 : 128
  const length = slash === -1 ? String(most) : text.slice(slash + 1)
  if (!/^\d{1,3}$/.test(length) || Number(length) > most) return undefined
  const address = ipaddr.process(written)
  return most === 128 && address.kind() === 'ipv4' && Number(length) >= 96
    ? [address, Number(length) - 96]
    : [first, Number(length)]
}

/** Whether a text is an address or a network in CIDR notation. */
export function isNetwork(text: string): boolean {
  return parseNetwork(text) !== undefined
}

/**
 * Reads an address; an IPv4 address inside an IPv6 one is taken as that (RFC 4291 §2.5.5.2), and the zone of a link-local
 * one (RFC 4007 §11), which says by which interface it came, is left out. Undefined when it is none.
 */
export function parseAddress(text: string): IpAddress | undefined {
  const zone = text.indexOf('%')
  const address = zone > 0 && text.includes(':') ? text.slice(0, zone) : text
  return isWhole(address) ? ipaddr.process(address) : undefined
}

export function isInNetwork(address: IpAddress, network: Network): boolean {
  return network[0].kind() === address.kind() && address.match(network as [IpAddress, number])
}

/** What to say of a network that is written by an address inside of it, which is as wide all the same; undefined of any other. */
export function wideNetwork(text: string): readonly [message: string, suggestion: string] | undefined {
  const network = parseNetwork(text)
  if (!network || !text.includes('/')) return undefined
  const [address, length] = network
  const bytes = address
    .toByteArray()
    .map((byte, at) => byte & (0xff << (8 - Math.min(8, Math.max(0, length - at * 8)))))
  const first = ipaddr.fromByteArray(bytes)
  if (first.toString() === address.toString()) return undefined
  const suggestion = `write ${first.toString()}/${length} if that is meant, or ${address.toString()} for the one address`
  return [`"${text}" is all of ${first.toString()}/${length}`, suggestion]
}

/** What to say of a text that is no network, and what to write instead. */
export function notANetwork(text: string): readonly [message: string, suggestion: string] {
  const message = `"${text}" is not an address or network`
  const [, octets, length] = /^(\d{1,3}(?:\.\d{1,3}){0,2})\.?(\/\d{1,2})$/.exec(text) ?? []
  if (octets === undefined) return [message, 'write it like 10.0.0.0/8 or ::1']
  const whole = [...octets.split('.').map(Number), 0, 0, 0].slice(0, 4).join('.')
  const meant = `${whole}${length}`
  return [message, isNetwork(meant) ? `did you mean ${meant}?` : 'write it like 10.0.0.0/8 or ::1']
}

/**
 * Only whole addresses: the short, octal and hexadecimal spellings are read differently by different programs
 * (`192.168` is 192.0.0.168 for some and 192.168.0.0 for people), and one that says the wrong thing protects nothing.
 */
function isWhole(text: string): boolean {
  if (text.includes(':')) return !text.includes('%') && ipaddr.IPv6.isValid(text)
  return ipaddr.IPv4.isValidFourPartDecimal(text)
}
