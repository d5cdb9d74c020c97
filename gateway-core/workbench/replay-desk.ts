import { environmentsIn } from '../config/environments.ts'
import { WorkspaceFiles } from '../config/files.ts'
import { refused, RpcError } from '../protocol/rpc-error.ts'
import type { Comparison, ReplayEntry, ReplayList, ReplayRun } from '../protocol/replay.ts'
import type { ReplayRequest, ReplayTarget } from '../protocol/replay-request.ts'
import type { BodyPart } from '../protocol/types.ts'
import { exchangeId } from '../proxy/exchange-id.ts'
import { type Outcome, sendBy, type Way } from '../replay/answer.ts'
import { compareAnswers, type Ignore, type Side } from '../replay/compare.ts'
import { requestOfExchange } from '../replay/from-exchange.ts'
import { ReplayError } from '../replay/replay-error.ts'
import { resolveRequest } from '../replay/resolve.ts'
import { sealRequest } from '../replay/seal.ts'
import { isHistoryId, ReplayStore, type StoredEntry, type StoredRun, summaryOf } from '../replay/store.ts'
import { environmentValues, requestsFolder } from '../replay/collections.ts'
import type { Variables } from '../replay/variables.ts'
import type { OpenedWorkspace } from './opened-workspace.ts'
import { ReplayFiles, runsIdOf } from './replay-files.ts'
import { sourcesOf } from './replay-sources.ts'
import { openWay } from './replay-ways.ts'

/** The requests of one open workspace that are edited and sent. Throws RpcErrors. */
export class ReplayDesk {
  readonly #opened: OpenedWorkspace
  readonly store: ReplayStore
  readonly files: ReplayFiles

  constructor(opened: OpenedWorkspace) {
    this.#opened = opened
    this.store = new ReplayStore(opened.folder, opened.key)
    this.files = new ReplayFiles(opened.folder, () => opened.environment)
  }

  get opened(): OpenedWorkspace {
    return this.#opened
  }

  list(): ReplayList {
    return {
      history: this.store.list(),
      ...this.files.list(),
      environments: environmentsIn(new WorkspaceFiles(this.#opened.folder)),
    }
  }

  /** Takes a recorded request as a new entry. */
  fromExchange(id: string): ReplayEntry {
    const exchange = this.#opened.captures.get(id, { secrets: 'sealed' })
    if (!exchange) {
      throw new RpcError({ code: 'NOT_FOUND', message: `there is no exchange ${id.slice(0, 60)}` })
    }
    const { method, path } = exchange.request
    return this.#entryOf(this.store.create(requestOfExchange(exchange), `${method} ${path}`.slice(0, 200), id))
  }

  create(request: ReplayRequest, name?: string): ReplayEntry {
    return this.#entryOf(this.store.create(request, name ?? nameOf(request)))
  }

  get(id: string): ReplayEntry {
    return this.#entryOf(this.#stored(id).entry)
  }

  /** Keeps an edited request: in the history, or in its file. */
  save(id: string, request: ReplayRequest, name?: string): ReplayEntry {
    const { entry } = this.#stored(id)
    if (entry.file !== undefined) {
      this.files.put(entry.file.slice(0, entry.file.indexOf('#')), entry.name, request)
      return this.get(id)
    }
    const next = { ...entry, request, name: name?.trim().slice(0, 200) || entry.name, changedAt: Date.now() }
    this.store.put(next)
    return this.#entryOf(next)
  }

  /** Puts a request into a file of the workspace. */
  keep(id: string, file: string, name: string): ReplayEntry {
    return this.get(this.files.put(file, name, this.#stored(id).entry.request))
  }

  remove(id: string): ReplayList {
    if (isHistoryId(id)) this.store.remove(id)
    else {
      this.files.remove(id)
      if (this.store.find(runsIdOf(id))) this.store.remove(runsIdOf(id))
    }
    return this.list()
  }

  /** An entry with what its request refers to. Those in files have their runs beside the history. */
  #stored(id: string): { entry: StoredEntry; variables: Variables } {
    if (isHistoryId(id)) {
      const { folder, environment } = this.#opened
      return { entry: this.store.get(id), variables: environmentValues(folder, [requestsFolder], environment) }
    }
    const { name, request, variables } = this.files.get(id)
    const known = this.store.find(runsIdOf(id))
    const { values, runs, changedAt } = known ?? { values: {}, runs: [], changedAt: 0 }
    return { entry: { id: runsIdOf(id), file: id, name, request, values, runs, changedAt }, variables }
  }

  /** A request as it goes out, with the secrets that were put in. */
  async wireOf(id: string, request?: ReplayRequest) {
    const { entry, variables } = this.#stored(id)
    const { folder, key, env, captures } = this.#opened
    const sources = sourcesOf({ folder, key, env, captures, values: entry.values, variables })
    const template = request ?? entry.request
    return { entry, template, wire: await resolveRequest(template, sources), secrets: sources.used }
  }

  /** Sends to all targets at once, keeps what came, and returns it. */
  async send(
    id: string,
    request: ReplayRequest,
    targets: readonly ReplayTarget[],
    signal: AbortSignal,
  ): Promise<ReplayRun> {
    const { key } = this.#opened
    const at = Date.now()
    const { entry, wire, secrets } = await this.wireOf(id, request)
    const { settings } = request
    const ways = await this.#openWays(targets)
    let outcomes: Outcome[]
    try {
      const options = { key, secrets, settings, signal }
      outcomes = await Promise.all(ways.map((way) => sendBy(way, wire, options)))
    } finally {
      await Promise.all(ways.map((way) => way.close()))
    }
    const sealed = sealRequest(request, key)
    const [left, right] = outcomes.map(sideOf)
    const run: StoredRun = {
      id: exchangeId(at),
      at,
      request: sealed.request,
      answers: outcomes.map(({ answer }) => answer),
      ...(left && right && { comparison: compareAnswers(left, right, ignoreOf(settings)) }),
      decoded: outcomes.map(({ decoded }) => decoded),
    }
    if (outcomes.some(({ answer }) => answer.exchange !== undefined)) await this.#opened.flush()
    const current = this.store.find(entry.id)
    // Removed while it was under way: there is nothing to keep it with.
    if (!current && entry.file === undefined) return publicRun(run)
    const { values, runs } = current ?? entry
    const next = { ...(current ?? entry), request: sealed.request, values: { ...values, ...sealed.values }, runs }
    const bodies = outcomes.map(({ kept }) => kept)
    this.store.addRun(next, run, bodies)
    return publicRun(run)
  }

  run(id: string, run: string): ReplayRun {
    return publicRun(this.store.run(runsOf(id), run))
  }

  body(id: string, run: string, answer: number, from: number, length: number): BodyPart {
    const bytes = this.store.body(runsOf(id), run, answer)
    const part = Buffer.from(bytes.subarray(from, from + length))
    const decoded = this.store.run(runsOf(id), run).decoded[answer] === true
    return { bytes: part.toString('base64'), from, available: bytes.byteLength, decoded }
  }

  /** Compares any two answers of a request's history: run and place of the answer. */
  compare(id: string, left: readonly string[], right: readonly string[], ignore: Ignore): Comparison {
    const side = ([run, at]: readonly string[]): Side => {
      const answer = this.store.run(runsOf(id), run!).answers[Number(at)]
      if (!answer) throw new ReplayError('there is no such answer')
      return { answer, body: this.store.body(runsOf(id), run!, Number(at)) }
    }
    return compareAnswers(side(left), side(right), ignore)
  }

  async #openWays(targets: readonly ReplayTarget[]): Promise<Way[]> {
    const ways: Way[] = []
    try {
      for (const target of targets) ways.push(await openWay(this.#opened, target))
      return ways
    } catch (error) {
      await Promise.all(ways.map((way) => way.close()))
      throw error
    }
  }

  #entryOf(entry: StoredEntry): ReplayEntry {
    const { file, name, changedAt, request, from, runs } = entry
    const id = file ?? entry.id
    return {
      id,
      name,
      method: request.method,
      url: request.url,
      changedAt,
      request,
      runs: runs.map(summaryOf),
      ...(from !== undefined && { from }),
    }
  }
}

/** Under which id runs are kept. */
function runsOf(id: string): string {
  return isHistoryId(id) ? id : runsIdOf(id)
}

function sideOf({ answer, kept }: Outcome): Side {
  return { answer, body: kept ?? new Uint8Array() }
}

function ignoreOf({ ignore = [], ignoreHeaders = [] }: ReplayRequest['settings']): Ignore {
  return { ignore, ignoreHeaders }
}

function publicRun({ id, at, request, answers, comparison }: StoredRun): ReplayRun {
  return { id, at, request, answers, ...(comparison && { comparison }) }
}

function nameOf({ method, url }: ReplayRequest): string {
  return `${method} ${url.replace(/^https?:\/\/[^/]*/, '').replace(/\?.*/s, '')}`.slice(0, 200)
}

/** What went wrong in replay, as a failed call. */
export function asRefusal(error: unknown): unknown {
  return error instanceof ReplayError ? refused(error.message, error.todo, error.where) : error
}
