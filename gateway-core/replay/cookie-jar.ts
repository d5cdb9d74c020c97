interface Cookie {
  name: string
  value: string
  domain: string
  /** The host alone, not those below it. */
  hostOnly: boolean
  path: string
  secure: boolean
  /** Milliseconds since the epoch. */
  expires: number
}

/** Cookies from step to step (RFC 6265 §5): kept by host and path, sent back where they belong. */
export class CookieJar {
  readonly #cookies = new Map<string, Cookie>()

  /** Takes in one `Set-Cookie` that came from a URL. */
  take(header: string, url: URL, now: number = Date.now()): void {
    const [pair = '', ...attributes] = header.split(';')
    const equals = pair.indexOf('=')
    const name = pair.slice(0, equals).trim()
    if (equals < 1 || name === '') return
    const cookie: Cookie = {
      name,
      value: pair.slice(equals + 1).trim(),
      domain: url.hostname,
      hostOnly: true,
      path: url.pathname.slice(0, Math.max(url.pathname.lastIndexOf('/'), 1)),
      secure: false,
      expires: Number.POSITIVE_INFINITY,
    }
    let lifetime: number | undefined
    for (const attribute of attributes) {
      const [key = '', value = ''] = attribute.split(/=(.*)/s).map((part) => part.trim())
      switch (key.toLowerCase()) {
        case 'domain': {
          const domain = value.replace(/^\./, '').toLowerCase()
          if (domain === '') break
          // A host speaks for itself and for the domains above it, never for others.
          if (url.hostname !== domain && !url.hostname.endsWith(`.${domain}`)) return
          cookie.domain = domain
          cookie.hostOnly = false
          break
        }
        case 'path':
          if (value.startsWith('/')) cookie.path = value
          break
        case 'secure':
          cookie.secure = true
          break
        case 'expires':
          if (!Number.isNaN(Date.parse(value))) cookie.expires = Date.parse(value)
          break
        case 'max-age':
          if (/^-?\d+$/.test(value)) lifetime = Number(value)
      }
    }
    if (lifetime !== undefined) cookie.expires = lifetime <= 0 ? 0 : now + lifetime * 1000
    const key = `${cookie.domain}\n${cookie.path}\n${name}`
    if (cookie.expires <= now) this.#cookies.delete(key)
    else this.#cookies.set(key, cookie)
  }

  /** Value of the `Cookie` header for a URL; undefined when there is none to send. */
  headerFor(url: URL, now: number = Date.now()): string | undefined {
    const fitting = [...this.#cookies.values()].filter(
      ({ domain, hostOnly, path, secure, expires }) =>
        expires > now &&
        (url.hostname === domain || (!hostOnly && url.hostname.endsWith(`.${domain}`))) &&
        (url.pathname === path || url.pathname.startsWith(path.endsWith('/') ? path : `${path}/`)) &&
        (!secure || url.protocol === 'https:' || url.hostname === 'localhost' || url.hostname === '127.0.0.1'),
    )
    if (fitting.length === 0) return undefined
    // Longer paths first (§5.4).
    fitting.sort((a, b) => b.path.length - a.path.length)
    return fitting.map(({ name, value }) => `${name}=${value}`).join('; ')
  }
}
