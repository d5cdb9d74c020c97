import type { Claims, Evidence } from '../exchange.ts'
import type { Change, Learned, TraceEntry } from '../pipeline/outcome.ts'
import type { ExchangeRecord } from './record.ts'

/**
 * Evidence and the like of each trace entry, or null when no entry has any. What differs between exchanges that are
 * judged alike is left out, so that the text repeats: claims of the exchange are `true` and stand with the facts, a
 * header value that the response shows is `true`, and the numbers of a limiter are 0 and stand in `numbers`.
 */
export function detailOf(
  record: Pick<ExchangeRecord, 'trace' | 'claims' | 'response'>,
  numbers: number[] = [],
): string | null {
  const { trace, claims, response } = record
  let detail: unknown[] | undefined
  for (let at = 0; at < trace.length; at++) {
    const { evidence, changes, learned } = trace[at]!
    if (!evidence && !changes && !learned) continue
    detail ??= trace.map(() => 0)
    const entry: unknown[] = [evidence?.map((one) => withoutNumbers(one, numbers))]
    if (changes || learned) entry.push(changes?.map((change) => withoutRepeats(change, response?.headers)))
    if (learned) {
      const known = claims !== undefined && learned.claims === claims ? { ...learned, claims: true } : learned
      entry.push(known.carried ? { ...known, carried: takeNumbers(known.carried, numbers) } : known)
    }
    detail[at] = entry
  }
  return detail ? JSON.stringify(detail) : null
}

/** The state of a limiter is a number or two that no other exchange has. */
function withoutNumbers(evidence: Evidence, numbers: number[]): Evidence {
  if (evidence.at.in !== 'state') return evidence
  const { observed, detail } = evidence
  const bare = { ...evidence }
  if (typeof observed === 'number') {
    numbers.push(observed)
    bare.observed = 0
  }
  if (detail) bare.detail = takeNumbers(detail, numbers)
  return bare
}

function takeNumbers<T extends Readonly<Record<string, unknown>>>(values: T, numbers: number[]): T {
  const bare: Record<string, unknown> = {}
  for (const name in values) {
    const value = values[name]
    if (typeof value === 'number') numbers.push(value)
    bare[name] = typeof value === 'number' ? 0 : value
  }
  return bare as T
}

/** A changed body is kept with the message it belongs to; the trace only says that it changed. So is a header value. */
function withoutRepeats(change: Change, headers: readonly string[] | undefined): unknown {
  if (change.kind === 'set-body') return { ...change, bytes: undefined }
  return isRepeat(change, headers) ? { ...change, value: true } : change
}

/** Whether a change sets a header field to what the response shows anyway. */
export function isRepeat(change: Change, headers: readonly string[] | undefined): boolean {
  return change.kind === 'set-header' && headers !== undefined && headerValue(headers, change.name) === change.value
}

/** Value of the last field of that name, or undefined. */
function headerValue(headers: readonly string[], name: string): string | undefined {
  for (let at = headers.length - 2; at >= 0; at -= 2) if (headers[at] === name) return headers[at + 1]
  return undefined
}

const noBytes = new Uint8Array()

type Detail = Pick<TraceEntry, 'evidence' | 'changes' | 'learned'>

/** What `detailOf` left out of the text; without it those values stay as they were written. */
export interface LeftOut {
  claims: Claims | undefined
  /** Header list of the response. */
  headers: readonly string[]
  numbers: readonly number[]
}

/** What `detailOf` wrote, entry by entry. */
export function decodeDetail(text: string, leftOut?: LeftOut): Detail[] {
  const entries = JSON.parse(text) as (unknown[] | 0)[]
  const numbers = leftOut?.numbers.values()
  return entries.map((entry) => {
    const detail: Detail = {}
    if (entry === 0) return detail
    const [evidence, changes, learned] = entry as [Detail['evidence'], Detail['changes'], Detail['learned']]
    if (evidence) detail.evidence = numbers ? evidence.map((one) => withNumbers(one, numbers)) : evidence
    if (changes) detail.changes = changes.map((change) => withRepeats(change, leftOut?.headers))
    if (learned) detail.learned = leftOut && numbers ? withKnown(learned, leftOut.claims, numbers) : learned
    return detail
  })
}

function withNumbers(evidence: Evidence, numbers: Iterator<number>): Evidence {
  if (evidence.at.in !== 'state') return evidence
  const full = { ...evidence }
  if (typeof full.observed === 'number') full.observed = next(numbers)
  if (full.detail) full.detail = putNumbers(full.detail, numbers)
  return full
}

function withRepeats(change: Change, headers: readonly string[] | undefined): Change {
  if (change.kind === 'set-body') return { ...change, bytes: noBytes }
  if (change.kind !== 'set-header' || (change.value as unknown) !== true) return change
  return { ...change, value: (headers && headerValue(headers, change.name)) ?? '' }
}

function withKnown(learned: Learned, claims: Claims | undefined, numbers: Iterator<number>): Learned {
  const full = { ...learned }
  if ((full.claims as unknown) === true) full.claims = claims
  if (full.carried) full.carried = putNumbers(full.carried, numbers)
  return full
}

function putNumbers<T extends Readonly<Record<string, unknown>>>(values: T, numbers: Iterator<number>): T {
  const entries = Object.entries(values).map(([name, value]) => [
    name,
    typeof value === 'number' ? next(numbers) : value,
  ])
  return Object.fromEntries(entries) as T
}

function next(numbers: Iterator<number>): number {
  return numbers.next().value as number
}
