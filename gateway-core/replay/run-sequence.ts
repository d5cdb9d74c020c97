import type { WorkspaceKey } from '../config/workspace-key.ts'
import type { ReplayAnswer } from '../protocol/replay.ts'
import type { RaceReport, SequenceReport, StepReport } from '../protocol/replay-reports.ts'
import type { ReplayRequest, ReplayTarget } from '../protocol/replay-request.ts'
import { type Outcome, sendBy } from './answer.ts'
import { checkStep } from './assertions.ts'
import { Captured } from './captured.ts'
import { CookieJar } from './cookie-jar.ts'
import { raceBy } from './race-by.ts'
import { checkRace, raceOf } from './race-step.ts'
import { Reading } from './reading.ts'
import { ReplayError } from './replay-error.ts'
import { resolveRequest, type Sources } from './resolve.ts'
import { millisecondsOf, type ReadSequence, type SequenceStep } from './sequence.ts'
import { stepRequest } from './step-request.ts'
import { fillVariables } from './variables.ts'
import type { Ways } from './ways.ts'

export interface RunSequenceOptions {
  ways: Ways
  /** Where steps go that do not say. */
  via: ReplayTarget['via']
  key: WorkspaceKey
  /** Where secrets, files and bodies come from, with these variables. */
  sources(variables: ReadonlyMap<string, string>): Sources & { used: string[] }
  /** A request of a `.http` file: `requests/books.http#name`, with the file's variables. Throws a ReplayError. */
  requestIn(reference: string): { request: ReplayRequest; variables: ReadonlyMap<string, string> }
  signal: AbortSignal
  onStep(report: StepReport, done: number, total: number): void
}

/** Runs a sequence: each step of each row, in order. Cancelling ends it after the step that is under way. */
export async function runSequence(read: ReadSequence, options: RunSequenceOptions): Promise<SequenceReport> {
  const { sequence, rows, name, path } = read
  const started = performance.now()
  const steps: StepReport[] = []
  const total = rows.length * sequence.steps.reduce((sum, step) => sum + (step.repeat ?? 1), 0)
  for (const [row, values] of rows.entries()) {
    const run = new RowRun(read, row, values, options)
    let stopped = false
    for (const [at, step] of sequence.steps.entries()) {
      for (let time = 0; time < (step.repeat ?? 1); time++) {
        const skipped = stopped || options.signal.aborted
        const report = skipped ? run.skipped(at, step) : await run.step(at, step)
        steps.push(report)
        options.onStep(report, steps.length, total)
        const fails = report.state === 'failed' || report.state === 'error'
        if (fails && (step.onFailure ?? sequence.onFailure ?? 'stop') === 'stop') stopped = true
      }
    }
  }
  const count = (...states: StepReport['state'][]) => steps.filter(({ state }) => states.includes(state)).length
  return {
    name,
    path,
    rows: rows.length,
    passed: count('passed'),
    failed: count('failed', 'error'),
    skipped: count('skipped'),
    milliseconds: Math.round(performance.now() - started),
    steps,
  }
}

/** One row: its variables, what was captured, its cookies. */
class RowRun {
  readonly #read: ReadSequence
  readonly #row: number
  readonly #options: RunSequenceOptions
  readonly #variables: Map<string, string>
  readonly #captured = new Captured()
  readonly #jar: CookieJar | undefined

  constructor(read: ReadSequence, row: number, values: Readonly<Record<string, string>>, options: RunSequenceOptions) {
    this.#read = read
    this.#row = row
    this.#options = options
    const { variables = {}, cookies } = read.sequence
    const own = Object.entries(variables).map(([name, value]): [string, string] => [name, String(value ?? '')])
    this.#variables = new Map([...own, ...Object.entries(values), ['row', String(row + 1)]])
    if (cookies) this.#jar = new CookieJar()
  }

  skipped(at: number, step: SequenceStep): StepReport {
    return this.#report(at, step, { state: 'skipped' })
  }

  async step(at: number, step: SequenceStep): Promise<StepReport> {
    const { ways, via, key, sources, signal } = this.#options
    try {
      if (step.wait !== undefined) await pause(millisecondsOf(step.wait), signal)
      const way = await ways.get(step.to ?? via)
      const { request, variables } = stepRequest(step, this.#options.requestIn)
      const all = new Map([...variables, ...this.#variables])
      const from = { ...sources(all), captured: this.#captured }
      const wire = await resolveRequest(request, from)
      const { destination, target } = way.route(wire, request.settings.insecure === true)
      const url = new URL(
        `${destination.scheme}://${destination.host.includes(':') ? `[${destination.host}]` : destination.host}${safePath(target)}`,
      )
      const cookie = this.#jar?.headerFor(url)
      if (cookie !== undefined && !wire.fields.some(([name]) => name.toLowerCase() === 'cookie')) {
        wire.fields.push(['Cookie', cookie])
      }
      const secrets = [...from.used, ...this.#captured.values()]
      const race = raceOf(step)
      if (race) {
        const { timeoutMs, insecure = false } = request.settings
        const version = race.http2 ? '2' : undefined
        const how = { ...race, version, timeoutMs, insecure, secrets, key, signal } as const
        return this.#raced(at, step, request, await raceBy(way, [wire], how), all)
      }
      const outcome = await sendBy(way, wire, { key, secrets, settings: request.settings, signal })
      return this.#judge(at, step, request, outcome, all)
    } catch (error) {
      if (!(error instanceof ReplayError) && !signal.aborted) throw error
      const what = signal.aborted ? 'cancelled' : (error as Error).message
      const todo = error instanceof ReplayError ? error.todo : undefined
      return this.#report(at, step, { state: 'error', problem: todo === undefined ? what : `${what} — ${todo}` })
    }
  }

  #judge(
    at: number,
    step: SequenceStep,
    request: ReplayRequest,
    { answer, response, kept }: Outcome,
    variables: ReadonlyMap<string, string>,
  ): StepReport {
    const about = {
      method: request.method,
      url: request.url,
      status: answer.response?.status ?? 0,
      micros: answer.timings.total,
      ...(answer.exchange !== undefined && { exchange: answer.exchange }),
      ...(answer.decided && { decided: answer.decided }),
    }
    if (!response)
      return this.#report(at, step, { ...about, state: 'error', problem: answer.problem?.what ?? 'no response' })
    const reading = new Reading(response)
    if (step.name !== undefined) this.#captured.answered(step.name, reading)
    const shown = readingShown(answer, kept)
    for (const header of reading.setCookies)
      this.#jar?.take(header, new URL(answer.address.replace(/[^\x21-\x7e]/g, '_')))
    const captured = this.#capture(step, reading, shown)
    const { lineOf } = this.#read
    const fill = (text: string) => fillVariables(text, variables, 'an expectation', { values: this.#captured })
    const observed = { reading, shown, decided: answer.decided, micros: answer.timings.total }
    const assertions = [
      ...checkStep(step.expect ?? {}, observed, (path) => lineOf(['steps', at, 'expect', ...path]), fill),
      ...captured.missing.map((name) => ({
        line: lineOf(['steps', at, 'capture', name]),
        says: `${name} is captured`,
        passed: false,
        found: 'nothing',
      })),
    ]
    const failed = assertions.some(({ passed }) => !passed)
    return this.#report(at, step, {
      ...about,
      state: failed ? 'failed' : answer.problem ? 'error' : 'passed',
      assertions,
      captured: captured.values,
      ...(answer.problem && { problem: answer.problem.what }),
    })
  }

  /** Copies of a step that were sent at once. */
  #raced(
    at: number,
    step: SequenceStep,
    request: ReplayRequest,
    race: RaceReport,
    variables: ReadonlyMap<string, string>,
  ): StepReport {
    const fill = (text: string) => fillVariables(text, variables, 'an expectation', { values: this.#captured })
    const lineOf = (path: readonly string[]) => this.#read.lineOf(['steps', at, 'expect', ...path])
    const assertions = checkRace(step.expect ?? {}, race, lineOf, fill)
    const failed = assertions.some(({ passed }) => !passed)
    const [most] = race.groups
    const [problem] = race.problems
    return this.#report(at, step, {
      method: request.method,
      url: request.url,
      status: most?.status ?? 0,
      micros: race.answeredSpread,
      race,
      assertions,
      ...(most?.exchange !== undefined && { exchange: most.exchange }),
      ...(problem && { problem: `${race.problems.length} of ${race.copies}: ${problem.what}` }),
      state: failed ? 'failed' : problem ? 'error' : 'passed',
    })
  }

  #capture(
    step: SequenceStep,
    reading: Reading,
    shown: Reading,
  ): { values: StepReport['captured']; missing: string[] } {
    const values: StepReport['captured'] = []
    const missing: string[] = []
    for (const [name, from] of Object.entries(step.capture ?? {})) {
      const value = captureFrom(from, reading)
      if (value === undefined) missing.push(name)
      else {
        this.#captured.set(name, value)
        values.push({ name, value: shownValue(value, captureFrom(from, shown)) })
      }
    }
    return { values, missing }
  }

  #report(at: number, step: SequenceStep, more: Partial<StepReport> & Pick<StepReport, 'state'>): StepReport {
    const written =
      typeof step.request === 'string' ? step.request : `${step.request.method ?? 'GET'} ${step.request.url}`
    return {
      row: this.#row,
      step: at,
      name: step.name ?? written,
      line: this.#read.lineOf(['steps', at]),
      method: '',
      url: '',
      status: 0,
      micros: 0,
      assertions: [],
      captured: [],
      ...more,
    }
  }
}

type CaptureFrom = NonNullable<SequenceStep['capture']>[string]

/** `/pointer`, `header Name`, `cookie name`, or the parts. */
function captureFrom(from: CaptureFrom, reading: Reading): string | undefined {
  if (typeof from === 'string') {
    const [, kind, name] = /^(header|cookie)\s+(.+)$/.exec(from) ?? []
    if (kind === 'header') return reading.header(name!)
    return kind === 'cookie' ? reading.cookie(name!) : textOf(reading.at(from))
  }
  if (from.regex !== undefined) return reading.match(from.regex, from.header)
  if (from.header !== undefined) return reading.header(from.header)
  return from.cookie === undefined ? textOf(reading.at(from.pointer ?? '')) : reading.cookie(from.cookie)
}

function textOf(value: unknown): string | undefined {
  return value === undefined || typeof value === 'string' ? value : JSON.stringify(value)
}

/** A credential has another value where secrets are hidden: of it, and of anything long, only the length is told. */
function shownValue(value: string, shown: string | undefined): string {
  return value !== shown || value.length > 60 ? `… (${value.length} characters)` : value
}

/** The response as it may be shown: its headers, and its body decoded, with markers for secrets. */
function readingShown({ response }: ReplayAnswer, kept: Uint8Array | undefined): Reading {
  const coded = response?.body.coding !== null
  const fields = (response?.headers ?? []).filter(([name]) => coded || name.toLowerCase() !== 'content-encoding')
  const body = Buffer.from(kept ?? [])
  return new Reading({
    status: response?.status ?? 0,
    reason: '',
    version: '',
    rawHeaders: fields.flat(),
    rawTrailers: [],
    body,
    length: body.length,
  })
}

function safePath(target: string): string {
  return target.startsWith('/') ? target.replaceAll(/[^\x21-\x7e]/g, '_') : '/'
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done)
  })
}
