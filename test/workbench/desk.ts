import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { CallName, EventData, EventName, Params, Result } from '../../gateway-core/protocol/protocol.ts'
import { type TestUpstream, testUpstream } from '../gateway-fixture.ts'
import { Workbench, type WorkbenchOptions } from '../../gateway-core/workbench/workbench.ts'

/** A workbench in a home of its own, with one screen. */
export interface Desk {
  home: string
  folder: string
  workbench: Workbench
  write(path: string, text: string): void
  call<N extends CallName>(name: N, params: Params<N>): Promise<Result<N>>
  /** Data of the events of a name so far. */
  heard<N extends EventName>(name: N): EventData<N>[]
  /** Sends a request through the gateway. */
  send(path: string, init?: RequestInit): Promise<Response>
  /** Closes the screen. */
  leave(): void
  close(): Promise<void>
}

/** Makes the folder `workspace` from files, without opening it. */
export function makeDesk(files: Readonly<Record<string, string>> = {}, more: Partial<WorkbenchOptions> = {}): Desk {
  const home = mkdtempSync(join(tmpdir(), 'gatehouse-desk-'))
  const folder = join(home, 'workspace')
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  for (const [path, text] of Object.entries(files)) write(path, text)
  const folders = { config: join(home, 'config'), workspaces: join(home, 'made') }
  const workbench = new Workbench({ mode: 'browser', env: {}, folders, samples: join(home, 'samples'), ...more })
  const events: [string, unknown][] = []
  const { handlers, close: leave } = workbench.connect((name, data) => events.push([name, data]))
  return {
    home,
    folder,
    workbench,
    write,
    call: async (name, params) => handlers[name](params, { signal: new AbortController().signal }),
    heard: (name) => events.filter(([one]) => one === name).map(([, data]) => data) as never,
    send: (path, init) => fetch(`${workbench.workspace.gatewayUrl}${path}`, init),
    leave,
    async close() {
      await workbench.close()
      if (existsSync(home)) rmSync(home, { recursive: true, force: true })
    },
  }
}

/** A desk whose workspace is open, with a gateway before one upstream; `more` is more YAML. */
export async function openDesk(
  more = '',
  files: Readonly<Record<string, string>> = {},
  options: Partial<WorkbenchOptions> = {},
): Promise<{ desk: Desk; upstream: TestUpstream }> {
  const upstream = await testUpstream()
  const yaml = `gatehouse: 1\nlisten: { http: "127.0.0.1:0" }\nupstreams: { web: ${upstream.url} }\napis: [{ name: web, upstream: web }]\n${more}`
  const desk = makeDesk({ 'gatehouse.yaml': yaml, ...files }, options)
  await desk.workbench.open(desk.folder)
  return { desk, upstream }
}
