import type { ExchangeRecord, Recorder } from '../capture/record.ts'
import type { Workspace } from '../config/workspace.ts'
import type { FactSource } from '../pipeline/facts.ts'
import type { StateStore } from '../pipeline/state.ts'
import { LiveTimeline, type Timeline } from '../pipeline/timeline.ts'
import { arrive } from './arrival.ts'
import { Engine, type Surroundings } from './engine.ts'
import type { HoldSlot } from './holds.ts'
import type { InboundHandler } from './inbound.ts'
import { type Listener, startListener } from './listener.ts'
import { outboundProxyFrom } from './outbound-proxy.ts'
import { observedBy, type PassThroughMemory, ProxyDoor } from './proxy-door.ts'
import { Passage } from './passage.ts'
import { recordOfRefusal } from './record-refusal.ts'
import { loadTlsMaterial } from './tls.ts'
import { arriveUpgrade } from './upgrade-arrival.ts'
import { UpgradePassage } from './upgrade-passage.ts'

export interface GatewayOptions {
  workspace: Workspace
  state: StateStore
  /** Default: a new one on the system's clock. */
  timeline?: Timeline
  facts: FactSource
  /** Without a recorder nothing is captured; `onExchange` still hears of every exchange. */
  recorder?: Recorder
  onExchange?: (record: ExchangeRecord) => void
  /** Environment variables for outbound proxies; default `process.env`. */
  env?: Readonly<Record<string, string | undefined>>
  /** Where breakpoints and rules are plugged in. */
  hold?: HoldSlot
  /** Hosts that the forward proxy leaves alone besides those of the workspace. */
  passThrough?: PassThroughMemory
}

/** A running gateway. */
export interface Gateway {
  readonly addresses: Listener['addresses']
  readonly workspace: Workspace
  /** The forward proxy: open where the workspace says so, or once somebody opens it. */
  readonly proxy: ProxyDoor
  /**
   * Puts a new revision in force: no connection drops, in-flight exchanges finish on the old one, and counters of
   * policies that stayed the same go on. Addresses cannot change while it runs: those differences are returned.
   */
  reload(workspace: Workspace): Promise<{ needsRestart: string[] }>
  /** Stops accepting, lets exchanges finish for up to `graceMs`, then closes what is left. */
  close(graceMs?: number): Promise<void>
}

/** Starts the gateway of a workspace. Rejects with a clear message when an address is taken. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const around: Surroundings = {
    state: options.state,
    timeline: options.timeline ?? new LiveTimeline(),
    facts: options.facts,
    recorder: options.recorder,
    onExchange: options.onExchange,
    outbound: outboundProxyFrom(options.env ?? process.env),
    budget: { held: 0 },
    hold: options.hold ?? { current: undefined },
    messageHolds: options.hold?.messages,
  }
  const { https } = options.workspace.listen
  const tls = https && (await loadTlsMaterial(options.workspace.folder, https))
  let inForce = options.workspace
  if (inForce.listen.proxy) around.observed = await observedBy(around.outbound, () => inForce)
  let engine = new Engine(inForce, around)
  const handler: InboundHandler = {
    request: (inbound) => {
      const holds = around.hold.current
      if (holds === undefined) new Passage(engine, inbound).start()
      else arrive(() => engine, inbound, holds)
    },
    upgrade: (inbound) => {
      const holds = around.hold.current
      if (holds === undefined) new UpgradePassage(engine, inbound).start()
      else arriveUpgrade(() => engine, inbound, holds)
    },
    refused: (refusal) => {
      if (!around.recorder && !around.onExchange) return
      const record = recordOfRefusal(refusal, engine.workspace)
      around.recorder?.record(record)
      around.onExchange?.(record)
    },
  }
  const door = new ProxyDoor(() => engine, around, handler, options.passThrough)
  const listener: Listener = await startListener({
    listen: options.workspace.listen,
    limits: options.workspace.limits,
    ...(tls ? { tls } : {}),
    handler,
  }).catch(async (error: unknown) => {
    await engine.retire()
    throw error
  })
  const { proxy } = options.workspace.listen
  if (proxy) {
    await door.open(proxy).catch(async (error: unknown) => {
      await listener.close(0)
      await engine.retire()
      throw error
    })
  }
  return {
    get addresses() {
      return door.address ? { ...listener.addresses, proxy: door.address } : listener.addresses
    },
    proxy: door,
    get workspace() {
      return engine.workspace
    },
    async reload(workspace) {
      const before = engine
      const needsRestart = listenDifferences(before.workspace, workspace)
      inForce = workspace
      engine = new Engine(workspace, around, before)
      const renewed = workspace.listen.https && (await loadTlsMaterial(workspace.folder, workspace.listen.https))
      listener.update({ limits: workspace.limits, ...(renewed ? { tls: renewed } : {}) })
      around.state.retain(
        new Set([workspace.unrouted, ...workspace.routes.map((route) => route.plan)].flatMap(stateIds)),
      )
      door.reloaded(before)
      void before.retire(engine)
      return { needsRestart }
    },
    async close(graceMs = 5_000) {
      const cut = setTimeout(() => engine.tunnels.forEach((end) => end()), graceMs)
      await Promise.all([listener.close(graceMs), door.close(graceMs)])
      clearTimeout(cut)
      await engine.retire()
    },
  }
}

function stateIds(plan: Workspace['unrouted']): string[] {
  return plan.instances.map((instance) => instance.stateId)
}

function listenDifferences(before: Workspace, after: Workspace): string[] {
  const address = (listen: { host: string; port: number } | undefined) =>
    listen ? `${listen.host}:${listen.port}` : 'off'
  return (['http', 'https', 'proxy'] as const)
    .filter((kind) => address(before.listen[kind]) !== address(after.listen[kind]))
    .map((kind) => `listen.${kind}: ${address(before.listen[kind])} → ${address(after.listen[kind])}`)
}
