import tls, { createSecureContext, rootCertificates, type SecureContext } from 'node:tls'
import { isIP } from 'node:net'
import { readFileSync } from 'node:fs'
import type { Upstream } from '../config/workspace.ts'
import type { RequestMessage } from '../exchange.ts'
import type { Proxied } from './connection.ts'
import { lookupElsewhere, staysHere } from './forward-proxy-places.ts'
import type { OutboundProxy } from './outbound-proxy.ts'
import { withoutDefaultPort } from './request-target.ts'
import { type Target, UpstreamPools } from './upstream.ts'
import type { UpstreamFailure } from './upstream-client/failure.ts'

/** Programs wait long for what they asked (event streams, long polling); only nobody's patience is longer. */
const answerMs = 300_000
const connectMs = 15_000
/** Servers whose connections are kept; the one that was asked longest ago gives way. */
const mostOrigins = 200

/** The servers that requests through the forward proxy go to where no route takes them: connections by origin. */
export class ObservedOrigins {
  readonly #outbound: OutboundProxy
  readonly #trust: () => readonly string[]
  readonly #open = new Map<string, UpstreamPools>()
  #trusted: { texts: string; context: SecureContext } | undefined

  /** `trust` gives PEM texts of CAs besides those of Node and the system. */
  constructor(outbound: OutboundProxy, trust: () => readonly string[]) {
    this.#outbound = outbound
    this.#trust = trust
  }

  /** Connections to the server that a request names. */
  pools(
    { scheme, authority }: Pick<RequestMessage, 'scheme' | 'authority'>,
    { tunnel }: Proxied,
    client: string,
  ): UpstreamPools {
    const url = originOf(scheme, authority, tunnel)
    const serverName = hostOf(authority)
    // Other devices must not reach this machine by a name that stands for it.
    const lookup = staysHere(client) ? undefined : lookupElsewhere
    const key = `${url.href} ${serverName}${lookup ? ' elsewhere' : ''}`
    const known = this.#open.get(key)
    if (known) {
      // Last in the order again: a map keeps the order of insertion.
      this.#open.delete(key)
      this.#open.set(key, known)
      return known
    }
    const trusted = scheme === 'https' ? this.trusted() : undefined
    const more = { ...(trusted && { secureContext: trusted }), ...(lookup && { lookup }) }
    const pools = new UpstreamPools(upstreamOf(url, authority, serverName), this.#outbound, more)
    this.#open.set(key, pools)
    if (this.#open.size > mostOrigins) {
      const [oldest, left] = this.#open.entries().next().value!
      this.#open.delete(oldest)
      void left.close()
    }
    return pools
  }

  /** Another trust counts for connections from now on. */
  forget(): void {
    for (const pools of this.#open.values()) void pools.close()
    this.#open.clear()
  }

  async close(): Promise<void> {
    const all = [...this.#open.values()]
    this.#open.clear()
    await Promise.all(all.map((pools) => pools.close()))
  }

  /** The CAs that servers are checked against. Hundreds of certificates take milliseconds to read: once, not with every connection. */
  trusted(): SecureContext {
    const texts = this.#trust().join('\n')
    if (this.#trusted?.texts !== texts) {
      const ca = [...systemRoots(), ...(texts === '' ? [] : [texts])]
      this.#trusted = { texts, context: createSecureContext({ ca, minVersion: 'TLSv1.2' }) }
    }
    return this.#trusted.context
  }
}

let roots: string[] | undefined

/** PEM of every CA that Node, the system and `SSL_CERT_FILE` trust. */
export function systemRoots(env: Readonly<Record<string, string | undefined>> = process.env): string[] {
  // Older runtimes know the bundled ones only.
  const get = tls.getCACertificates as typeof tls.getCACertificates | undefined
  roots ??= [...new Set(get ? [...get('default'), ...get('system')] : rootCertificates)]
  const own = env['SSL_CERT_FILE']
  if (!own) return roots
  try {
    return [...roots, readFileSync(own, 'utf8')]
  } catch {
    return roots
  }
}

function originOf(scheme: 'http' | 'https', authority: string, tunnel: Proxied['tunnel']): URL {
  // A client that resolved the name by itself asked for an address: the connection goes there, under the name.
  if (tunnel && isIP(tunnel.host) && hostOf(authority) !== tunnel.host) {
    return new URL(`${scheme}://${tunnel.host.includes(':') ? `[${tunnel.host}]` : tunnel.host}:${tunnel.port}`)
  }
  return new URL(`${scheme}://${authority}`)
}

/** What the person at the client is told of a server that could not be asked: it is their own traffic. */
export function explainFailure({ code, reason }: UpstreamFailure, target: Target | undefined): string {
  const server = target?.origin ?? 'the server'
  if (code !== 'UPSTREAM_NOT_TRUSTED') return `${server}: ${reason}`
  return `The certificate of ${server} does not verify: ${reason}. Name its CA in listen.proxy.trust (gatehouse run takes --trust), or the host in listen.proxy.passThrough.`
}

/** Host of an authority, without port and brackets. */
export function hostOf(authority: string): string {
  const host = authority.startsWith('[') ? authority.slice(1, authority.indexOf(']')) : authority.replace(/:\d*$/, '')
  return host
}

/** Port of an authority, or the scheme's own. */
export function portOf(authority: string, scheme: 'http' | 'https'): number {
  const port = /:(\d+)$/.exec(authority.startsWith('[') ? authority.slice(authority.indexOf(']')) : authority)
  return port ? Number(port[1]) : scheme === 'https' ? 443 : 80
}

function upstreamOf(url: URL, authority: string, serverName: string): Upstream {
  const scheme = url.protocol === 'https:' ? 'https' : 'http'
  return {
    name: withoutDefaultPort(authority, scheme),
    targets: [{ url, weight: 1 }],
    timeoutMs: answerMs,
    connectTimeoutMs: connectMs,
    tls: {
      verify: true,
      ca: undefined,
      certificate: undefined,
      key: undefined,
      serverName: isIP(serverName) ? undefined : serverName,
    },
    health: undefined,
    position: { file: '', line: 0, column: 0 },
  }
}
