import type { TraceEntry } from '../../gateway-core/pipeline/outcome.ts'
import type { WhatIfCounts, WhatIfList, WhatIfOutcome } from '../../gateway-core/protocol/what-if.ts'
import type { Tone } from '../../gateway-core/verdict.ts'

/** How a kind of change is shown. The marks are those of what a save would do. */
export const kindLooks: Readonly<Record<WhatIfList, { title: string; tone: Tone; mark: string; says: string }>> = {
  same: {
    title: 'same',
    tone: 'pass',
    mark: '●',
    says: 'that the edit leaves as they were recorded',
  },
  newlyDenied: {
    title: 'newly denied',
    tone: 'would',
    mark: '◐',
    says: 'passed as recorded, and would be denied by the edit',
  },
  newlyAllowed: {
    title: 'newly allowed',
    tone: 'deny',
    mark: '✕',
    says: 'denied as recorded, and would pass by the edit',
  },
  otherPolicy: {
    title: 'other policy',
    tone: 'modify',
    mark: '◆',
    says: 'denied or answered as before, but by another policy or with another code',
  },
  transformed: {
    title: 'transformed',
    tone: 'modify',
    mark: '◆',
    says: 'with the same verdict, and another message to the upstream or to the client',
  },
  undecidable: {
    title: 'undecidable',
    tone: 'unknown',
    mark: '?',
    says: 'not to be told, because a fact that the edit asks for was not recorded',
  },
}

/** A text as typed, by its path. */
export interface EditedText {
  readonly path: string
  readonly text: string
}

/** Whether two edits are the same texts. */
export function sameTexts(a: readonly EditedText[], b: readonly EditedText[]): boolean {
  return a.length === b.length && a.every(({ path, text }, at) => b[at]!.path === path && b[at]!.text === text)
}

/** What an outcome comes to in a few words: `pass`, `LIMIT_REACHED 429`. */
export function outcomeText({ verdict, code, status }: WhatIfOutcome): string {
  const what = code ?? verdict
  return status === undefined ? what : `${what} ${status}`
}

/** Names of missing facts with their counts, the most frequent first. */
export function missingFacts({ missing }: Pick<WhatIfCounts, 'missing'>): [name: string, exchanges: number][] {
  return Object.entries(missing).sort(([, a], [, b]) => b - a)
}

/** A fact for people: `signature of header authorization`, of the key that names it. */
export function factText(key: string): string {
  const [kind = '', place = ''] = key.split('|')
  if (Object.hasOwn(lacksOfMessages, kind)) return lacksOfMessages[kind]!
  return place === '' ? kind.replace(':', ' ') : `${kind} of ${place.replace(':', ' ')}`
}

const lacksOfMessages: Readonly<Record<string, string>> = {
  messages: 'messages that were not recorded',
  'message-body': 'the rest of a long message',
  'message-sealed': 'forgotten secrets of a message',
}

/** A step under both versions; one side is missing where it did not run. */
export interface StepPair {
  readonly key: string
  readonly before: TraceEntry | undefined
  readonly after: TraceEntry | undefined
}

/** Puts the steps of two traces side by side: the same policy in the same phase stands in one line, in the order of both. */
export function pairSteps(before: readonly TraceEntry[], after: readonly TraceEntry[]): StepPair[] {
  const keysBefore = before.map(keyOf)
  const keysAfter = after.map(keyOf)
  const common = longestCommon(keysBefore, keysAfter)
  const pairs: StepPair[] = []
  let [a, b] = [0, 0]
  const push = (one: TraceEntry | undefined, other: TraceEntry | undefined) =>
    pairs.push({ key: `${pairs.length} ${keyOf((one ?? other)!)}`, before: one, after: other })
  for (const [atA, atB] of [...common, [before.length, after.length] as const]) {
    while (a < atA) push(before[a++], undefined)
    while (b < atB) push(undefined, after[b++])
    if (a < before.length && b < after.length) push(before[a++], after[b++])
  }
  return pairs
}

/** Whether the two sides of a pair tell of another decision: times do not count. */
export function isDifferent({ before, after }: StepPair): boolean {
  if (!before || !after) return true
  return (
    before.verdict !== after.verdict ||
    before.code !== after.code ||
    before.reason !== after.reason ||
    before.mode !== after.mode ||
    JSON.stringify([before.evidence, before.changes, before.learned]) !==
      JSON.stringify([after.evidence, after.changes, after.learned])
  )
}

/** A run of steps that are alike on both sides, folded into one line, or one pair. */
export type Stretch =
  | { readonly kind: 'alike'; readonly key: string; readonly names: readonly string[] }
  | { readonly kind: 'pair'; readonly pair: StepPair }

/** Folds three and more alike steps in a row, but for the one before a difference: it shows where one is. */
export function stretches(pairs: readonly StepPair[], whole: boolean): Stretch[] {
  const found: Stretch[] = []
  for (let at = 0; at < pairs.length; ) {
    let end = at
    while (end < pairs.length && !isDifferent(pairs[end]!)) end++
    const folded = end < pairs.length ? end - 1 : end
    if (!whole && folded - at >= 3) {
      const names = pairs.slice(at, folded).map((pair) => (pair.before ?? pair.after)!.policy)
      found.push({ kind: 'alike', key: `alike ${at}`, names })
      at = folded
    }
    for (const pair of pairs.slice(at, end + 1)) found.push({ kind: 'pair', pair })
    at = end + 1
  }
  return found
}

function keyOf({ policy, phase, branch }: TraceEntry): string {
  return `${phase} ${branch ?? ''} ${policy}`
}

/** Places of a longest common subsequence, in order. Traces have tens of steps. */
function longestCommon(a: readonly string[], b: readonly string[]): [number, number][] {
  const lengths = Array.from({ length: a.length + 1 }, () => Array.from({ length: b.length + 1 }, () => 0))
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      lengths[i]![j] = a[i] === b[j] ? lengths[i + 1]![j + 1]! + 1 : Math.max(lengths[i + 1]![j]!, lengths[i]![j + 1]!)
    }
  }
  const found: [number, number][] = []
  let [i, j] = [0, 0]
  while (i < a.length && j < b.length) {
    if (a[i] === b[j]) found.push([i++, j++])
    else if (lengths[i + 1]![j]! >= lengths[i]![j + 1]!) i++
    else j++
  }
  return found
}
