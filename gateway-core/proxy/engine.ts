import type { ExchangeRecord, Recorder } from '../capture/record.ts'
import type { Upstream, Workspace } from '../config/workspace.ts'
import { isInNetwork, parseAddress, parseNetwork } from '../networks.ts'
import type { FactSource } from '../pipeline/facts.ts'
import type { World } from '../pipeline/runner.ts'
import type { StateStore } from '../pipeline/state.ts'
import type { Timeline } from '../pipeline/timeline.ts'
import type { MessageHolds } from './messages/message-desk.ts'
import type { HoldSlot } from './holds.ts'
import type { ObservedOrigins } from './observed-origins.ts'
import { type OutboundProxy } from './outbound-proxy.ts'
import { Router } from './router.ts'
import { type ConnectionMore, UpstreamPools } from './upstream.ts'

/** What outlives a reload: state, time, facts, the recorder and those who watch. */
export interface Surroundings {
  readonly state: StateStore
  readonly timeline: Timeline
  readonly facts: FactSource
  readonly recorder: Recorder | undefined
  readonly outbound: OutboundProxy
  /** Called for every finished exchange, after it was handed to the recorder. */
  readonly onExchange: ((record: ExchangeRecord) => void) | undefined
  readonly budget: BufferBudget
  /** The servers that what no route takes goes to, while there is a forward proxy. */
  observed?: ObservedOrigins | undefined
  /** Who may hold requests and responses on their way; empty while nobody wants to. */
  readonly hold: HoldSlot
  /** Who may hold messages of WebSockets and event streams on their way. */
  readonly messageHolds?: MessageHolds | undefined
}

/** Bytes of bodies held for policies, over all exchanges. */
export interface BufferBudget {
  held: number
}

/** One revision of the workspace at work. Exchanges finish on the engine they began with. */
export class Engine {
  readonly workspace: Workspace
  readonly router: Router
  readonly around: Surroundings
  readonly world: World
  /** Ways to cut the open WebSocket tunnels, also those of earlier revisions. */
  readonly tunnels: Set<() => void>
  readonly #pools: ReadonlyMap<string, UpstreamPools>
  readonly #trusted: (address: string) => boolean

  /** `before` lends its open connections for upstreams that stayed the same. */
  constructor(workspace: Workspace, around: Surroundings, before?: Engine) {
    this.workspace = workspace
    this.router = new Router(workspace.routes)
    this.around = around
    this.tunnels = before?.tunnels ?? new Set()
    this.world = { state: around.state, timeline: around.timeline, onError: workspace.onError }
    this.#pools = openPools(workspace, around, before)
    this.#trusted = trustTest(workspace.trustedProxies)
  }

  pools(name: string): UpstreamPools | undefined {
    return this.#pools.get(name)
  }

  /** Whether forwarding headers of this peer are believed. */
  trusts(address: string): boolean {
    return this.#trusted(address)
  }

  /** Closes the pools that `after` did not take over; requests on them finish first. */
  async retire(after?: Engine): Promise<void> {
    const kept = new Set(after ? after.#pools.values() : [])
    await Promise.all([...this.#pools.values()].filter((pools) => !kept.has(pools)).map((pools) => pools.close()))
  }
}

function openPools(workspace: Workspace, around: Surroundings, before?: Engine): Map<string, UpstreamPools> {
  const pools = new Map<string, UpstreamPools>()
  for (const [name, upstream] of workspace.upstreams) {
    const open = before?.pools(name)
    const same =
      open && JSON.stringify({ ...open.upstream, position: 0 }) === JSON.stringify({ ...upstream, position: 0 })
    pools.set(name, same ? open : new UpstreamPools(upstream, around.outbound, trustOf(upstream, around)))
  }
  return pools
}

/** With a forward proxy, upstreams are checked as what it observes is: a route for an observed host must not end its trust. */
function trustOf({ tls, targets }: Upstream, { observed }: Surroundings): ConnectionMore {
  const applies = observed && tls.verify && tls.ca === undefined && tls.certificate === undefined
  return applies && targets.some(({ url }) => url.protocol === 'https:') ? { secureContext: observed.trusted() } : {}
}

function trustTest(networks: readonly string[]): (address: string) => boolean {
  if (networks.length === 0) return () => false
  const ranges = networks.flatMap((text) => {
    const network = parseNetwork(text)
    return network ? [network] : []
  })
  const known = new Map<string, boolean>()
  return (text) => {
    const before = known.get(text)
    if (before !== undefined) return before
    const address = parseAddress(text)
    const trusted = address !== undefined && ranges.some((network) => isInNetwork(address, network))
    if (known.size < 10_000) known.set(text, trusted)
    return trusted
  }
}
