import { openRecorder } from '../capture/recorder.ts'
import { loadWorkspace } from '../config/load.ts'
import type { Workspace } from '../config/workspace.ts'
import { createLiveFacts } from '../facts/live.ts'
import { MemoryState } from '../pipeline/memory-state.ts'
import type { ReplayTarget } from '../protocol/replay-request.ts'
import { startGateway } from '../proxy/gateway.ts'
import type { Way } from '../replay/answer.ts'
import { ReplayError } from '../replay/replay-error.ts'
import { gatewayWay, upstreamWay, urlWay } from '../replay/ways.ts'
import type { OpenedWorkspace } from './opened-workspace.ts'
import { SentExchanges } from './sent-exchanges.ts'

/** The ways out of an open workspace. A gateway of another environment is started for it, on counters of its own. */
export async function openWay(opened: OpenedWorkspace, target: ReplayTarget): Promise<Way> {
  const { via, environment } = target
  if (via === 'url') return urlWay({ via })
  const other = environment !== undefined && environment !== opened.environment
  const known: ReplayTarget = other ? target : { via }
  if (via === 'upstream') return upstreamWay(known, await workspaceOf(opened, other ? environment : undefined))
  if (other) return otherGateway(opened, known, await workspaceOf(opened, environment))
  if (opened.gatewayUrl === undefined)
    throw new ReplayError('the gateway does not run', 'start it, or send to the upstream')
  const links = opened.workspace?.capture.enabled !== false
  const { http, https } = opened.state().gateway
  const addresses = { http: http ?? undefined, https: https ?? undefined }
  return gatewayWay(known, addresses, (port, count) => opened.sent.from(port, count), links)
}

async function workspaceOf(opened: OpenedWorkspace, environment: string | undefined): Promise<Workspace> {
  if (environment === undefined && opened.workspace) return opened.workspace
  const { workspace, problems } = await loadWorkspace(opened.folder, opened.loading(environment))
  if (workspace) return workspace
  const [problem] = problems.filter(({ severity }) => severity === 'error')
  const where = problem && `${problem.file}:${problem.line}:${problem.column}`
  throw new ReplayError(
    `${environment ?? 'the workspace'} does not load: ${problem?.message}`,
    problem?.suggestion,
    where,
  )
}

/** A gateway on a free port, as long as the way is open. It records where the others do. */
async function otherGateway(opened: OpenedWorkspace, target: ReplayTarget, loaded: Workspace): Promise<Way> {
  const workspace = { ...loaded, listen: { http: { host: '127.0.0.1', port: 0 }, https: undefined } }
  const { folder, key, env } = opened
  const recorder = loaded.capture.enabled ? openRecorder({ folder, key, settings: loaded.capture }) : undefined
  recorder?.saveRevision(loaded.revision, loaded.files, loaded.secretsInClear)
  const sent = new SentExchanges()
  const gateway = await startGateway({
    workspace,
    state: new MemoryState(),
    facts: createLiveFacts({ key }),
    env,
    ...(recorder && { recorder }),
    onExchange: (record) => sent.note(record),
  }).catch(async (error: Error) => {
    await recorder?.close()
    throw new ReplayError(`the gateway of ${target.environment} does not start: ${error.message}`)
  })
  const links = recorder !== undefined
  return gatewayWay(
    target,
    { http: gateway.addresses.http!.url },
    (port, count) => sent.from(port, count),
    links,
    async () => {
      await gateway.close(500)
      await recorder?.close()
      opened.capturesChanged()
    },
  )
}
