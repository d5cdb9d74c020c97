import type { ExchangeRecord } from '../capture/record.ts'
import type { WorkspaceKey } from '../config/workspace-key.ts'
import type { Workspace } from '../config/workspace.ts'
import { Blame } from './blame.ts'
import { ColdState } from './cold-state.ts'
import type { ExchangeRun } from './exchange-run.ts'
import { explainedMessage, messageIn, messageParting, withMessage } from './explained-message.ts'
import type { Moment } from './follower.ts'
import type { Texts } from './hunks.ts'
import { judgeAll, judgeEdit } from './judge-edit.ts'
import { judgeTraffic } from './judge-traffic.ts'
import { LoadedWorkspaces } from './loaded-workspaces.ts'
import { classify, type Judged, messagesOf } from './judged.ts'
import { differenceOf } from './message-difference.ts'
import { OneTraffic } from './one-traffic.ts'
import { Revisions } from './revisions.ts'
import { SharedFacts } from './shared-facts.ts'
import { shrinkExchange } from './shrunk-exchange.ts'
import { stateAt, type StateAt } from './state-at.ts'
import { type Checkpoints, StateTimeline } from './state-timeline.ts'
import type { SteppedThrough } from '../protocol/what-if.ts'
import { type ChangedValue, stepThrough } from './step-through.ts'
import type { Traffic } from './traffic.ts'
import { captureSource, type TrafficSource } from './traffic-source.ts'
import { type Traced, traceOf } from './traced.ts'
import type { VariedExchange } from './varied-exchange.ts'
import { WhatIfError } from './what-if-error.ts'
import type { Hunk, SmallestRequest } from '../protocol/what-if.ts'
import type { WhatIfChange, WhatIfExplanation, WhatIfOptions, WhatIfQuestion, WhatIfReport } from './what-if.ts'

export interface PastOptions {
  /** Folder of the workspace. */
  folder: string
  /** What is judged again; default: the workspace's own capture. */
  source?: TrafficSource
  key: WorkspaceKey
  env: Readonly<Record<string, string | undefined>>
  engineVersion: string
}

interface Asked {
  baseline: Workspace
  candidate: Workspace
  before: Judged[]
  only: ReadonlySet<number> | undefined
  blame: Blame
}

/** The recorded traffic of a workspace, to be judged again by edits of it. Keeps what it read between two questions. */
export class Past {
  readonly #source: TrafficSource
  readonly #traffic: Traffic
  readonly #facts: SharedFacts
  readonly #revisions: Revisions
  readonly #loaded: LoadedWorkspaces
  readonly #timelines = new WeakMap<Workspace, { era: number; length: number; timeline: StateTimeline }>()
  #before: { key: string; judged: Judged[] } | undefined
  #asked: { key: string; asked: Asked } | undefined
  /** When the files and the capture of the last question had been read. */
  #judgingSince = 0

  constructor(options: PastOptions) {
    const { folder, key, env, engineVersion } = options
    this.#source = options.source ?? captureSource(folder, key)
    this.#traffic = this.#source.traffic
    this.#facts = new SharedFacts(key)
    this.#loaded = new LoadedWorkspaces(folder, { env, engineVersion })
    this.#revisions = new Revisions((revision) => this.#source.filesOf(revision), folder, { env, engineVersion })
  }

  async judge(question: WhatIfQuestion, options: WhatIfOptions = {}): Promise<WhatIfReport> {
    const { baseline, candidate, before, only } = await this.#ask(question, options.signal)
    const begun = this.#judgingSince
    const report = await judgeEdit({
      ...options,
      begun,
      baseline,
      candidate,
      before,
      traffic: this.#traffic,
      recordedUnder: this.#revisions.of,
      facts: this.#facts,
      ...(only && { only }),
      ...(question.reuse !== undefined && { reuse: question.reuse }),
    })
    return report
  }

  /** For each change the smallest set of changed lines that brings it about. */
  async blame(changes: readonly WhatIfChange[], question: WhatIfQuestion): Promise<(readonly Hunk[])[]> {
    const { blame } = await this.#ask(question)
    const found: (readonly Hunk[])[] = []
    for (const change of changes) found.push(await blame.of(change, () => this.#numberOf(change.id)))
    return found
  }

  async explain(id: string, question: WhatIfQuestion): Promise<WhatIfExplanation> {
    const { baseline, candidate, blame } = await this.#ask(question)
    const at = this.#numberOf(id)
    const stored = this.#source.record(at)
    let before = await this.#traced(baseline, at, stored)
    let after = await this.#traced(candidate, at, stored)
    const found = classify(before.judged, after.judged)
    const change = found && this.#changeOf(at, before.judged, after.judged)
    const recorded = found?.message && messageIn(this.#traffic.exchange(at), found.message)
    const message = recorded && explainedMessage(found!.message!, recorded, before, after)
    if (recorded) {
      before = withMessage(before, recorded, baseline)
      after = withMessage(after, recorded, candidate)
    }
    const differs = found?.differs ?? []
    const byMessage = message && differs.length < 2
    return {
      id,
      kind: found?.kind ?? 'same',
      before: { ...before.judged.outcome, trace: before.trace },
      after: { ...after.judged.outcome, trace: after.trace },
      firstDifference: byMessage
        ? messageParting(before, after, stored, message)
        : differenceOf(before, after, differs, stored),
      ...(message && { message }),
      blame: change ? await blame.of(change, () => at) : [],
    }
  }

  async shrink(id: string, question: WhatIfQuestion): Promise<SmallestRequest> {
    const { baseline, candidate } = await this.#ask(question)
    const at = this.#numberOf(id)
    const base = this.#traffic.exchange(at)
    const states = new Map<Workspace, ColdState>()
    for (const workspace of [baseline, candidate]) states.set(workspace, await this.#stateBefore(workspace, at))
    return shrinkExchange(
      base,
      () => this.#source.record(at),
      async (varied) => [
        await this.#tryOut(baseline, states.get(baseline)!, varied, at),
        await this.#tryOut(candidate, states.get(candidate)!, varied, at),
      ],
    )
  }

  async stateAt(time: number): Promise<StateAt> {
    await this.#refresh()
    const workspace = await this.#loaded.load({}, undefined)
    await this.#know(workspace)
    return stateAt(time, workspace, await this.#states(workspace).at({ now: time, sequence: Infinity }))
  }

  async stepThrough(id: string, changed: readonly ChangedValue[], question: WhatIfQuestion): Promise<SteppedThrough> {
    await this.#refresh()
    const workspace = await this.#loaded.load(question.candidate, question.environment)
    await this.#know(workspace)
    const at = this.#numberOf(id)
    const recorded = this.#traffic.exchange(at)
    const state = await this.#stateBefore(workspace, at)
    return stepThrough(recorded, {
      workspace,
      state: state.snapshot(recorded.startedAt),
      facts: this.#facts.of,
      begin: { now: recorded.startedAt, sequence: this.#traffic.beginning(at) },
      changed,
    })
  }

  close(): void {
    this.#source.close()
  }

  async #ask(question: WhatIfQuestion, signal?: AbortSignal): Promise<Asked> {
    const fresh = await this.#refresh()
    const { candidate: texts, baseline: others = {}, environment, query = '', reuse } = question
    const baseline = await this.#loaded.load(others, environment)
    const key = JSON.stringify([baseline.revision, texts, others, environment, query, reuse, fresh])
    this.#judgingSince = performance.now()
    if (this.#asked?.key === key) return this.#asked.asked
    const candidate = await this.#loaded.load({ ...others, ...texts }, environment)
    await this.#know(baseline)
    const only = query === '' ? undefined : this.#source.matching(query)
    this.#judgingSince = performance.now()
    const before = await this.#judgedBefore(baseline, reuse, fresh, signal)
    const blame = new Blame({
      before: textsOf(baseline),
      after: textsOf(candidate),
      load: (some) => this.#loaded.load({ ...others, ...Object.fromEntries(some) }, environment).catch(() => undefined),
      judge: async (workspace, at) => (await this.#judgeOne(workspace, at)).judged,
      baseline: (at) => before[at]!,
    })
    const asked = { baseline, candidate, before, only, blame }
    this.#asked = { key, asked }
    return asked
  }

  #refresh(): Promise<string> {
    return this.#source.refresh(pause)
  }

  async #judgedBefore(
    baseline: Workspace,
    reuse: boolean | undefined,
    fresh: string,
    signal: AbortSignal | undefined,
  ): Promise<Judged[]> {
    const key = JSON.stringify([baseline.revision, reuse, fresh])
    if (this.#before?.key === key) return this.#before.judged
    const judged = await judgeAll(baseline, {
      traffic: this.#traffic,
      recordedUnder: this.#revisions.of,
      facts: this.#facts,
      ...(reuse !== undefined && { reuse }),
      ...(signal && { signal }),
    })
    this.#before = { key, judged }
    return judged
  }

  async #know(workspace: Workspace): Promise<void> {
    this.#revisions.know(workspace)
    await this.#revisions.load(this.#traffic.kinds().keys())
  }

  #numberOf(id: string): number {
    const at = this.#source.numberOf(id)
    if (at === undefined) throw new WhatIfError('this exchange is not in the capture any more')
    return at
  }

  async #judgeOne(
    workspace: Workspace,
    at: number,
    tracing = false,
  ): Promise<{ judged: Judged; run: ExchangeRun | undefined }> {
    for (let round = 0; ; round++) {
      let found: { judged: Judged; run: ExchangeRun | undefined } | undefined
      await judgeTraffic({
        workspace,
        traffic: this.#traffic,
        recordedUnder: this.#revisions.of,
        facts: this.#facts.of,
        only: new Set([at]),
        tracing,
        judged: (_, judged, run) => (found = { judged, run }),
        breathe: pause,
      })
      if (round === 3 || !(await this.#facts.resolve())) return found!
    }
  }

  async #traced(workspace: Workspace, at: number, stored: ExchangeRecord): Promise<Traced> {
    const { judged, run } = await this.#judgeOne(workspace, at, true)
    return { judged, run, trace: traceOf(run, stored, workspace) }
  }

  #changeOf(at: number, before: Judged, after: Judged): WhatIfChange {
    const { id, order } = this.#traffic.exchange(at)
    const { kind, differs, message } = classify(before, after)!
    const change: WhatIfChange = { id, order, kind, before: before.outcome, after: after.outcome }
    return { ...change, ...(differs && { differs }), ...(message && { message }) }
  }

  /** What counters held before the first step of an exchange. */
  #stateBefore(workspace: Workspace, at: number): Promise<ColdState> {
    return this.#states(workspace).at({ now: Infinity, sequence: this.#traffic.beginning(at) })
  }

  #states(workspace: Workspace): StateTimeline {
    const { length } = this.#traffic
    const { era } = this.#source
    let known = this.#timelines.get(workspace)
    if (known?.era !== era) {
      const count = (until: Moment, checkpoints: Checkpoints) =>
        judgeTraffic({
          workspace,
          traffic: this.#traffic,
          recordedUnder: this.#revisions.of,
          facts: this.#facts.of,
          everyCounter: true,
          until,
          checkpoints,
          judged: () => undefined,
          breathe: pause,
        })
      known = { era, length, timeline: new StateTimeline(count) }
      this.#timelines.set(workspace, known)
    }
    for (; known.length < length; known.length++) known.timeline.grown(this.#traffic.beginning(known.length))
    return known.timeline
  }

  async #tryOut(workspace: Workspace, before: ColdState, varied: VariedExchange, at: number): Promise<Judged> {
    let result: Judged | undefined
    await judgeTraffic({
      workspace,
      traffic: new OneTraffic(varied, this.#traffic.beginning(at)),
      recordedUnder: () => undefined,
      facts: (recorded) => varied.facted(this.#facts.of(recorded)),
      reuse: false,
      state: (since) => {
        const state = new ColdState({ since })
        state.restore(before.snapshot(varied.startedAt))
        return state
      },
      // The record is of another request: what comes out is only compared with what else comes out.
      judged: (_, judged, run) => {
        result = { ...judged, asRecorded: false, ...(run && { messages: messagesOf(run) }) }
      },
    })
    return result!
  }
}

/** Texts of the files of a workspace by path. */
export function textsOf({ files }: Workspace): Texts {
  return new Map(files.filter(({ text }) => text !== undefined).map(({ path, text }) => [path, text]))
}

function pause(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
