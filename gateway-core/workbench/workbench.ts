import { existsSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { ExchangeRecord } from '../capture/record.ts'
import { environmentsIn } from '../config/environments.ts'
import { WorkspaceFiles } from '../config/files.ts'
import { workspaceFile } from '../config/load.ts'
import { noteKeychainKey } from '../config/workspace-key.ts'
import type { InterceptState } from '../protocol/intercept.ts'
import type { Emit, Session } from '../protocol/rpc-server.ts'
import { refused, RpcError } from '../protocol/rpc-error.ts'
import type { Refusal, WorkbenchState } from '../protocol/types.ts'
import { WhatIfThread } from '../rejudge/what-if-thread.ts'
import { version } from '../version.ts'
import { casesCalls } from './cases-calls.ts'
import { filesCalls } from './files-calls.ts'
import { FileDesk } from './file-desk.ts'
import { interceptCalls } from './intercept-calls.ts'
import { InterceptDesk } from './intercept-desk.ts'
import { keptEnvironment } from './kept-environment.ts'
import { OpenedWorkspace } from './opened-workspace.ts'
import { OwnTrafficDesk } from './own-traffic.ts'
import { ownTrafficCalls } from './own-traffic-calls.ts'
import { pastCalls } from './past-calls.ts'
import { policiesCalls } from './policies-calls.ts'
import { RecentWorkspaces } from './recent.ts'
import { replayCalls } from './replay-calls.ts'
import { servicesFile } from './services.ts'
import { tokensCalls } from './tokens-calls.ts'
import { testsCalls, TestsView } from './tests-calls.ts'
import { TrafficDesk, trafficCalls } from './traffic-calls.ts'
import type { UserFolders } from './user-folders.ts'
import { whatIfCalls } from './what-if-calls.ts'
import { WhatIfDesk } from './what-if-desk.ts'
import { workbenchCalls } from './workbench-calls.ts'
import { isInside } from './workspace-paths.ts'

export interface WorkbenchOptions {
  mode: WorkbenchState['mode']
  env: Readonly<Record<string, string | undefined>>
  folders: UserFolders
  /** Folder with the samples, by name. */
  samples: string
  /** A Node that runs TypeScript, for the services of samples; this process's own without it. */
  node?: string
  /** Listen on this port whatever the workspace says; 0 takes a free one. */
  port?: number
  /** Workspace key of a folder from the system's keychain (32 bytes, base64), where it keeps one. */
  keyOf?: (folder: string) => Promise<string | null>
  /** Called for every exchange: the terminal beside a browser tells them too. */
  onExchange?: (record: ExchangeRecord) => void
  /** How long breakpoints hold while no screen is open, in ms. */
  unseenMs?: number
  /** Which workspace is open now. */
  onWorkspace?: (folder: string | null, name: string | null) => void
}

export interface OpenHow {
  environment?: string | undefined
  /** Run its `services.ts` although it is no sample of ours: only where a person asked for it in so many words. */
  services?: boolean
}

/** What one core holds for all its screens: at most one open workspace. Each connection has a session of its own. */
export class Workbench {
  readonly options: WorkbenchOptions
  readonly recent: RecentWorkspaces
  readonly #sessions = new Set<{ emit: Emit; traffic: TrafficDesk; whatIf: WhatIfDesk; tests: TestsView }>()
  readonly #untold: Refusal[] = []
  /** The state that every screen was told last, as JSON. */
  #told = ''
  #opened: OpenedWorkspace | undefined
  #desk: FileDesk | undefined
  #past: WhatIfThread | undefined
  #intercept: InterceptDesk | undefined
  #own: OwnTrafficDesk | undefined
  /** Opening and closing happen one after the other. */
  #turn: Promise<unknown> = Promise.resolve()
  #closing = false

  constructor(options: WorkbenchOptions) {
    this.options = options
    this.recent = new RecentWorkspaces(options.folders.config)
  }

  get opened(): OpenedWorkspace | undefined {
    return this.#opened
  }

  /** The open workspace. Throws an RpcError when there is none. */
  get workspace(): OpenedWorkspace {
    if (this.#opened) return this.#opened
    throw new RpcError({ code: 'NO_WORKSPACE', message: 'no workspace is open', todo: 'open one first' })
  }

  /** Texts of the open workspace. Throws an RpcError when there is none. */
  get files(): FileDesk {
    if (this.#desk) return this.#desk
    throw new RpcError({ code: 'NO_WORKSPACE', message: 'no workspace is open', todo: 'open one first' })
  }

  /** Held messages, breakpoints and rules. Throws an RpcError when no workspace is open. */
  get intercept(): InterceptDesk {
    if (this.#intercept) return this.#intercept
    throw new RpcError({ code: 'NO_WORKSPACE', message: 'no workspace is open', todo: 'open one first' })
  }

  /** The forward proxy and what goes with it. Throws an RpcError when no workspace is open. */
  get ownTraffic(): OwnTrafficDesk {
    if (this.#own) return this.#own
    throw new RpcError({ code: 'NO_WORKSPACE', message: 'no workspace is open', todo: 'open one first' })
  }

  /** What judges the captures of the open workspace again. Throws an RpcError when there is none. */
  get past(): WhatIfThread {
    const { folder, key, env } = this.workspace
    return (this.#past ??= new WhatIfThread({ folder, key, env, engineVersion: version }))
  }

  state(): WorkbenchState {
    return { version, mode: this.options.mode, workspace: this.#opened?.state() ?? null }
  }

  /** Opens a workspace in the place of the one that is open. Throws an RpcError when the folder is none. */
  open(folder: string, how: OpenHow = {}): Promise<WorkbenchState> {
    const absolute = resolve(folder)
    if (!statSync(absolute, { throwIfNoEntry: false })?.isDirectory()) {
      throw refused(`there is no folder ${absolute}`, 'name the folder of a workspace')
    }
    if (!existsSync(join(absolute, workspaceFile))) {
      const todo = `begin one with a file ${workspaceFile}, or let one be made for a server or an OpenAPI document`
      throw refused(`${absolute} has no ${workspaceFile}`, todo)
    }
    return this.#inTurn(() => this.#open(absolute, how))
  }

  /** Opens a sample of ours, with its services. */
  openSample(name: string): Promise<WorkbenchState> {
    return this.open(join(this.options.samples, name))
  }

  /** Stands behind one connection. */
  connect(emit: Emit): Session {
    const traffic = new TrafficDesk(this, emit)
    const whatIf = new WhatIfDesk(this, emit)
    const tests = new TestsView(this, emit)
    const session = { emit, traffic, whatIf, tests }
    this.#sessions.add(session)
    this.#intercept?.seenBy(this.#sessions.size)
    for (const refusal of this.#untold.splice(0)) emit('trouble', refusal)
    return {
      handlers: {
        ...workbenchCalls(this),
        ...trafficCalls(this, traffic),
        ...filesCalls(this),
        ...policiesCalls(this),
        ...tokensCalls(this),
        ...replayCalls(this, emit),
        ...whatIfCalls(this, whatIf),
        ...pastCalls(this),
        ...interceptCalls(this),
        ...testsCalls(this, tests),
        ...casesCalls(this),
        ...ownTrafficCalls(this),
      },
      close: () => {
        traffic.close()
        whatIf.close()
        tests.close()
        this.#sessions.delete(session)
        this.#intercept?.seenBy(this.#sessions.size)
      },
    }
  }

  /** Tells all screens; what happens before there is one, the first that comes. */
  tell(refusal: Refusal): void {
    if (this.#sessions.size === 0 && this.#untold.length < 20) this.#untold.push(refusal)
    for (const { emit } of this.#sessions) emit('trouble', refusal)
  }

  async close(): Promise<void> {
    this.#closing = true
    await this.#inTurn(() => this.#closeWorkspace())
  }

  async #open(folder: string, { environment: wanted, services = false }: OpenHow): Promise<WorkbenchState> {
    await this.#closeWorkspace()
    const environment = wanted ?? keptEnvironment(folder, environmentsIn(new WorkspaceFiles(folder)))
    const { env, port, node, samples } = this.options
    const key = await this.options.keyOf?.(folder)
    if (key) await noteKeychainKey(folder, key)
    const mayRun = services || isInside(folder, samples)
    const sample = mayRun && existsSync(join(folder, servicesFile)) ? folder : undefined
    const options = { folder, env: key ? { ...env, GATEHOUSE_KEY: key } : env, environment, port, node, sample }
    const tellIntercept = (state: InterceptState) => {
      for (const { emit } of this.#sessions) emit('intercept.changed', state)
    }
    const intercept = new InterceptDesk(folder, tellIntercept, this.options.unseenMs)
    intercept.seenBy(this.#sessions.size)
    const { interceptor } = intercept
    const opened = await OpenedWorkspace.open(
      { ...options, interceptor },
      {
        changed: () => {
          this.#own?.follow()
          this.#tellState()
        },
        recorded: (deleted) => {
          for (const { traffic } of this.#sessions) traffic.recorded(deleted)
        },
        counted: () => {
          const counters = this.#opened?.counters?.read()
          if (counters) for (const { emit } of this.#sessions) emit('policies.counters', counters)
        },
        trouble: (refusal) => this.tell(refusal),
        exchange: this.options.onExchange,
      },
    ).catch((error: Error & { suggestion?: string }) => {
      throw refused(error.message, error.suggestion)
    })
    this.#opened = opened
    this.#intercept = intercept
    this.#desk = new FileDesk(opened, (path, fileVersion) => {
      for (const { emit } of this.#sessions) emit('files.changed', { path, version: fileVersion })
    })
    this.#own = new OwnTrafficDesk(opened, this.#desk, (own) => {
      for (const { emit } of this.#sessions) emit('own.changed', own)
    })
    const state = this.state()
    const { name } = state.workspace!
    this.recent.opened(opened.folder, name, Date.now())
    this.options.onWorkspace?.(opened.folder, name)
    this.#tellState()
    return state
  }

  async #closeWorkspace(): Promise<void> {
    const opened = this.#opened
    if (!opened) return
    this.#opened = undefined
    this.#desk?.close()
    this.#desk = undefined
    this.#past?.close()
    this.#past = undefined
    this.#intercept?.close()
    this.#intercept = undefined
    for (const { traffic, whatIf, tests } of this.#sessions) {
      traffic.close()
      whatIf.close()
      tests.close()
    }
    await this.#own?.close()
    this.#own = undefined
    await opened.close()
    if (this.#closing) return
    this.options.onWorkspace?.(null, null)
  }

  #tellState(): void {
    if (!this.#opened) return
    const state = this.state()
    // Asked for more often than something changes.
    const text = JSON.stringify(state)
    if (text === this.#told) return
    this.#told = text
    for (const { emit } of this.#sessions) emit('workbench.changed', state)
  }

  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(task)
    this.#turn = done.catch(() => undefined)
    return done
  }
}
