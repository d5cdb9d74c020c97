import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent, type AgentOptions } from 'node:https'
import type { LookupFunction } from 'node:net'
import type { SecureContext } from 'node:tls'
import type { Upstream, UpstreamTarget } from '../config/workspace.ts'
import { type OutboundProxy, proxyFor } from './outbound-proxy.ts'
import { agentThrough } from './outbound-tunnel.ts'
import { askHealth } from './upstream-client/ask-health.ts'
import { ConnectionPool } from './upstream-client/connection-pool.ts'
import { connectorTo, connectorToProxy } from './upstream-client/connector.ts'
import { proxyForm } from './upstream-client/through-proxy.ts'

/** One target of an upstream with its connections. */
export interface Target {
  /** `http://host:port`, without a path. */
  readonly origin: string
  readonly host: string
  /** Base path of the target, without a trailing slash; usually empty. */
  readonly basePath: string
  readonly pool: ConnectionPool
  /** For WebSocket tunnels that are not simply connected to the target. */
  readonly tunnelAgent: HttpAgent | HttpsAgent | undefined
  readonly weight: number
  healthy: boolean
}

/** What connections of the forward proxy need besides: the CAs that servers are checked against, a look-up of its own. */
export interface ConnectionMore {
  readonly secureContext?: SecureContext
  readonly lookup?: LookupFunction
}

/** An upstream with open pools. Picks a target by weight among the healthy ones. */
export class UpstreamPools {
  readonly upstream: Upstream
  readonly targets: readonly Target[]
  readonly #health: NodeJS.Timeout | undefined

  /** `more` goes to whatever makes the connections. */
  constructor(upstream: Upstream, outbound: OutboundProxy, more: ConnectionMore = {}) {
    this.upstream = upstream
    this.targets = upstream.targets.map((target) => openTarget(upstream, target, outbound, more))
    const { health } = upstream
    if (health) {
      this.#health = setInterval(() => void this.#check(health.path), health.intervalMs)
      this.#health.unref()
      void this.#check(health.path)
    }
  }

  /**
   * The target for a draw in `[0, 1)`; `except` leaves out targets that just failed. When no target is healthy, all are
   * tried: an unreachable health page should not take the service down.
   */
  pick(draw: () => number, except: readonly Target[] = []): Target | undefined {
    if (this.targets.length === 1) return except.length === 0 ? this.targets[0] : undefined
    const left = this.targets.filter((target) => !except.includes(target))
    const healthy = left.filter((target) => target.healthy)
    const choice = healthy.length > 0 ? healthy : left
    const total = choice.reduce((sum, target) => sum + target.weight, 0)
    let at = draw() * total
    for (const target of choice) {
      at -= target.weight
      if (at < 0) return target
    }
    return choice.at(-1)
  }

  async close(): Promise<void> {
    clearInterval(this.#health)
    await Promise.all(
      this.targets.map((target) => {
        target.tunnelAgent?.destroy()
        return target.pool.close()
      }),
    )
  }

  async #check(path: string): Promise<void> {
    await Promise.all(
      this.targets.map(async (target) => {
        target.healthy = await askHealth(target, path)
      }),
    )
  }
}

function openTarget(
  upstream: Upstream,
  { url, weight }: UpstreamTarget,
  outbound: OutboundProxy,
  more: ConnectionMore,
): Target {
  const { tls, connectTimeoutMs } = upstream
  const { lookup, ...trust } = more
  const secureOptions = {
    rejectUnauthorized: tls.verify,
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    ...(tls.certificate === undefined ? {} : { cert: tls.certificate }),
    ...(tls.key === undefined ? {} : { key: tls.key }),
    ...(tls.serverName === undefined ? {} : { servername: tls.serverName }),
    ...trust,
  }
  const through = proxyFor(url, outbound)
  const connect = connectorTo(url, { timeoutMs: connectTimeoutMs, through, tls: secureOptions, lookup })
  const secure = url.protocol === 'https:'
  return {
    origin: url.origin,
    host: url.host,
    basePath: url.pathname.replace(/\/$/, ''),
    pool: new ConnectionPool(
      connect,
      through === undefined || secure ? undefined : proxyOf(through, url, connectTimeoutMs),
    ),
    tunnelAgent:
      through || Object.keys(more).length > 0
        ? tunnelAgent(through, secure, { keepAlive: true, timeout: connectTimeoutMs, ...secureOptions, ...more })
        : undefined,
    weight,
    healthy: true,
  }
}

function proxyOf(through: string, { origin }: URL, timeoutMs: number) {
  return { connect: connectorToProxy(through, timeoutMs), form: proxyForm(through, origin) }
}

function tunnelAgent(through: string | undefined, secure: boolean, options: AgentOptions): HttpAgent | HttpsAgent {
  if (through) return agentThrough(through, options, secure)
  return secure ? new HttpsAgent(options) : new HttpAgent(options)
}
