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
  if (change.kind !== 'set-header' || !headers) return change
  return headerValue(headers, change.name) === change.value ? { ...change, value: true } : change
}

/** Value of the last field of that name, or undefined. */
function headerValue(headers: readonly string[], name: string): string | undefined {
  for (let at = headers.length - 2; at >= 0; at -= 2) if (headers[at] === name) return headers[at + 1]
  return undefined
}

/** What {@link detailOf} reads of a record. */
export type Judged = Pick<ExchangeRecord, 'trace' | 'claims'> & {
  response?: { headers: readonly string[] } | undefined
}

/**
 * Whether {@link detailOf} would give the same text for both, found out without writing one; then `numbers` gets those of
 * `next`. The traces are of equal shape.
 */
export function fitsDetail(before: Judged, next: Judged, numbers: number[]): boolean {
  const had = numbers.length
  for (let at = 0; at < next.trace.length; at++) {
    const one = before.trace[at]!
    const other = next.trace[at]!
    if (
      sameEvidence(one.evidence, other.evidence, numbers) &&
      sameChanges(one.changes, before, other.changes, next) &&
      sameLearned(one.learned, before, other.learned, next, numbers)
    )
      continue
    numbers.length = had
    return false
  }
  return true
}

function sameEvidence(one: TraceEntry['evidence'], other: TraceEntry['evidence'], numbers: number[]): boolean {
  if (!one || !other || one.length !== other.length) return one === other
  for (let at = 0; at < other.length; at++) {
    const evidence = other[at]!
    if (evidence.at.in !== 'state') {
      if (!alike(one[at], evidence)) return false
    } else {
      if (!alike(one[at], evidence, stateNumbers)) return false
      if (typeof evidence.observed === 'number') numbers.push(evidence.observed)
      if (evidence.detail) pushNumbers(evidence.detail, numbers)
    }
  }
  return true
}

function sameChanges(one: TraceEntry['changes'], before: Judged, other: TraceEntry['changes'], next: Judged): boolean {
  if (!one || !other || one.length !== other.length) return one === other
  for (let at = 0; at < other.length; at++) {
    const repeats = isRepeat(other[at]!, next)
    if (repeats !== isRepeat(one[at]!, before)) return false
    if (!alike(one[at], other[at], repeats ? valueOnly : bytesOnly)) return false
  }
  return true
}

function isRepeat(change: Change, { response }: Judged): boolean {
  if (change.kind !== 'set-header' || !response) return false
  return headerValue(response.headers, change.name) === change.value
}

function sameLearned(
  one: Learned | undefined,
  before: Judged,
  other: Learned | undefined,
  next: Judged,
  numbers: number[],
): boolean {
  if (!one || !other) return one === other
  const known = other.claims !== undefined && other.claims === next.claims
  if (known !== (one.claims !== undefined && one.claims === before.claims)) return false
  if (!alike(one, other, known ? claimsAndCarried : carriedOnly)) return false
  if (other.carried) {
    if (!one.carried || !alike(one.carried, other.carried, everyNumber)) return false
    pushNumbers(other.carried, numbers)
  }
  return true
}

function pushNumbers(values: Readonly<Record<string, unknown>>, numbers: number[]): void {
  for (const name in values) if (typeof values[name] === 'number') numbers.push(values[name])
}

/** What may differ between two values: of some members everything, of others the numbers in them. */
interface Leeway {
  any?: string
  alsoAny?: string
  /** `*`: of all members. */
  numbers?: string
  within?: string
}

const stateNumbers: Leeway = { numbers: 'observed', within: 'detail' }
const everyNumber: Leeway = { numbers: '*' }
const valueOnly: Leeway = { any: 'value' }
const bytesOnly: Leeway = { any: 'bytes' }
const carriedOnly: Leeway = { any: 'carried' }
const claimsAndCarried: Leeway = { any: 'carried', alsoAny: 'claims' }

/** Whether two JSON values give the same text, but for the leeway: the same members in the same order. */
export function alike(one: unknown, other: unknown, leeway?: Leeway): boolean {
  if (one === other) return true
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false
  if (Array.isArray(other)) {
    if (!Array.isArray(one) || one.length !== other.length) return false
    for (let at = 0; at < other.length; at++) if (!alike(one[at], other[at])) return false
    return true
  }
  const names = Object.keys(one)
  let count = 0
  for (const name in other) {
    if (names[count++] !== name) return false
    const a = (one as Record<string, unknown>)[name]
    const b = (other as Record<string, unknown>)[name]
    if (a === b) continue
    if (leeway) {
      if (name === leeway.any || name === leeway.alsoAny) continue
      if ((leeway.numbers === '*' || leeway.numbers === name) && typeof a === 'number' && typeof b === 'number')
        continue
      if (leeway.within === name && alike(a, b, everyNumber)) continue
    }
    if (!alike(a, b)) return false
  }
  return count === names.length
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
