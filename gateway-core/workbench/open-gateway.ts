import { join } from 'node:path'
import type { Dispatcher } from 'undici'
import type { ExchangeRecord } from '../capture/record.ts'
import { openRecorder } from '../capture/recorder.ts'
import type { ExchangeSummary } from '../capture/summary.ts'
import type { ListenAddress, Workspace } from '../config/workspace.ts'
import { loadWorkspaceKey, WorkspaceKeyError } from '../config/workspace-key.ts'
import type { KeySets } from '../facts/key-sets.ts'
import { createLiveFacts } from '../facts/live.ts'
import { MemoryState } from '../pipeline/memory-state.ts'
import { openStateFile } from '../pipeline/state-file.ts'
import { LiveTimeline } from '../pipeline/timeline.ts'
import { Interceptor } from '../intercept/interceptor.ts'
import { type Gateway, startGateway } from '../proxy/gateway.ts'
import { outboundProxyFrom } from '../proxy/outbound-proxy.ts'
import { CannotRun } from './cannot-run.ts'
import { captureTrouble, type TroubleAbout } from './capture-trouble.ts'
import { passThroughMemory } from './pass-through.ts'
import { findRunningGateway } from './running-gateway.ts'
import { StateKeeper } from './state-keeper.ts'

export interface OpenGatewayOptions {
  workspace: Workspace
  env: Readonly<Record<string, string | undefined>>
  /** Whether exchanges are recorded in the workspace's `.gatehouse`. */
  capture: boolean
  onExchange?: (record: ExchangeRecord) => void
  /** Rows of what was recorded, once they can be read. */
  onWritten?: (rows: ExchangeSummary[]) => void
  /** Breakpoints and rules; without it only the workspace's rules are at work. */
  interceptor?: Interceptor
  /** Something that a person should know; the gateway goes on. What is told about a place holds until more is told about it. */
  onTrouble: (message: string, about?: TroubleAbout) => void
}

/** A gateway with everything around it: facts, counters that survive a restart, captures. */
export interface OpenedGateway {
  readonly gateway: Gateway
  /** Keys that tokens are verified with. */
  readonly keySets: KeySets
  /** Puts a new revision in force. */
  reload(workspace: Workspace): Promise<{ needsRestart: string[] }>
  /** Resolves when everything recorded so far is durable. */
  flush(): Promise<void>
  /** Lets exchanges finish for up to `graceMs`, then writes what has to be kept. */
  close(graceMs?: number): Promise<void>
}

/** Starts a gateway as `serve` and `send` run it. Throws CannotRun, for example when the port is taken. */
export async function openGateway(options: OpenGatewayOptions): Promise<OpenedGateway> {
  const { workspace, env, capture, onExchange, onWritten, onTrouble } = options
  const { folder } = workspace
  const interceptor = options.interceptor ?? new Interceptor()
  interceptor.takeRules(workspace)
  const key = await loadWorkspaceKey(folder, env).catch((error: Error) => {
    throw new CannotRun(error.message, error instanceof WorkspaceKeyError ? error.suggestion : undefined)
  })
  const dispatcher = await dispatcherFor(env)
  const facts = createLiveFacts({ key, now: Date.now, ...(dispatcher && { dispatcher }) })
  const state = new MemoryState()
  let current = workspace
  const stateFile = await openStateFile({
    path: join(folder, '.gatehouse', 'state.json'),
    store: state,
    durable: () => durableIds(current),
    now: Date.now,
    problem: onTrouble,
  })
  const alone = !runsElsewhere(folder)
  const recorder = capture
    ? openRecorder({
        folder,
        key,
        settings: workspace.capture,
        ...(alone && { closeBefore: performance.timeOrigin }),
        onEvent: captureTrouble(onTrouble),
        ...(onWritten && { onWritten }),
      })
    : undefined
  recorder?.saveRevision(workspace.revision, workspace.files, workspace.secretsInClear)
  const timeline = new LiveTimeline()
  // What two gateways count at the same time is in neither's state.
  const keeper =
    recorder && alone ? new StateKeeper({ state, timeline, recorder, workspace: () => current }) : undefined
  const closeRest = async () => {
    keeper?.close()
    await stateFile.close()
    await recorder?.close()
    await dispatcher?.close()
  }
  const hold = interceptor.slot
  const started = {
    workspace,
    state,
    timeline,
    facts,
    env,
    hold,
    passThrough: passThroughMemory(folder, onTrouble),
    ...(recorder && { recorder }),
    ...(onExchange && { onExchange }),
  }
  const gateway = await startGateway(started).catch(async (error: Error) => {
    await closeRest()
    throw new CannotRun(error.message, undefined, { cause: error.cause })
  })
  return {
    gateway,
    keySets: facts.keySets,
    async reload(next) {
      recorder?.saveRevision(next.revision, next.files, next.secretsInClear)
      const { needsRestart } = await gateway.reload(next)
      interceptor.takeRules(next)
      // The recorder keeps the settings that it was started with.
      const recorded = JSON.stringify(next.capture) === JSON.stringify(workspace.capture)
      current = next
      keeper?.reloaded()
      return { needsRestart: recorded ? needsRestart : [...needsRestart, 'capture: its settings'] }
    },
    flush: async () => recorder?.flush(),
    async close(graceMs) {
      // What is held goes on, so that it can be answered while there is time.
      interceptor.release('the gateway stopped')
      await gateway.close(graceMs)
      await closeRest()
    },
  }
}

function runsElsewhere(folder: string): boolean {
  const running = findRunningGateway(folder)
  return running !== undefined && running.pid !== process.pid
}

/** State ids of the policies whose counters survive a restart. */
function durableIds(workspace: Workspace): Set<string> {
  const plans = [workspace.unrouted, ...workspace.routes.map((route) => route.plan)]
  const durable = plans.flatMap((plan) => plan.instances.filter((instance) => instance.policy.durable))
  return new Set(durable.map((instance) => instance.stateId))
}

/** Key sets are fetched through the outbound proxy too; loopback never is. */
async function dispatcherFor(env: Readonly<Record<string, string | undefined>>): Promise<Dispatcher | undefined> {
  const { http, https, except } = outboundProxyFrom(env)
  if (!http && !https) return undefined
  const noProxy = [...except, 'localhost', '127.0.0.1', '[::1]'].join(',')
  const { EnvHttpProxyAgent } = await import('undici')
  return new EnvHttpProxyAgent({ httpProxy: http ?? '', httpsProxy: https ?? '', noProxy })
}

/** A workspace that listens on another port. */
export function listeningAt(workspace: Workspace, port: number | undefined): Workspace {
  if (port === undefined) return workspace
  const { http, https, proxy } = workspace.listen
  const listen =
    http || !https ? { http: { host: http?.host ?? '127.0.0.1', port }, https } : { http, https: { ...https, port } }
  return { ...workspace, listen: { ...listen, proxy } }
}

/** A workspace whose forward proxy listens at another address. */
export function withProxy(workspace: Workspace, address: ListenAddress | undefined): Workspace {
  if (!address) return workspace
  const { passThrough = [], trust = [] } = workspace.listen.proxy ?? {}
  return { ...workspace, listen: { ...workspace.listen, proxy: { ...address, passThrough, trust } } }
}
