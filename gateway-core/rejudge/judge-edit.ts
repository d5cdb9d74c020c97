import type { Context } from '../capture/decode-context.ts'
import type { Workspace } from '../config/workspace.ts'
import { judgeTraffic } from './judge-traffic.ts'
import { classify, type Judged } from './judged.ts'
import type { SharedFacts } from './shared-facts.ts'
import type { Traffic } from './traffic.ts'
import type { WhatIfTotals } from '../protocol/what-if.ts'
import type { WhatIfChange, WhatIfOptions, WhatIfReport } from './what-if.ts'

export interface EditToJudge extends WhatIfOptions {
  baseline: Workspace
  candidate: Workspace
  traffic: Traffic
  /** The workspace that exchanges were recorded under, where it is known. */
  recordedUnder: (context: Context) => Workspace | undefined
  facts: SharedFacts
  /** Numbers of the exchanges that are asked about; default: all. */
  only?: ReadonlySet<number>
  reuse?: boolean
  /** How the exchanges end under the baseline, where that was judged before. */
  before?: readonly Judged[]
  /** When the question came, by `performance.now()`. */
  begun?: number
}

/** Results are told this often, in ms; the first ones as soon as there are any. */
const tellMs = 50
/** Signatures that an answer brings up may bring up others. */
const rounds = 4

/** How every exchange of the traffic ends under a workspace. */
export async function judgeAll(
  workspace: Workspace,
  { traffic, recordedUnder, facts, only, reuse, signal }: Omit<EditToJudge, 'baseline' | 'candidate'>,
): Promise<Judged[]> {
  let results: Judged[] = []
  for (let round = 0; round < rounds; round++) {
    results = []
    await judgeTraffic({
      workspace,
      traffic,
      recordedUnder,
      facts: facts.of,
      judged: (at, judged) => (results[at] = judged),
      breathe: breathing(signal),
      ...(reuse !== undefined && { reuse }),
      ...(only && { only }),
    })
    if (!(await facts.resolve())) break
  }
  return results
}

/**
 * Judges traffic by an edit and compares with what it meets before the edit: that is the record, where it was recorded
 * under the same policies, else it is judged as well. Rejects with the signal's reason when it is aborted.
 */
export async function judgeEdit(edit: EditToJudge): Promise<WhatIfReport> {
  const { begun = performance.now(), traffic, only, signal, onProgress, reuse, facts, recordedUnder } = edit
  signal?.throwIfAborted()
  const before = edit.before ?? (await judgeAll(edit.baseline, edit))
  const tally = new Tally(traffic, only?.size ?? traffic.length, begun)
  let lastTold = -Infinity
  const breathe = breathing(signal, () => {
    const now = performance.now()
    if (!onProgress || now - lastTold < tellMs) return
    lastTold = now
    onProgress(tally.counts(false), tally.takeFresh())
  })
  for (let round = 0; round < rounds; round++) {
    tally.reset()
    await judgeTraffic({
      workspace: edit.candidate,
      traffic,
      recordedUnder,
      facts: facts.of,
      judged: (at, judged) => tally.add(at, before[at]!, judged),
      breathe,
      ...(reuse !== undefined && { reuse }),
      ...(only && { only }),
    })
    if (!(await facts.resolve())) break
  }
  const counts = tally.counts(true)
  onProgress?.(counts, tally.takeFresh())
  return { ...counts, changes: tally.changes.sort((one, other) => one.order - other.order) }
}

/** Lets others run, and ends what was aborted. */
function breathing(signal: AbortSignal | undefined, tell?: () => void): () => Promise<void> {
  return async () => {
    tell?.()
    await new Promise<void>((resolve) => setImmediate(resolve))
    signal?.throwIfAborted()
  }
}

/** Counts as results come in. */
class Tally {
  changes: WhatIfChange[] = []
  readonly #traffic: Traffic
  readonly #exchanges: number
  readonly #begun: number
  #kinds = noKinds()
  #missing: Record<string, number> = {}
  #judged = 0
  #same = 0
  #reused = 0
  #warming = 0
  #told = 0

  constructor(traffic: Traffic, exchanges: number, begun: number) {
    this.#traffic = traffic
    this.#exchanges = exchanges
    this.#begun = begun
  }

  reset(): void {
    this.changes = []
    this.#kinds = noKinds()
    this.#missing = {}
    this.#judged = this.#same = this.#reused = this.#warming = this.#told = 0
  }

  add(at: number, before: Judged, after: Judged): void {
    this.#judged++
    if (after.reused && before.reused) this.#reused++
    if (after.warming) this.#warming++
    const found = classify(before, after)
    if (!found) {
      this.#same++
      return
    }
    const { kind, differs, message } = found
    this.#kinds[kind]++
    const missing = found.missing ?? after.missing ?? (kind === 'undecidable' ? before.missing : undefined)
    if (kind === 'undecidable') this.#missing[missing ?? ''] = (this.#missing[missing ?? ''] ?? 0) + 1
    const { id, order } = this.#traffic.exchange(at)
    const change: WhatIfChange = { id, order, kind, before: before.outcome, after: after.outcome }
    if (after.warming) change.warming = true
    if (missing !== undefined) change.missing = missing
    if (differs) change.differs = differs
    if (message) change.message = message
    this.changes.push(change)
  }

  counts(done: boolean): WhatIfTotals {
    return {
      exchanges: this.#exchanges,
      judged: this.#judged,
      same: this.#same,
      ...this.#kinds,
      missing: { ...this.#missing },
      reused: this.#reused,
      warming: this.#warming,
      milliseconds: Math.round((performance.now() - this.#begun) * 10) / 10,
      done,
    }
  }

  takeFresh(): WhatIfChange[] {
    const fresh = this.changes.slice(this.#told)
    this.#told = this.changes.length
    return fresh
  }
}

function noKinds() {
  return { newlyDenied: 0, newlyAllowed: 0, otherPolicy: 0, transformed: 0, undecidable: 0 }
}
