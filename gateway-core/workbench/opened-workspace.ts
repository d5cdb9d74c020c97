import { realpathSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import type { ExchangeRecord } from '../capture/record.ts'
import { type Captures, openCaptures } from '../capture/store.ts'
import { environmentsIn } from '../config/environments.ts'
import { WorkspaceFiles } from '../config/files.ts'
import { type LoadOptions, type LoadResult, loadWorkspace } from '../config/load.ts'
import { type WorkspaceWatch, watchWorkspace } from '../config/watch.ts'
import { loadWorkspaceKey, type WorkspaceKey } from '../config/workspace-key.ts'
import type { Workspace } from '../config/workspace.ts'
import type { KeySets } from '../facts/key-sets.ts'
import type { Interceptor } from '../intercept/interceptor.ts'
import type { OpenWorkspace, Refusal } from '../protocol/types.ts'
import type { Gateway } from '../proxy/gateway.ts'
import { version } from '../version.ts'
import { Activity } from './activity.ts'
import { CannotRun } from './cannot-run.ts'
import { CaptureSearcher } from './capture-searcher.ts'
import { CaptureStats } from './capture-stats.ts'
import { createDevelopmentSecrets } from './development-secrets.ts'
import { ErrandRunner } from './errands.ts'
import { listeningAt, openGateway, type OpenedGateway } from './open-gateway.ts'
import { Pace } from './pace.ts'
import { PolicyCounters } from './policy-counters.ts'
import { announceGateway, findRunningGateway } from './running-gateway.ts'
import { SentExchanges } from './sent-exchanges.ts'
import { type RunningServices, startServices } from './services.ts'
import { isTaken, whenFree } from './when-free.ts'

export interface OpenedOptions {
  folder: string
  env: Readonly<Record<string, string | undefined>>
  environment?: string
  /** Listen on this port instead of the workspace's. */
  port?: number
  /** Folder of a sample of ours whose `services.ts` runs beside it. Code of any other folder is never run. */
  sample?: string
  /** A Node that runs TypeScript, for the services. */
  node?: string
  /** Breakpoints and rules, for as long as it is open. */
  interceptor?: Interceptor
}

/** What an open workspace tells, as it happens. */
export interface OpenedEvents {
  changed(): void
  /** Exchanges were recorded, or (`deleted`) went away: searches look again. */
  recorded(deleted: boolean): void
  counted(): void
  trouble(refusal: Refusal): void
  /** Called for every exchange where requests are served. */
  exchange?: ((record: ExchangeRecord) => void) | undefined
}

/** One workspace with everything that runs for it: gateway, services, captures, watching of files, counters. */
export class OpenedWorkspace {
  readonly folder: string
  readonly captures: Captures
  readonly searcher: CaptureSearcher
  readonly errands = new ErrandRunner()
  readonly key: WorkspaceKey
  readonly #options: OpenedOptions
  readonly #events: OpenedEvents
  readonly #activity: Activity
  readonly #changed: Pace
  readonly #recorded: Pace
  readonly #counted: Pace
  #result: LoadResult
  #inForce: Workspace | undefined
  #environment: string | undefined
  #opened: OpenedGateway | undefined
  #withdraw: (() => void) | undefined
  #failure: string | undefined
  #watch: WorkspaceWatch | undefined
  #services: RunningServices | undefined
  #servicesStarted: Promise<void> = Promise.resolve()
  #counters: PolicyCounters | undefined
  readonly #stats: CaptureStats
  /** Ends the waiting for an address that somebody else holds. */
  #waiting: (() => void) | undefined
  /** The last exchanges, to find one that was sent from here. */
  readonly sent = new SentExchanges()
  #turn: Promise<unknown> = Promise.resolve()
  #closed = false

  /**
   * Opens a folder: loads it, opens its captures, starts its gateway. A workspace with errors opens too. Its services
   * start meanwhile: nobody waits for them who does not need them.
   */
  static async open(options: OpenedOptions, events: OpenedEvents): Promise<OpenedWorkspace> {
    const folder = realpathSync(resolve(options.folder))
    if (options.sample !== undefined) {
      await createDevelopmentSecrets(folder, options.env).catch((error: Error) =>
        events.trouble({ what: error.message, severity: 'warning' }),
      )
    }
    const result = await loadWorkspace(folder, loadingOf(options))
    const key = await loadWorkspaceKey(folder, options.env)
    const captures = openCaptures(folder, key)
    const opened = new OpenedWorkspace(folder, { ...options, folder }, events, result, key, captures)
    opened.#servicesStarted = opened.#startServices()
    await opened.start()
    opened.#watchFiles()
    return opened
  }

  private constructor(
    folder: string,
    options: OpenedOptions,
    events: OpenedEvents,
    result: LoadResult,
    key: WorkspaceKey,
    captures: Captures,
  ) {
    this.folder = folder
    this.key = key
    this.captures = captures
    this.#stats = new CaptureStats(() => captures.stats())
    this.searcher = new CaptureSearcher(folder)
    this.#options = options
    this.#events = events
    this.#result = result
    this.#inForce = result.workspace
    this.#environment = options.environment ?? result.workspace?.environment
    this.#changed = new Pace(250, () => events.changed())
    this.#recorded = new Pace(50, () => {
      this.#changed.ask()
      events.recorded(false)
    })
    this.#counted = new Pace(250, () => events.counted())
    // The capture grows a moment after the request: what was counted then is told too.
    this.#activity = new Activity(
      (now) => this.#stats.at(now).exchanges,
      () => this.#changed.ask(),
    )
    if (result.workspace) this.#counters = new PolicyCounters(result.workspace)
  }

  /** The last revision that loaded: what the gateway runs, or would run. */
  get workspace(): Workspace | undefined {
    return this.#inForce
  }

  get environment(): string | undefined {
    return this.#environment
  }

  get counters(): PolicyCounters | undefined {
    return this.#counters
  }

  get services(): RunningServices | undefined {
    return this.#services
  }

  /** Resolves when the services run, or could not be started, or when there are none. */
  get servicesStarted(): Promise<void> {
    return this.#servicesStarted
  }

  get env(): Readonly<Record<string, string | undefined>> {
    return this.#options.env
  }

  /** Keys of the running gateway; undefined while none runs. */
  get keySets(): KeySets | undefined {
    return this.#opened?.keySets
  }

  /** The gateway that runs. */
  get gateway(): Gateway | undefined {
    return this.#opened?.gateway
  }

  get gatewayUrl(): string | undefined {
    const addresses = this.gateway?.addresses
    return (addresses?.http ?? addresses?.https)?.url
  }

  /** How this workspace is loaded; `environment` another one than the active. */
  loading(environment: string | undefined = this.#environment): LoadOptions {
    return loadingOf({ ...this.#options, environment })
  }

  async flush(): Promise<void> {
    await this.#opened?.flush()
  }

  state(): OpenWorkspace {
    const workspace = this.#inForce
    const addresses = this.#opened?.gateway.addresses
    const now = Date.now()
    return {
      folder: this.folder,
      name: workspace?.name ?? basename(this.folder),
      revision: workspace?.revision ?? '',
      environment: this.#environment ?? null,
      environments: environmentsIn(new WorkspaceFiles(this.folder)),
      gateway: {
        state: this.#opened ? 'running' : this.#failure === undefined ? 'stopped' : 'failed',
        http: addresses?.http?.url ?? null,
        https: addresses?.https?.url ?? null,
        ...(this.#failure !== undefined && { reason: this.#failure }),
      },
      problems: [...this.#result.problems],
      lastGood: this.#result.workspace === undefined && workspace !== undefined,
      captures: this.#stats.at(now),
      ...this.#activity.at(now),
    }
  }

  /** Starts the gateway. What keeps it from starting stands in the state, in words. */
  start(): Promise<void> {
    return this.#inTurn(() => this.#start())
  }

  stop(): Promise<void> {
    this.#waiting?.()
    return this.#inTurn(async () => {
      await this.#stopGateway()
      this.#failure = undefined
      this.#events.changed()
    })
  }

  /** Puts another environment in force. */
  switchTo(environment: string): Promise<void> {
    return this.#inTurn(async () => {
      this.#environment = environment
      this.#watch?.close()
      const result = await loadWorkspace(this.folder, this.loading())
      await this.#take(result)
      this.#watchFiles()
    })
  }

  /** Loads the files again at once: what was saved here need not wait for the watcher. */
  async reload(): Promise<void> {
    await this.#watch?.reload()
    await this.#turn
  }

  /** Exchanges were deleted or taken in by hand. */
  capturesChanged(): void {
    this.#stats.forget()
    this.#events.recorded(true)
    this.#events.changed()
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#waiting?.()
    this.#activity.stop()
    for (const pace of [this.#changed, this.#recorded, this.#counted]) pace.stop()
    this.#watch?.close()
    await this.#inTurn(() => this.#stopGateway(1000))
    await this.#servicesStarted
    await this.#services?.close()
    this.searcher.close()
    this.errands.close()
    this.captures.close()
  }

  async #start(): Promise<void> {
    this.#waiting?.()
    if (this.#opened || this.#closed) return
    const workspace = this.#inForce
    this.#failure = undefined
    if (!workspace) {
      this.#failure = 'the files of the workspace have errors'
      return this.#events.changed()
    }
    const listening = listeningAt(workspace, this.#options.port)
    try {
      this.#opened = await openGateway({
        workspace: listening,
        env: this.#options.env,
        capture: workspace.capture.enabled,
        ...(this.#options.interceptor && { interceptor: this.#options.interceptor }),
        onExchange: (record) => this.#onExchange(record),
        onWritten: () => this.#recorded.ask(),
        onTrouble: (what, about) => this.#events.trouble({ what, severity: 'warning', ...about }),
      })
      this.#withdraw = announceGateway(this.folder, this.#opened.gateway.addresses)
    } catch (error) {
      this.#failure = this.#reasonOf(error as Error)
      if (isTaken(error)) this.#waiting = whenFree(listening.listen, () => void this.start())
    }
    this.#events.changed()
  }

  #reasonOf(error: Error): string {
    if (!(error instanceof CannotRun)) return error.message
    const other = findRunningGateway(this.folder)
    if (other && other.pid !== process.pid) {
      return `${error.message}; another Gatehouse (process ${other.pid}) runs this workspace: stop it, or use its window`
    }
    return error.suggestion ? `${error.message}: ${error.suggestion}` : error.message
  }

  async #stopGateway(graceMs = 2000): Promise<void> {
    const opened = this.#opened
    this.#opened = undefined
    this.#withdraw?.()
    this.#withdraw = undefined
    await opened?.close(graceMs)
  }

  #watchFiles(): void {
    if (this.#closed) return
    const take = (result: LoadResult) => void this.#inTurn(() => this.#take(result))
    this.#watch = watchWorkspace(this.folder, this.loading(), take, this.#result)
  }

  /** New files: the gateway goes on with them, or with the last good ones. */
  async #take(result: LoadResult): Promise<void> {
    if (this.#closed) return
    this.#result = result
    const next = result.workspace
    if (!next) return this.#events.changed()
    const before = this.#inForce
    this.#inForce = next
    if (next.revision !== before?.revision) this.#counters = new PolicyCounters(next)
    if (this.#opened) {
      const { needsRestart } = await this.#opened.reload(listeningAt(next, this.#options.port))
      if (needsRestart.length > 0) {
        await this.#stopGateway()
        await this.#start()
      }
    } else if (before === undefined) await this.#start()
    this.#events.changed()
    this.#events.counted()
  }

  #onExchange(record: ExchangeRecord): void {
    this.#events.exchange?.(record)
    this.sent.note(record)
    this.#activity.count(record)
    if (this.#counters?.count(record)) this.#counted.ask()
    this.#changed.ask()
  }

  /** Id of the exchange that came from a port of ours, once it can be read; undefined when none was recorded in two seconds. */
  async exchangeFrom(port: number): Promise<string | undefined> {
    const record = (await this.sent.from(port, 1)).at(-1)
    if (record) await this.#opened?.flush()
    return record?.id
  }

  async #startServices(): Promise<void> {
    const { sample, env, node } = this.#options
    if (sample === undefined) return
    try {
      this.#services = await startServices(sample, env, node)
      void this.#services.ended.then((why) => {
        if (this.#closed) return
        this.#services = undefined
        this.#events.trouble({ what: `the services of the sample ended: ${why}`, severity: 'warning' })
      })
    } catch (error) {
      const { message: what, suggestion } = error as CannotRun
      this.#events.trouble({ what, severity: 'warning', ...(suggestion && { todo: suggestion }) })
    }
  }

  /** Starts, stops and reloads never overlap. */
  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(task)
    this.#turn = done.catch((error: Error) => {
      this.#events.trouble({ what: error.message, severity: 'error' })
    })
    return done
  }
}

function loadingOf({ env, environment }: Pick<OpenedOptions, 'env' | 'environment'>): LoadOptions {
  return { env, engineVersion: version, ...(environment !== undefined && { environment }) }
}
