/** Proxy settings for outgoing connections, as `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` give them. */
export interface OutboundProxy {
  readonly http: string | undefined
  readonly https: string | undefined
  /** Hosts, `.suffixes`, `host:port` or `*` that are reached directly. */
  readonly except: readonly string[]
}

/** Reads the conventional variables, lower case first as curl does. */
export function outboundProxyFrom(env: Readonly<Record<string, string | undefined>>): OutboundProxy {
  const read = (name: string) => env[name.toLowerCase()] || env[name] || undefined
  return {
    http: read('HTTP_PROXY'),
    https: read('HTTPS_PROXY'),
    except: (read('NO_PROXY') ?? '')
      .split(',')
      .map((entry) => entry.trim().toLowerCase())
      .filter(Boolean),
  }
}

/** The proxy for a URL, or undefined where it is reached directly. Loopback addresses always are. */
export function proxyFor(url: URL, proxy: OutboundProxy): string | undefined {
  const through = url.protocol === 'https:' ? proxy.https : proxy.http
  if (!through) return undefined
  const host = url.hostname.toLowerCase()
  if (host === 'localhost' || host === '[::1]' || host.startsWith('127.')) return undefined
  const port = url.port || (url.protocol === 'https:' ? '443' : '80')
  const direct = proxy.except.some((entry) => {
    const [name, only] = entry.split(':') as [string, string?]
    if (only !== undefined && only !== port) return false
    if (name === '*') return true
    const suffix = name.replace(/^\*?\.?/, '')
    return host === suffix || host.endsWith(`.${suffix}`)
  })
  return direct ? undefined : through
}
