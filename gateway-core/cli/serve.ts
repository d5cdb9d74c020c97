import { resolve } from 'node:path'
import { captureFile } from '../capture/schema.ts'
import { parseListenAddress } from '../config/addresses.ts'
import type { LoadOptions, LoadResult } from '../config/load.ts'
import { watchWorkspace } from '../config/watch.ts'
import type { ListenAddress, Workspace } from '../config/workspace.ts'
import { numberOption } from './arguments.ts'
import { changedPolicies } from './changed-policies.ts'
import { CannotRun, defineCommand } from './command.ts'
import { createDevelopmentSecrets } from '../workbench/development-secrets.ts'
import type { Io } from './io.ts'
import { isWorkspace, load, problemsText, workspaceFolder } from './load.ts'
import { listeningAt, openGateway, type OpenedGateway, withProxy } from '../workbench/open-gateway.ts'
import { announceGateway } from '../workbench/running-gateway.ts'
import { humanOutput, jsonOutput, type ServeOutput } from './serve-output.ts'
import { serveUi } from './ui.ts'
import { type RunningServices, startServices } from '../workbench/services.ts'
import { firstTry, observingWorkspace } from './serve-upstream.ts'
import { version } from '../version.ts'
import { visible } from '../visible.ts'

export const serve = defineCommand({
  usage:
    'serve [workspace] [--port n] [--proxy [address]] [--env name] [--capture on|off] [--services]\n       gatehouse serve --upstream URL [--port n] [--folder folder]\n       gatehouse serve [workspace] --ui [--ui-port n] [--ui-bind address]',
  about: `Runs the gateway of a workspace and tells each decision as it falls. Files that change are loaded at once;
a broken file changes nothing: the last good configuration goes on. Ctrl-C lets open exchanges finish.
With --upstream no workspace is needed: everything passes to that server, is shown and is recorded.
With --ui the workbench is served to a browser: on this machine only, for whoever has the address that is printed.
Exit code 0 when it was stopped, 2 when it could not start.`,
  options: {
    port: { type: 'string', short: 'p', value: 'n', help: 'Listen here instead; 0 takes a free port.' },
    proxy: {
      type: 'string',
      value: 'address',
      help: 'Also open the forward proxy for one’s own programs; on 127.0.0.1:8888 without an address.',
      alone: { value: '127.0.0.1:8888', looks: /^(?:\d+|\S+:\d+)$/ },
    },
    env: { type: 'string', value: 'name', help: 'Environment of environments/*.yaml; else GATEHOUSE_ENV, else local.' },
    capture: { type: 'string', value: 'on|off', help: 'Record exchanges in .gatehouse, whatever the workspace says.' },
    services: { type: 'boolean', help: 'Also run services.ts of the workspace: what stands behind a sample.' },
    upstream: { type: 'string', value: 'URL', help: 'No workspace yet: let everything pass to this server.' },
    folder: { type: 'string', value: 'folder', help: 'With --upstream: where captures go; else the current folder.' },
    ui: { type: 'boolean', help: 'Serve the workbench to a browser; without a workspace the welcome screen.' },
    'ui-port': { type: 'string', value: 'n', help: 'Port of the workbench; a free one without it.' },
    'ui-bind': {
      type: 'string',
      value: 'address',
      help: 'Serve the workbench there instead of on loopback: plain HTTP, for whoever has the token.',
    },
    quiet: { type: 'boolean', short: 'q', help: 'Tell of starts, reloads and troubles, but not of exchanges.' },
    human: { type: 'boolean', help: 'Readable lines: what is printed without --json anyway.', hidden: true },
  },
  words: 1,
  examples: [
    ['serve samples/bookshop --services', 'the sample with its upstream and identity provider'],
    ['serve --upstream http://localhost:3000', 'watch what passes, without any policy'],
    ['serve samples/bookshop --ui', 'the workbench in a browser'],
    ['serve . --env staging --port 9000', 'this folder, another environment, another port'],
  ],
  json: `one object in each line: {event: "listening", http, https, proxy, revision, environment, captures},
{event: "exchange", id, startedAt, durationMicros, method, path, verdict, status, decidedBy, code, consumer, trace},
{event: "workbench", url, workspace, gateway: {http, https} or null} with --ui,
{event: "reloaded" | "not-reloaded" | "note" | "left-out" | "stopping", …}`,
  async run({ options, words, io }) {
    const { upstream, folder } = options
    if (upstream !== undefined && words.length > 0) {
      throw new CannotRun('a workspace and --upstream at once', 'the workspace names its upstreams; leave one out')
    }
    if (folder !== undefined && upstream === undefined) {
      throw new CannotRun('--folder goes with --upstream', 'write the folder of the workspace without --folder')
    }
    const port = options.port === undefined ? undefined : numberOption('port', options.port, 0, 65_535)
    const proxy = options.proxy === undefined ? undefined : proxyAddress(options.proxy)
    if (options.ui) {
      if (upstream !== undefined)
        throw new CannotRun('--upstream and --ui at once', 'observe it from the welcome screen')
      return serveUi(io, {
        workspace: words[0] ?? (isWorkspace(io, '.') ? '.' : undefined),
        environment: options.env,
        services: options.services === true,
        port,
        uiPort: options['ui-port'] === undefined ? 0 : numberOption('ui-port', options['ui-port'], 0, 65_535),
        bind: options['ui-bind'],
        proxy,
        json: options.json === true,
        quiet: options.quiet === true,
      })
    }
    if (options['ui-port'] !== undefined || options['ui-bind'] !== undefined) {
      throw new CannotRun('--ui-port and --ui-bind go with --ui', 'add --ui')
    }
    const capture = onOrOff(options.capture)
    const place = upstream === undefined ? words[0] : (folder ?? '.')
    const loading: LoadOptions = { environment: options.env, env: io.env, engineVersion: version }
    if (upstream !== undefined) loading.overlay = observingWorkspace(upstream)
    else if (options.services) {
      const made = await createDevelopmentSecrets(workspaceFolder(io, place), io.env)
      for (const name of made) io.tell(`made a development secret: ${visible(name)}`)
    }
    const first = await load(io, place, loading)
    if (first.problems.length > 0) io.tell(problemsText(io, first, io.paintError))
    if (!first.workspace) throw new CannotRun('the workspace has errors, so nothing was started')
    const at = (workspace: Workspace) => withProxy(listeningAt(workspace, port), proxy)
    const workspace = at(first.workspace)
    const quiet = options.quiet === true
    const output = options.json ? jsonOutput(io, quiet) : humanOutput(io, first.folder, quiet)
    const records = capture ?? workspace.capture.enabled
    const { opened, services } = await openBoth(
      openGateway({
        workspace,
        env: io.env,
        capture: records,
        onExchange: output.exchange,
        onTrouble: (message) => output.note(message),
      }),
      options.services ? startServices(first.folder, io.env) : undefined,
    )
    const { addresses } = opened.gateway
    const url = (addresses.http ?? addresses.https ?? addresses.proxy)!.url
    const withdraw = announceGateway(workspace.folder, addresses)
    output.started({
      workspace,
      addresses,
      upstream,
      captures: records ? captureFile(workspace.folder) : undefined,
      lines: services?.lines ?? [],
      tries: (services?.tries ?? firstTry(workspace)).map((line) => line.replaceAll('{gateway}', url)),
    })
    const watch =
      upstream === undefined
        ? watchWorkspace(resolve(io.cwd, place ?? '.'), loading, takeOver(opened, output, at), first)
        : undefined
    await untilStopped(io, services, output)
    watch?.close()
    withdraw()
    await opened.close()
    await services?.close()
    output.flush()
    return 0
  },
})

function proxyAddress(text: string): ListenAddress {
  const address = parseListenAddress(text)
  if (!address) throw new CannotRun(`--proxy ${visible(text, 60)} is no address`, 'write it like 127.0.0.1:8888')
  return address
}

/** Gateway and services start side by side; where one fails, the other is closed again. */
async function openBoth(
  gateway: Promise<OpenedGateway>,
  beside: Promise<RunningServices> | undefined,
): Promise<{ opened: OpenedGateway; services: RunningServices | undefined }> {
  const [opened, services] = await Promise.allSettled([gateway, beside])
  if (opened.status === 'fulfilled' && services.status === 'fulfilled') {
    return { opened: opened.value, services: services.value }
  }
  if (opened.status === 'fulfilled') await opened.value.close(0)
  if (services.status === 'fulfilled') await services.value?.close()
  throw (opened.status === 'rejected' ? opened : (services as PromiseRejectedResult)).reason
}

/** What happens when files changed: one reload after the other, each whole. */
function takeOver(
  opened: OpenedGateway,
  output: ServeOutput,
  at: (workspace: Workspace) => Workspace,
): (result: LoadResult) => void {
  let last: Promise<void> = Promise.resolve()
  const reload = async (result: LoadResult) => {
    if (!result.workspace) return output.broken(result)
    const next = at(result.workspace)
    const changed = changedPolicies(opened.gateway.workspace, next)
    const { needsRestart } = await opened.reload(next)
    output.reloaded({ revision: next.revision, changed, needsRestart })
  }
  return (result) => {
    last = last.then(() => reload(result)).catch((error: Error) => output.note(`not reloaded: ${error.message}`))
  }
}

/** Resolves at the first signal, or when the services end by themselves. A second signal ends the process at once. */
function untilStopped(io: Io, services: RunningServices | undefined, output: ServeOutput): Promise<void> {
  return new Promise((resolve) => {
    let stopping = false
    const stop = () => {
      if (stopping) process.exit(2)
      stopping = true
      output.stopping()
      resolve()
    }
    process.on('SIGINT', stop)
    process.on('SIGTERM', stop)
    // Its terminal was closed.
    process.on('SIGHUP', stop)
    void services?.ended.then((why) => {
      if (!stopping) io.tell(`${io.paintError('yellow', 'the services ended:')} ${visible(why)}`)
    })
  })
}

function onOrOff(text: string | undefined): boolean | undefined {
  if (text === undefined || text === 'on' || text === 'off') return text === undefined ? undefined : text === 'on'
  throw new CannotRun(`--capture ${visible(text, 40)}`, 'write on or off')
}
