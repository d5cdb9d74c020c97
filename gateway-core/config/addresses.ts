import type { ListenAddress } from './workspace.ts'

/** Reads `host:port`, `[::1]:8080` or a port alone (then 127.0.0.1). Undefined when it is something else. */
export function parseListenAddress(written: string | number): ListenAddress | undefined {
  const text = String(written)
  if (/^\d+$/.test(text)) return portIsValid(Number(text)) ? { host: '127.0.0.1', port: Number(text) } : undefined
  const match = /^(?:\[([0-9A-Fa-f:.%\w]+)\]|([^:\s/[\]]+)):(\d+)$/.exec(text)
  if (!match || !portIsValid(Number(match[3]))) return undefined
  return { host: (match[1] ?? match[2])!, port: Number(match[3]) }
}

/** The URL of an upstream, or what is wrong with it. */
export function parseUpstreamUrl(text: string): URL | string {
  const url = URL.parse(text)
  if (!url || !/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return 'is not a URL'
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return `has the scheme ${url.protocol.slice(0, -1)}`
  if (url.username !== '' || url.password !== '') return 'holds a user name or password'
  if (url.search !== '' || url.hash !== '') return 'holds a query or fragment'
  return url
}

function portIsValid(port: number): boolean {
  return Number.isInteger(port) && port >= 0 && port <= 65_535
}
