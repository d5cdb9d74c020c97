import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import http, { type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { ExchangeRecord, Recorder } from '../gateway-core/capture/record.ts'
import { formatProblem } from '../gateway-core/config/diagnostics.ts'
import { loadWorkspace } from '../gateway-core/config/load.ts'
import { loadWorkspaceKey } from '../gateway-core/config/workspace-key.ts'
import type { Workspace } from '../gateway-core/config/workspace.ts'
import { createLiveFacts, type LiveFacts } from '../gateway-core/facts/live.ts'
import { MemoryState } from '../gateway-core/pipeline/memory-state.ts'
import { type Gateway, startGateway } from '../gateway-core/proxy/gateway.ts'
import type { HoldSlot } from '../gateway-core/proxy/holds.ts'

/** A workspace folder for one test, with the files given, removed by `remove`. */
export function workspaceFolder(files: Readonly<Record<string, string>>): {
  folder: string
  write(path: string, text: string): void
  remove(): void
} {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-test-'))
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  for (const [path, text] of Object.entries(files)) write(path, text)
  return { folder, write, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

/** Loads a workspace that has to be valid; its problems are the failure message. */
export async function loaded(folder: string, env: Readonly<Record<string, string>> = {}): Promise<Workspace> {
  const { workspace, problems } = await loadWorkspace(folder, { env })
  if (!workspace) throw new Error(problems.map((problem) => formatProblem(problem)).join('\n'))
  return workspace
}

export interface TestGateway {
  gateway: Gateway
  url: string
  folder: string
  facts: LiveFacts
  /** Records so far, in the order they were finished. */
  records: ExchangeRecord[]
  /** Resolves with the next `count` records that are finished after the call. */
  next(count?: number): Promise<ExchangeRecord[]>
  /** Writes `gatehouse.yaml` anew and puts it in force. */
  rewrite(yaml: string): Promise<{ needsRestart: string[] }>
  close(): Promise<void>
}

/** Starts a real gateway on a free port for a `gatehouse.yaml` without `listen`. */
export async function testGateway(
  yaml: string,
  files: Readonly<Record<string, string>> = {},
  env: Readonly<Record<string, string>> = {},
  hold?: HoldSlot,
): Promise<TestGateway> {
  const listen = yaml.includes('listen:') ? '' : 'listen: { http: "127.0.0.1:0" }\n'
  const text = (body: string) => `gatehouse: 1\n${listen}${body}`
  const place = workspaceFolder({ 'gatehouse.yaml': text(yaml), ...files })
  const workspace = await loaded(place.folder, env)
  const facts = createLiveFacts({ key: await loadWorkspaceKey(place.folder, env) })
  const records: ExchangeRecord[] = []
  const waiting: { from: number; count: number; resolve: (records: ExchangeRecord[]) => void }[] = []
  const recorder: Recorder = { record: () => undefined, flush: async () => undefined, close: async () => undefined }
  const gateway = await startGateway({
    workspace,
    state: new MemoryState(),
    facts,
    recorder,
    env,
    ...(hold && { hold }),
    onExchange: (record) => {
      records.push(record)
      for (const one of waiting.splice(0)) {
        if (records.length - one.from >= one.count) one.resolve(records.slice(one.from, one.from + one.count))
        else waiting.push(one)
      }
    },
  })
  return {
    gateway,
    url: (gateway.addresses.http ?? gateway.addresses.https)!.url,
    folder: place.folder,
    facts,
    records,
    next: (count = 1) => new Promise((resolve) => waiting.push({ from: records.length, count, resolve })),
    async rewrite(body) {
      place.write('gatehouse.yaml', text(body))
      return gateway.reload(await loaded(place.folder, env))
    },
    async close() {
      await gateway.close(200)
      place.remove()
    },
  }
}

export interface TestUpstream {
  url: string
  port: number
  server: Server
  /** Heads of the requests that arrived. */
  seen: { method: string; url: string; headers: string[]; body: Buffer; trailers: string[] }[]
  close(): Promise<void>
}

/** A real HTTP server. Without a handler it answers 200 with `{"ok":true}`. */
export async function testUpstream(
  handler?: RequestListener,
  server: Server = http.createServer(),
): Promise<TestUpstream> {
  const seen: TestUpstream['seen'] = []
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const entry = {
      method: request.method!,
      url: request.url!,
      headers: request.rawHeaders,
      body: Buffer.alloc(0),
      trailers: [] as string[],
    }
    seen.push(entry)
    if (handler) {
      handler(request, response)
      return
    }
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      entry.body = Buffer.concat(chunks)
      entry.trailers = request.rawTrailers
      response.setHeader('Content-Type', 'application/json')
      response.end('{"ok":true}')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    server,
    seen,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
