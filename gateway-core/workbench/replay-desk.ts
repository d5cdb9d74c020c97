import { environmentsIn } from '../config/environments.ts'
import { WorkspaceFiles } from '../config/files.ts'
import { refused, RpcError } from '../protocol/rpc-error.ts'
import type { Comparison, ReplayEntry, ReplayList, ReplayRequest, ReplayRun, ReplayTarget } from '../protocol/replay.ts'
import type { BodyPart } from '../protocol/types.ts'
import { exchangeId } from '../proxy/exchange-id.ts'
import { type Outcome, sendBy, type Way } from '../replay/answer.ts'
import { compareAnswers, type Ignore, type Side } from '../replay/compare.ts'
import { requestOfExchange } from '../replay/from-exchange.ts'
import { ReplayError } from '../replay/replay-error.ts'
import { resolveRequest } from '../replay/resolve.ts'
import { sealRequest } from '../replay/seal.ts'
import { ReplayStore, type StoredEntry, type StoredRun, summaryOf } from '../replay/store.ts'
import type { OpenedWorkspace } from './opened-workspace.ts'
import { sourcesOf } from './replay-sources.ts'
import { openWay } from './replay-ways.ts'

/** The requests of one open workspace that are edited and sent. Throws RpcErrors. */
export class ReplayDesk {
  readonly #opened: OpenedWorkspace
  readonly store: ReplayStore

  constructor(opened: OpenedWorkspace) {
    this.#opened = opened
    this.store = new ReplayStore(opened.folder, opened.key)
  }

  list(): ReplayList {
    return {
      history: this.store.list(),
      files: [],
      sequences: [],
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
    return this.#entryOf(this.store.get(id))
  }

  save(id: string, request: ReplayRequest, name?: string): ReplayEntry {
    const entry = this.store.get(id)
    const next = { ...entry, request, name: name ?? entry.name, changedAt: Date.now() }
    this.store.put(next)
    return this.#entryOf(next)
  }

  /** Sends to all targets at once, keeps what came, and returns it. */
  async send(
    id: string,
    request: ReplayRequest,
    targets: readonly ReplayTarget[],
    signal: AbortSignal,
  ): Promise<ReplayRun> {
    const entry = this.store.get(id)
    const { folder, key, env, captures } = this.#opened
    const at = Date.now()
    const sources = sourcesOf({ folder, key, env, captures, values: entry.values })
    const wire = await resolveRequest(request, sources)
    const { settings } = request
    const ways = await this.#openWays(targets)
    let outcomes: Outcome[]
    try {
      const options = { key, secrets: sources.used, settings, signal }
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
    // Removed while it was under way: nothing to keep it with.
    if (!this.store.has(id)) return publicRun(run)
    const current = this.store.get(id)
    const next = { ...current, request: sealed.request, values: { ...current.values, ...sealed.values } }
    const bodies = outcomes.map(({ kept }) => kept)
    this.store.addRun(next, run, bodies)
    return publicRun(run)
  }

  run(id: string, run: string): ReplayRun {
    return publicRun(this.store.run(id, run))
  }

  body(id: string, run: string, answer: number, from: number, length: number): BodyPart {
    const bytes = this.store.body(id, run, answer)
    const part = Buffer.from(bytes.subarray(from, from + length))
    const decoded = this.store.run(id, run).decoded[answer] === true
    return { bytes: part.toString('base64'), from, available: bytes.byteLength, decoded }
  }

  /** Compares any two answers of a request's history: run and place of the answer. */
  compare(id: string, left: readonly string[], right: readonly string[], ignore: Ignore): Comparison {
    const side = ([run, at]: readonly string[]): Side => {
      const answer = this.store.run(id, run!).answers[Number(at)]
      if (!answer) throw new ReplayError('there is no such answer')
      return { answer, body: this.store.body(id, run!, Number(at)) }
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
    const { id, name, changedAt, request, from, runs } = entry
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

function sideOf({ answer, kept }: Outcome): Side {
  return { answer, body: kept ?? new Uint8Array() }
}

function ignoreOf({ ignore = [], ignoreHeaders = [] }: ReplayRequest['settings']): Ignore {
  return { ignore, ignoreHeaders }
}

function publicRun({ decoded: _, ...run }: StoredRun): ReplayRun {
  return run
}

function nameOf({ method, url }: ReplayRequest): string {
  return `${method} ${url.replace(/^https?:\/\/[^/]*/, '').replace(/\?.*/s, '')}`.slice(0, 200)
}

/** What went wrong in replay, as a failed call. */
export function asRefusal(error: unknown): unknown {
  return error instanceof ReplayError ? refused(error.message, error.todo, error.where) : error
}
