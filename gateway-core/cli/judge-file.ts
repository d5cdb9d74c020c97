import type { Workspace } from '../config/workspace.ts'
import { loadWorkspaceKey } from '../config/workspace-key.ts'
import { createLiveFacts } from '../facts/live.ts'
import type { FactSource } from '../pipeline/facts.ts'
import { MemoryState } from '../pipeline/memory-state.ts'
import { RecordedFacts } from '../pipeline/recorded-facts.ts'
import { type Judgement, judgeRequest } from '../proxy/judge-request.ts'
import { Router } from '../proxy/router.ts'
import type { FileRequest } from './file-request.ts'

export interface JudgeFileOptions {
  env: Readonly<Record<string, string | undefined>>
  /** Milliseconds since the epoch at which everything happens; else now, or the time of the record. */
  now?: number
}

/**
 * Judges requests one after the other on fresh state, so that limits count over the file. Facts come from the world,
 * except for requests that carry what was recorded with them.
 */
export async function judgeFile(
  workspace: Workspace,
  requests: readonly FileRequest[],
  { env, now }: JudgeFileOptions,
): Promise<Judgement[]> {
  const key = await loadWorkspaceKey(workspace.folder, env)
  const live = createLiveFacts({ key, now: Date.now })
  const router = new Router(workspace.routes)
  const state = new MemoryState()
  const began = Date.now()
  let time = 0
  let sequence = 0
  const timeline = { now: () => time, next: () => ++sequence, micros: () => performance.now() * 1000 }
  const world = { state, timeline, onError: workspace.onError }
  const judgements: Judgement[] = []
  for (const request of requests) {
    // Time never runs backwards, not even where entries of a file are out of order.
    time = Math.max(time, now ?? request.recorded?.at ?? began)
    const facts: FactSource = request.recorded ? new RecordedFacts(request.recorded.facts) : live
    judgements.push(await judgeRequest(workspace, router, world, facts, toJudge(workspace, request)))
  }
  return judgements
}

function toJudge(workspace: Workspace, request: FileRequest): Parameters<typeof judgeRequest>[4] {
  const { method, target, httpVersion, scheme, body, response } = request
  return {
    head: { method, target, httpVersion, scheme, rawHeaders: completed(workspace, request) },
    ...(body && { body }),
    peer: { address: request.client ?? '127.0.0.1', port: 0 },
    ...(response && { response }),
  }
}

/** With the fields that any client adds: Host, and the length of the body. */
function completed(workspace: Workspace, { rawHeaders, body }: FileRequest): string[] {
  const names = new Set(rawHeaders.filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase()))
  const { http, https } = workspace.listen
  const listen = http ?? https
  const raw = [...rawHeaders]
  if (!names.has('host')) raw.unshift('Host', listen ? `${listen.host}:${listen.port}` : 'localhost')
  if (body && !names.has('content-length') && !names.has('transfer-encoding')) {
    raw.push('Content-Length', String(body.bytes.length))
  }
  return raw
}
