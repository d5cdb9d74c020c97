import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { quote } from 'shell-quote'
import type { ExchangeRecord } from '../capture/record.ts'
import { openCaptures } from '../capture/store.ts'
import { workspaceFile } from '../config/load.ts'
import { loadWorkspaceKey } from '../config/workspace-key.ts'
import type { Workspace } from '../config/workspace.ts'
import { caPath } from '../proxy/local-ca.ts'
import { openGateway } from '../workbench/open-gateway.ts'
import { runEnvironment } from '../workbench/run-environment.ts'
import { announceGateway, findRunningGateway } from '../workbench/running-gateway.ts'
import { CannotRun, defineCommand } from './command.ts'
import { exchangeLines } from './exchange-line.ts'
import { type Io, printJson } from './io.ts'
import { isWorkspace, loadSound, positionsIn, workspaceFolder } from './load.ts'
import { runBrowser, runProgram } from './run-program.ts'
import { countOf, type RunCount, summaryText } from './run-summary.ts'
import { visible } from '../visible.ts'

export const run = defineCommand({
  usage:
    'run [workspace] [--show] [--trust file] -- <command …>\n       gatehouse run [workspace] --browser [url] [--using name]',
  about: `Runs a program whose HTTP and HTTPS go through the forward proxy of a workspace, and that trusts its local CA: by
environment variables that curl, Git, Node.js, Python, Java, Go, Ruby, Rust, Deno and the AWS tools read. Nothing is
installed. What a route with a host matches is judged; everything else passes and is recorded. Without a workspace the
current folder keeps the capture. The gateway that runs on the workspace is used, or one is started on free ports.
With --browser a browser with a profile of its own is started instead, and waited for.
Exit code: that of the program; 2 when it could not be started.`,
  options: {
    show: { type: 'boolean', help: 'Tell each exchange on stderr as it falls.' },
    trust: { type: 'string', value: 'file', help: 'PEM of a CA that servers may show certificates of.' },
    browser: {
      type: 'string',
      value: 'url',
      help: 'Start a browser instead of a command.',
      alone: { value: 'about:blank', looks: /^https?:\/\//i },
    },
    using: { type: 'string', value: 'name', help: 'Which browser: chromium, chrome, edge, brave or firefox.' },
    env: { type: 'string', value: 'name', help: 'Environment, where a gateway has to be started.' },
  },
  words: 1,
  rest: true,
  examples: [
    ['run -- curl https://api.github.com/zen', 'what one command sends'],
    ['run samples/bookshop -- npm test', 'what the tests of a project send'],
    ['run --browser https://example.com', 'a browser with a clean profile'],
  ],
  json: '{exitCode, exchanges, judged, observed, denied, failed, refusedHosts: [{host, port, why}]}; what the program prints goes to stderr',
  async run({ options, words, rest, io }) {
    const { browser } = options
    if (browser === undefined && rest.length === 0) {
      throw new CannotRun(
        'what to run? A command is needed behind --',
        'write it like: gatehouse run -- curl https://example.com',
      )
    }
    if (browser !== undefined && rest.length > 0)
      throw new CannotRun('--browser and a command at once', 'leave one out')
    const way = await openWay(io, words[0], options)
    const folder = mkdtempSync(join(tmpdir(), 'gatehouse-run-'))
    try {
      const ca = readFileSync(way.caFile, 'utf8')
      const exitCode =
        browser === undefined
          ? await runProgram(
              rest,
              runEnvironment(io.env, { proxy: way.proxy, caFile: way.caFile, ca, folder }),
              options.json === true,
            )
          : await runBrowser(io, { proxy: way.proxy, caFile: way.caFile, ca, url: browser, using: options.using })
      const count = await way.finish()
      if (options.json) printJson(io, { exitCode, ...count })
      else io.tell(summaryText(count, io.paintError, way.folder === io.cwd ? '' : ` -w ${quote([words[0] ?? '.'])}`))
      return exitCode
    } finally {
      await way.close()
      rmSync(folder, { recursive: true, force: true })
    }
  },
})

/** A forward proxy that runs, and what it has seen since. */
interface Way {
  folder: string
  proxy: string
  caFile: string
  finish(): Promise<RunCount>
  close(): Promise<void>
}

async function openWay(
  io: Io,
  place: string | undefined,
  options: { show?: boolean; trust?: string; env?: string },
): Promise<Way> {
  const folder = workspaceFolder(io, place)
  const running = findRunningGateway(folder)
  if (running?.proxy !== undefined) {
    if (options.trust !== undefined || options.show || options.env !== undefined) {
      throw new CannotRun(
        `Gatehouse (process ${running.pid}) runs this workspace already, and --show, --trust and --env are for one that is started`,
        'leave them out, or stop it',
      )
    }
    return throughRunning(io, folder, running.proxy)
  }
  if (running) {
    throw new CannotRun(
      `Gatehouse (process ${running.pid}) runs this workspace without a forward proxy`,
      'open it there (Own traffic in the window, or serve --proxy), or stop it',
    )
  }
  return throughOwn(io, place, folder, options)
}

async function throughRunning(io: Io, folder: string, proxy: string): Promise<Way> {
  const since = new Date().toISOString()
  return {
    folder,
    proxy,
    caFile: caPath(folder),
    async finish() {
      // The other process writes a moment later what it has seen.
      await new Promise((resolve) => setTimeout(resolve, 500))
      const captures = openCaptures(folder, await loadWorkspaceKey(folder, io.env))
      try {
        const rows = captures.list({ query: `listener:proxy time>${since}`, limit: 100_000 })
        return countOf(rows.map((row) => ({ ...row, judged: row.route !== undefined })))
      } finally {
        captures.close()
      }
    },
    close: async () => undefined,
  }
}

async function throughOwn(
  io: Io,
  place: string | undefined,
  folder: string,
  { show, trust, env }: { show?: boolean; trust?: string; env?: string },
): Promise<Way> {
  // Without a workspace everything is observed; the folder keeps the capture.
  const overlay =
    place === undefined && !isWorkspace(io, '.') ? new Map([[workspaceFile, 'gatehouse: 1\n']]) : undefined
  const workspace = await loadSound(io, place, { environment: env, ...(overlay && { overlay }) })
  const records: ExchangeRecord[] = []
  const showPosition = positionsIn(io, folder)
  const opened = await openGateway({
    workspace: listeningFreely(workspace, trust === undefined ? [] : [readTrust(io, trust)]),
    env: io.env,
    capture: workspace.capture.enabled,
    onExchange: (record) => {
      if (record.listener !== 'proxy') return
      records.push(record)
      if (show) io.tell(exchangeLines(record, io.paintError, showPosition).join('\n'))
    },
    onTrouble: (message) => io.tell(visible(message, 500)),
  })
  const { gateway } = opened
  const withdraw = announceGateway(folder, gateway.addresses)
  return {
    folder,
    proxy: gateway.addresses.proxy!.url,
    caFile: caPath(folder),
    async finish() {
      const rows = records.map(({ verdict, code, route }) => ({ verdict, code, judged: route !== undefined }))
      return {
        ...countOf(rows),
        refusedHosts: gateway.proxy.hosts.refused.map(({ host, port, why }) => ({ host, port, why })),
      }
    },
    async close() {
      withdraw()
      await opened.close(500)
    },
  }
}

/** On free ports, so that nothing is in the way of whatever runs already. */
function listeningFreely(workspace: Workspace, trust: readonly string[]): Workspace {
  const address = { host: '127.0.0.1', port: 0 }
  const { proxy } = workspace.listen
  return {
    ...workspace,
    listen: {
      http: address,
      https: undefined,
      proxy: { ...address, passThrough: proxy?.passThrough ?? [], trust: [...(proxy?.trust ?? []), ...trust] },
    },
  }
}

function readTrust(io: Io, file: string): string {
  try {
    const text = readFileSync(resolve(io.cwd, file), 'utf8')
    if (text.includes('-----BEGIN CERTIFICATE-----')) return text
  } catch (error) {
    throw new CannotRun(`--trust ${visible(file)} cannot be read (${(error as NodeJS.ErrnoException).code})`)
  }
  throw new CannotRun(`--trust ${visible(file)} holds no PEM certificate`)
}
