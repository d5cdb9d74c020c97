import { isIPv4, isIPv6 } from 'node:net'

// Clients send the same few hosts over and over; the map is emptied when it is full, so nobody can make it grow.
const known = new Map<string, string>()
const knownLimit = 512

/**
 * Reads a Host field or URI authority: `name`, `name:port`, `1.2.3.4:80`, `[::1]:80`. Returns it in lower case, or
 * undefined when it is empty, carries userinfo, or is not what RFC 9110 §7.2 and DNS allow (letters, digits, `-`, `_`, `.`).
 * The dot at the end of a full name (`example.com.`) is left out: it names the same host, and would find other routes.
 */
export function authorityOf(text: string): string | undefined {
  const before = known.get(text)
  if (before !== undefined) return before
  const authority = read(text)
  if (authority !== undefined) {
    if (known.size >= knownLimit) known.clear()
    known.set(text, authority)
  }
  return authority
}

function read(text: string): string | undefined {
  if (text.length > 261) return undefined
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._~-]+))(?::([0-9]{1,5}))?$/i.exec(text)
  if (!match) return undefined
  const [, address, name, port] = match
  if (port !== undefined && Number(port) > 65_535) return undefined
  if (address !== undefined && !isIPv6(address)) return undefined
  if (name !== undefined) {
    if (name.startsWith('.') || name.includes('..')) return undefined
    // `1.2.3`, `0x7f.1` and the like are addresses to some readers and names to others.
    if (/^[0-9.]+$/.test(name) && !isIPv4(name)) return undefined
  }
  const lower = text.toLowerCase()
  if (!name?.endsWith('.')) return lower
  const host = lower.slice(0, name.length - 1)
  return port === undefined ? host : `${host}:${port}`
}
