import { once } from 'node:events'
import { request as send } from 'undici'
import { WebSocket, WebSocketServer } from 'ws'
import type { ExchangeRecord, MessageRecord, Recorder } from '../../gateway-core/capture/record.ts'
import { loadWorkspaceKey } from '../../gateway-core/config/workspace-key.ts'
import type { Workspace } from '../../gateway-core/config/workspace.ts'
import { createLiveFacts } from '../../gateway-core/facts/live.ts'
import { MemoryState } from '../../gateway-core/pipeline/memory-state.ts'
import type { Plan, PlanNode, PolicyInstance } from '../../gateway-core/pipeline/plan.ts'
import { definePolicy, type Step } from '../../gateway-core/pipeline/policy.ts'
import { startGateway } from '../../gateway-core/proxy/gateway.ts'
import { loaded, testUpstream, workspaceFolder } from '../gateway-fixture.ts'

/** A policy of messages that no workspace can name. */
export function policyOfMessages(name: string, message: Step<unknown>): PolicyInstance {
  return {
    id: `api:chat/${name}`,
    stateId: `api:chat/${name}#1`,
    name,
    policy: definePolicy({
      type: name,
      docs: { summary: 'Judges messages.', owasp: [], example: '' },
      config: { type: 'object' },
      prepare: () => ({}),
      countsIn: ['message'],
      phases: { message },
    }),
    mode: 'enforce',
    when: undefined,
    prepared: {},
    position: { file: 'gatehouse.yaml', line: 1, column: 1 },
    notes: {},
  }
}

/** Puts policies behind those of every route. */
export function withPolicies(workspace: Workspace, ...policies: readonly PolicyInstance[]): Workspace {
  for (const { plan } of workspace.routes) {
    const { phases, instances } = plan as unknown as { phases: Plan['phases']; instances: PolicyInstance[] }
    for (const instance of policies) {
      ;(phases.message as PlanNode[]).push({ kind: 'policy', instance })
      instances.push(instance)
    }
  }
  return workspace
}

/** Echoes every message; as an event stream says what the query tells it to. */
export async function talkingUpstream(): Promise<{ url: string; close(): Promise<void> }> {
  const upstream = await testUpstream((request, response) => {
    const { searchParams } = new URL(request.url!, 'http://up')
    response.setHeader('Content-Type', 'text/event-stream')
    for (const text of JSON.parse(searchParams.get('said')!) as string[]) response.write(`data: ${text}\n\n`)
    response.end()
  })
  const sockets = new WebSocketServer({ server: upstream.server })
  sockets.on('connection', (socket) => socket.on('message', (data, binary) => socket.send(data, { binary })))
  return {
    url: upstream.url,
    async close() {
      sockets.close()
      await upstream.close()
    },
  }
}

export interface Talked {
  records: ExchangeRecord[]
  /** Messages as judging them again reads them. */
  messagesOf(exchange: string): (MessageRecord & { secrets: 'open' })[]
  load(): Promise<Workspace>
  close(): void
}

/** A real gateway in front of an exchange for each of `talks`, all at once, until every one is recorded. */
export async function talked(
  yaml: string,
  policies: readonly PolicyInstance[],
  talks: readonly ((url: string) => Promise<void>)[],
): Promise<Talked> {
  const place = workspaceFolder({ 'gatehouse.yaml': yaml })
  const load = async () => withPolicies(await loaded(place.folder), ...policies)
  const records: ExchangeRecord[] = []
  const messages: MessageRecord[] = []
  const recorder: Recorder = {
    record: () => undefined,
    message: (message) => void messages.push(message),
    flush: async () => undefined,
    close: async () => undefined,
  }
  const done = Promise.withResolvers<void>()
  const gateway = await startGateway({
    workspace: await load(),
    state: new MemoryState(),
    facts: createLiveFacts({ key: await loadWorkspaceKey(place.folder, {}) }),
    recorder,
    env: {},
    onExchange: (record) => {
      if (records.push(record) === talks.length) done.resolve()
    },
  })
  try {
    await Promise.all(talks.map((talk) => talk(gateway.addresses.http!.url)))
    await done.promise
  } finally {
    await gateway.close(200)
  }
  return {
    records,
    messagesOf: (exchange) =>
      messages.filter((one) => one.exchange === exchange).map((one) => ({ ...one, secrets: 'open' })),
    load,
    close: () => place.remove(),
  }
}

/** Says everything over a WebSocket without waiting for an answer, as far as it is let. */
export async function talk(url: string, address: string, said: readonly string[]): Promise<void> {
  const socket = new WebSocket(url.replace('http', 'ws'), { headers: { 'X-Forwarded-For': address } })
  const closed = once(socket, 'close')
  await once(socket, 'open')
  let heard = 0
  socket.on('message', () => {
    if (++heard === said.length) socket.close()
  })
  for (const [at, text] of said.entries()) socket.send(at % 3 === 2 ? Buffer.from(text) : text)
  if (said.length === 0) socket.close()
  await closed
}

/** Reads the events to their end, or until they are cut. */
export async function listen(url: string, address: string, said: readonly string[]): Promise<void> {
  const target = `${url}${url.includes('?') ? '&' : '?'}said=${encodeURIComponent(JSON.stringify(said))}`
  const answer = await send(target, { headers: { 'X-Forwarded-For': address } })
  await answer.body.text().catch(() => '')
}
