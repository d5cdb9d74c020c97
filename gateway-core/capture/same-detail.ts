import type { Evidence } from '../exchange.ts'
import type { Change, Learned, TraceEntry } from '../pipeline/outcome.ts'
import type { ExchangeRecord } from './record.ts'
import { isRepeat } from './trace-detail.ts'

// Runs for each exchange: values are compared member by member under their names, and what is the same object at once.

/** What `detailOf` reads of a record. */
export type Judged = Pick<ExchangeRecord, 'trace' | 'claims'> & {
  response?: { headers: readonly string[] } | undefined
}

/**
 * Whether `detailOf` would say the same of both, found out without writing a text; then `numbers` gets those of `next`. The
 * traces are of equal shape.
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
  for (let at = 0; at < other.length; at++) if (!sameOne(one[at]!, other[at]!, numbers)) return false
  return true
}

function sameOne(one: Evidence, other: Evidence, numbers: number[]): boolean {
  const { at, observed, detail } = other
  const state = at.in === 'state'
  if (one === other && !state) return true
  if (one.expected !== other.expected || one.secret !== other.secret || !alike(one.at, at)) return false
  if (state && typeof observed === 'number') {
    if (typeof one.observed !== 'number') return false
    numbers.push(observed)
  } else if (!alike(one.observed, observed)) return false
  return state ? sameButNumbers(one.detail, detail, numbers) : alike(one.detail, detail)
}

function sameChanges(one: TraceEntry['changes'], before: Judged, other: TraceEntry['changes'], next: Judged): boolean {
  if (!one || !other || one.length !== other.length) return one === other
  for (let at = 0; at < other.length; at++) {
    const repeats = isRepeat(other[at]!, next.response?.headers)
    if (repeats !== isRepeat(one[at]!, before.response?.headers)) return false
    if (!sameChange(one[at]!, other[at]!, repeats)) return false
  }
  return true
}

/** A value that the response shows, and the bytes of a body, stand elsewhere. */
function sameChange(one: Change, other: Change, repeats: boolean): boolean {
  if (other.kind === 'set-header') {
    return one.kind === 'set-header' && one.name === other.name && (repeats || one.value === other.value)
  }
  if (other.kind === 'set-body') return one.kind === 'set-body' && one.contentType === other.contentType
  return alike(one, other)
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
  return (
    one.clientAddress === other.clientAddress &&
    alike(one.consumer, other.consumer) &&
    (known || alike(one.claims, other.claims)) &&
    alike(one.sealed, other.sealed) &&
    sameButNumbers(one.carried, other.carried, numbers)
  )
}

type Named = Readonly<Record<string, unknown>>

/** The same members in the same order, whose numbers may differ; `numbers` gets them. */
function sameButNumbers(one: Named | undefined, other: Named | undefined, numbers: number[]): boolean {
  return one && other ? sameMembers(one, other, numbers) : one === other
}

/** The same members in the same order; with `numbers`, which gets them, their numbers may differ. */
function sameMembers(one: Named, other: Named, numbers?: number[]): boolean {
  const names = Object.keys(other)
  const before = Object.keys(one)
  if (names.length !== before.length) return false
  for (let at = 0; at < names.length; at++) {
    const name = names[at]!
    if (name !== before[at]) return false
    const value = other[name]
    if (numbers && typeof value === 'number') {
      if (typeof one[name] !== 'number') return false
      numbers.push(value)
    } else if (!alike(one[name], value)) return false
  }
  return true
}

/** Whether two JSON values give the same text: the same members in the same order. */
export function alike(one: unknown, other: unknown): boolean {
  if (one === other) return true
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false
  if (!Array.isArray(other)) return !Array.isArray(one) && sameMembers(one as Named, other as Named)
  if (!Array.isArray(one) || one.length !== other.length) return false
  for (let at = 0; at < other.length; at++) if (!alike(one[at], other[at])) return false
  return true
}
