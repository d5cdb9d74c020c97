import type { Claims } from '../exchange.ts'
import type { Change, Learned } from '../pipeline/outcome.ts'

/** What one step did, as the store keeps it for all exchanges that were judged alike; see `detailOf`. */
export interface StepTemplate {
  changes: readonly Change[] | undefined
  learned: Learned | undefined
  /** Where the numbers of `learned.carried` begin among those of the exchange. */
  carriedFrom: number
}

/** Reads a detail text once for all exchanges that share it. */
export function detailTemplate(text: string): (StepTemplate | undefined)[] {
  let numbers = 0
  return (JSON.parse(text) as (unknown[] | 0)[]).map((entry) => {
    if (entry === 0) return undefined
    const [evidence, changes, learned] = entry as [StateEvidence[]?, Change[]?, Learned?]
    for (const { at, observed, detail } of evidence ?? []) {
      if (at.in !== 'state') continue
      if (typeof observed === 'number') numbers++
      numbers += numbersIn(detail)
    }
    const carriedFrom = numbers
    numbers += numbersIn(learned?.carried)
    return { changes: changes?.map(withBytes), learned, carriedFrom }
  })
}

/** Changes of one exchange: header values that its response shows are put back. */
export function changesOf({ changes }: StepTemplate, headers: () => readonly string[]): readonly Change[] | undefined {
  if (!changes?.some(isLeftOut)) return changes
  return changes.map((change) => {
    if (!isLeftOut(change)) return change
    const { name } = change as Extract<Change, { kind: 'set-header' }>
    const list = headers()
    let value = ''
    for (let at = list.length - 2; at >= 0 && value === ''; at -= 2) if (list[at] === name) value = list[at + 1]!
    return { kind: 'set-header', name, value }
  })
}

export function learnedOf(
  { learned, carriedFrom }: StepTemplate,
  claims: Claims | undefined,
  numbers: (at: number) => number,
): Learned | undefined {
  if (!learned) return undefined
  const known = (learned.claims as unknown) === true
  if (!known && !learned.carried) return learned
  const full = { ...learned }
  if (known && claims) full.claims = claims
  if (learned.carried) {
    let at = carriedFrom
    const carried = Object.entries(learned.carried).map(([name, value]) => [
      name,
      typeof value === 'number' ? numbers(at++) : value,
    ])
    full.carried = Object.fromEntries(carried) as NonNullable<Learned['carried']>
  }
  return full
}

interface StateEvidence {
  at: { in: string }
  observed?: unknown
  detail?: Readonly<Record<string, unknown>>
}

function numbersIn(values: Readonly<Record<string, unknown>> | undefined): number {
  let count = 0
  for (const name in values) if (typeof values[name] === 'number') count++
  return count
}

/** A value that stands in the response as well is left out of the text. */
function isLeftOut(change: Change): boolean {
  return change.kind === 'set-header' && (change.value as unknown) === true
}

const noBytes = new Uint8Array()

function withBytes(change: Change): Change {
  return change.kind === 'set-body' ? { ...change, bytes: noBytes } : change
}
