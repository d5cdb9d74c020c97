/** A host whose client did not take the certificate of the local CA. */
export interface RefusedHost {
  readonly host: string
  readonly port: number
  /** In words: what the client said, or that it left without a word. */
  readonly why: string
  readonly times: number
  /** Milliseconds since the epoch. */
  readonly at: number
}

const mostKept = 200

/**
 * What the forward proxy knows of hosts: whose TLS is not opened, and whose clients did not take our certificate.
 * `configured` gives the patterns of the workspace; those added here were asked for by a person.
 */
export class ProxyHosts {
  readonly #configured: () => readonly string[]
  readonly #remembered: Set<string>
  readonly #changed: (remembered: readonly string[]) => void
  readonly #refused = new Map<string, RefusedHost>()
  readonly #suspects = new Set<string>()
  readonly #watchers = new Set<() => void>()

  constructor(
    configured: () => readonly string[],
    remembered: readonly string[],
    changed: (remembered: readonly string[]) => void = () => undefined,
  ) {
    this.#configured = configured
    this.#remembered = new Set(remembered)
    this.#changed = changed
  }

  /** Patterns that were asked for here, besides those of the workspace. */
  get remembered(): readonly string[] {
    return [...this.#remembered]
  }

  /** Hosts whose clients did not take our certificate, the latest first. */
  get refused(): readonly RefusedHost[] {
    return [...this.#refused.values()].reverse()
  }

  /** Calls back whenever something is known anew. The returned function ends that. */
  watch(watcher: () => void): () => void {
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }

  #tell(): void {
    for (const watcher of this.#watchers) watcher()
  }

  /** Whether the TLS of a host is to be left alone. */
  passes(host: string, port: number): boolean {
    return matches(this.#configured(), host, port) || matches(this.#remembered, host, port)
  }

  /** Leaves the TLS of a host alone from now on. */
  pass(pattern: string): void {
    this.#remembered.add(pattern)
    for (const [key, { host, port }] of this.#refused) if (matches([pattern], host, port)) this.#refused.delete(key)
    this.#changed(this.remembered)
    this.#tell()
  }

  /** Opens the TLS of a host again. */
  open(pattern: string): void {
    this.#remembered.delete(pattern)
    this.#changed(this.remembered)
    this.#tell()
  }

  /** A client did not take our certificate. Returns what is known now. */
  refuse(host: string, port: number, why: string, at: number): RefusedHost {
    const key = `${host}:${port}`
    const known = { host, port, why, times: (this.#refused.get(key)?.times ?? 0) + 1, at }
    this.#refused.delete(key)
    this.#refused.set(key, known)
    if (this.#refused.size > mostKept) this.#refused.delete(this.#refused.keys().next().value!)
    this.#tell()
    return known
  }

  /** A client left right after the handshake. Once may be chance; true for the second time without a request between. */
  suspect(host: string, port: number): boolean {
    const key = `${host}:${port}`
    if (this.#suspects.has(key)) return true
    if (this.#suspects.size < mostKept) this.#suspects.add(key)
    return false
  }

  /** A request came: this client takes our certificate. */
  accept(host: string, port: number): void {
    this.#suspects.delete(`${host}:${port}`)
  }
}

function matches(patterns: Iterable<string>, host: string, port: number): boolean {
  for (const pattern of patterns) if (matchesHost(pattern, host, port)) return true
  return false
}

/** Whether `name`, `*.name` or an address, each with or without a port, means this host. */
export function matchesHost(pattern: string, host: string, port: number): boolean {
  const [, address, name = address, only] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(pattern) ?? []
  if (name === undefined || (only !== undefined && Number(only) !== port)) return false
  if (!name.startsWith('*.')) return host === name
  return host.endsWith(name.slice(1)) && host.length >= name.length
}
