import { resolve } from 'node:path'
import { isLoopback } from '../config/proxy-listen.ts'
import type { ListenAddress } from '../config/workspace.ts'
import { rendererFolder, samplesFolder } from '../workbench/app-folders.ts'
import { type BrowserServer, startBrowserServer } from '../workbench/browser-server.ts'
import { userFolders } from '../workbench/user-folders.ts'
import { Workbench } from '../workbench/workbench.ts'
import { CannotRun, type ExitCode } from './command.ts'
import type { Io } from './io.ts'
import { humanOutput } from './serve-output.ts'
import { visible } from '../visible.ts'

export interface UiOptions {
  /** Undefined: the welcome screen. */
  workspace: string | undefined
  environment: string | undefined
  /** Also run services.ts of the workspace, when it is not one of our samples. */
  services: boolean
  /** Port of the gateway, whatever the workspace says. */
  port: number | undefined
  uiPort: number
  /** Open the forward proxy too. */
  proxy: ListenAddress | undefined
  /** Undefined: loopback only. */
  bind: string | undefined
  json: boolean
  /** Tell no exchanges in the terminal. */
  quiet: boolean
}

/** Serves the workbench to a browser until it is stopped. */
export async function serveUi(io: Io, options: UiOptions): Promise<ExitCode> {
  const folder = resolve(io.cwd, options.workspace ?? '.')
  // Beside the page, the terminal tells each decision as it does without one.
  const output = options.workspace === undefined || options.json ? undefined : humanOutput(io, folder, options.quiet)
  const workbench = new Workbench({
    mode: 'browser',
    env: io.env,
    folders: userFolders(io.env),
    samples: samplesFolder(),
    ...(options.port !== undefined && { port: options.port }),
    ...(output?.exchange && { onExchange: output.exchange }),
  })
  if (options.workspace !== undefined) {
    const { environment, services } = options
    await workbench.open(folder, { environment, services }).catch((error: Error) => {
      throw new CannotRun(error.message, (error as Error & { todo?: string }).todo)
    })
  }
  if (options.proxy && workbench.opened) {
    const { host, port } = options.proxy
    await workbench.ownTraffic.start({ port, network: !isLoopback(host) }).catch(async (error: Error) => {
      await workbench.close()
      throw new CannotRun(error.message)
    })
  }
  let server: BrowserServer
  try {
    server = await startBrowserServer({
      renderer: rendererFolder(),
      port: options.uiPort,
      ...(options.bind !== undefined && { host: options.bind }),
      open: (emit) => workbench.connect(emit),
      onBug: (call, error) =>
        io.tell(`${io.paintError('red', `bug in ${call}:`)} ${error instanceof Error ? error.stack : String(error)}`),
    })
  } catch (error) {
    await workbench.close()
    throw error
  }
  await workbench.opened?.servicesStarted
  tellStart(io, workbench, server, options.json)
  await new Promise<void>((stop) => {
    process.once('SIGINT', stop)
    process.once('SIGTERM', stop)
  })
  process.once('SIGINT', () => process.exit(2))
  await server.close()
  await workbench.close()
  output?.flush()
  return 0
}

function tellStart(io: Io, workbench: Workbench, server: BrowserServer, json: boolean): void {
  const { workspace } = workbench.state()
  const url = server.freshUrl()
  if (json) {
    const gateway = workspace && { http: workspace.gateway.http, https: workspace.gateway.https }
    io.print(JSON.stringify({ event: 'workbench', url, workspace: workspace?.folder ?? null, gateway }))
    return
  }
  const gateway = workspace?.gateway
  const address = gateway?.http ?? gateway?.https ?? gateway?.reason
  const lines = [
    `${io.paint('bold', 'Gatehouse')}  ${io.paint('bold', url)}`,
    'open this address in a browser: it works once, and the page stays yours until its tab is closed',
    ...(workspace ? ['', `  workspace  ${visible(workspace.folder)}`] : []),
    ...(address ? [`  gateway    ${visible(address)}`] : []),
    '',
    ...tryLines(io, workbench.opened?.services?.tries ?? [], gateway?.http ?? gateway?.https),
  ]
  io.print(lines.join('\n'))
}

/** What a newcomer may type in another terminal, as `serve` tells it without a page. */
function tryLines(io: Io, tries: readonly string[], url: string | null | undefined): string[] {
  if (tries.length === 0 || !url) return []
  const lines = tries.map((line) => `  ${visible(line.replaceAll('{gateway}', url), 300)}`)
  return [io.paint('bold', 'Try, or send sample traffic from the page'), ...lines, '']
}
