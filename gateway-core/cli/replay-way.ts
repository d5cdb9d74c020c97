import { type Captures, openCaptures } from '../capture/store.ts'
import type { WorkspaceKey } from '../config/workspace-key.ts'
import type { Workspace } from '../config/workspace.ts'
import type { ReplayTarget } from '../protocol/replay-request.ts'
import type { Recorded, Way } from '../replay/answer.ts'
import { gatewayWay, upstreamWay, urlWay } from '../replay/ways.ts'
import { visible } from '../visible.ts'
import { openGateway } from '../workbench/open-gateway.ts'
import { findRunningGateway } from '../workbench/running-gateway.ts'
import { SentExchanges } from '../workbench/sent-exchanges.ts'
import type { Io } from './io.ts'

/**
 * The way that a command sends by: through the gateway that runs on the workspace, or one that is started for it (always
 * where another environment is asked for); to the upstreams; or to the servers that the URLs name. `lent`: keys (JWK)
 * whose tokens a gateway of its own takes for those of any issuer.
 */
export async function openCliWay(
  io: Io,
  workspace: Workspace,
  key: WorkspaceKey,
  target: ReplayTarget,
  lent?: readonly unknown[],
): Promise<Way> {
  if (target.via === 'url') return urlWay(target)
  if (target.via === 'upstream') return upstreamWay(target, workspace)
  const running = target.environment === undefined && !lent ? findRunningGateway(workspace.folder) : undefined
  if (running?.http ?? running?.https) {
    const captures = openCaptures(workspace.folder, key)
    const ports = new RecordedPorts(captures)
    const recorded = (port: number, count: number) => ports.from(port, count)
    return gatewayWay(target, running!, recorded, true, async () => captures.close())
  }
  const sent = new SentExchanges()
  const listen = { ...workspace.listen, http: { host: '127.0.0.1', port: 0 }, https: undefined }
  const opened = await openGateway({
    workspace: { ...workspace, listen },
    env: io.env,
    capture: workspace.capture.enabled,
    onExchange: (record) => sent.note(record),
    onTrouble: (message) => io.tell(visible(message, 500)),
  })
  if (lent) await opened.keySets.lend(lent)
  const recorded = (port: number, count: number) => sent.from(port, count)
  const http = opened.gateway.addresses.http!.url
  return gatewayWay(target, { http }, recorded, workspace.capture.enabled, () => opened.close(1000))
}

const patienceMs = 3000

/** What a gateway of another process wrote, by the port that it came from. */
class RecordedPorts {
  readonly #captures: Captures
  readonly #byPort = new Map<number, Recorded[]>()
  #after: number

  constructor(captures: Captures) {
    this.#captures = captures
    this.#after = captures.list({ limit: 1 })[0]?.sequence ?? 0
  }

  async from(port: number, count: number): Promise<readonly Recorded[]> {
    const until = Date.now() + patienceMs
    for (;;) {
      this.#read()
      const found = this.#byPort.get(port) ?? []
      if (found.length >= count || Date.now() > until) {
        // The next connection from this port is another.
        this.#byPort.delete(port)
        return found
      }
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  #read(): void {
    for (const { sequence, id, state } of this.#captures.list({ after: this.#after, order: 'oldest', limit: 1000 })) {
      if (state === 'open') return
      this.#after = sequence
      const exchange = this.#captures.get(id, { secrets: 'sealed' })
      if (!exchange) continue
      const { verdict, status, startedAt, decidedBy, code, peer } = exchange
      const list = this.#byPort.get(peer.port) ?? []
      list.push({ id, verdict, status, startedAt, decidedBy, code })
      this.#byPort.set(peer.port, list)
    }
  }
}
