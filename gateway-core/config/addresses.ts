import type { ListenAddress } from './workspace.ts'

/** Reads `host:port`, `[::1]:8080` or a port alone (then 127.0.0.1). Undefined when it is something else. */
export function parseListenAddress(written: string | number): ListenAddress | undefined {
  const text = String(written)
  if (/^\d+$/.test(text)) return portIsValid(Number(text)) ? { host: '127.0.0.1', port: Number(text) } : undefined
  const match = /^(?:\[([0-9A-Fa-f:.%\w]+)\]|([^:\s/[\]]+)):(\d+)$/.exec(text)
  if (!match || !portIsValid(Number(match[3]))) return undefined
  return { host: (match[1] ?? match[2])!, port: Number(match[3]) }
}

/** The URL of an upstream, or what is wrong with it and what to write. */
export function parseUpstreamUrl(text: string): URL | { wrong: string; suggestion: string } {
  const url = readUpstreamUrl(text)
  if (typeof url !== 'string') return url
  // Whole, as it was written: a part of it could be a part of a secret, which nobody would recognize any more.
  const meant = `http://${text}`
  const fits =
    /^(?:[\w.-]+|\[[0-9a-f:]+\])(?::\d+)?(?:\/[\w./-]*)?$/i.test(text) && typeof readUpstreamUrl(meant) !== 'string'
  return { wrong: url, suggestion: `write it like: ${fits ? meant : 'http://127.0.0.1:9001'}` }
}

function readUpstreamUrl(text: string): URL | string {
  const url = URL.parse(text)
  if (!url || !/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return 'is not a URL'
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return `has the scheme ${url.protocol.slice(0, -1)}`
  if (url.username !== '' || url.password !== '') return 'holds a user name or password'
  if (url.search !== '' || url.hash !== '') return 'holds a query or fragment'
  if (url.port === '0') return 'names port 0, where nothing listens'
  return url
}

function portIsValid(port: number): boolean {
  return Number.isInteger(port) && port >= 0 && port <= 65_535
}
