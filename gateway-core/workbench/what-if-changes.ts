import type { ExchangeSummary } from '../capture/summary.ts'
import type { WhatIfGroup, WhatIfKind, WhatIfLine, WhatIfRow } from '../protocol/what-if.ts'
import type { WhatIfChange } from '../rejudge/what-if.ts'

interface Group {
  shown: WhatIfGroup
  changes: WhatIfChange[]
}

/** What one edit changes, kept as a screen lists it: by kind, by reason, the newest first. */
export class WhatIfChanges {
  readonly #byKind = new Map<WhatIfKind, Map<string, Group>>()
  readonly #lines = new Map<string, WhatIfLine>()
  /** Groups in the order shown; forgotten when more comes. */
  readonly #shown = new Map<WhatIfKind, readonly Group[]>()
  #size = 0

  get size(): number {
    return this.#size
  }

  add(changes: readonly WhatIfChange[]): void {
    this.#size += changes.length
    for (const change of changes) {
      this.#shown.delete(change.kind)
      let groups = this.#byKind.get(change.kind)
      if (!groups) this.#byKind.set(change.kind, (groups = new Map()))
      const reason = reasonOf(change)
      const key = JSON.stringify(reason)
      let group = groups.get(key)
      if (!group) groups.set(key, (group = { shown: { ...reason, exchanges: 0, warming: 0 }, changes: [] }))
      group.changes.push(change)
      group.shown.exchanges++
      if (change.warming) group.shown.warming++
      this.#addLine(change)
    }
  }

  lines(): WhatIfLine[] {
    return [...this.#lines.values()]
  }

  groups(kind: WhatIfKind): WhatIfGroup[] {
    return this.#groups(kind).map(({ shown }) => shown)
  }

  /** Sequences of the exchanges of a kind. */
  orders(kind: WhatIfKind): number[] {
    return this.#groups(kind).flatMap(({ changes }) => changes.map(({ order }) => order))
  }

  /** Rows of all groups of a kind, one group after the other. */
  rows(
    kind: WhatIfKind,
    from: number,
    count: number,
    read: (orders: readonly number[]) => readonly ExchangeSummary[],
  ): WhatIfRow[] {
    const found: { group: number; change: WhatIfChange }[] = []
    let start = 0
    for (const [group, { changes }] of this.#groups(kind).entries()) {
      const first = Math.max(0, from - start)
      const last = Math.min(changes.length, from + count - start)
      for (let at = first; at < last; at++) found.push({ group, change: changes[changes.length - 1 - at]! })
      start += changes.length
    }
    const summaries = new Map(read(found.map(({ change }) => change.order)).map((one) => [one.id, one]))
    return found.map(({ group, change: { id, before, after, warming, message } }) => ({
      id,
      group,
      before,
      after,
      ...(message && { message }),
      warming: warming === true,
      exchange: summaries.get(id) ?? null,
    }))
  }

  #groups(kind: WhatIfKind): readonly Group[] {
    let shown = this.#shown.get(kind)
    if (!shown) {
      shown = [...(this.#byKind.get(kind)?.values() ?? [])].sort((a, b) => b.changes.length - a.changes.length)
      this.#shown.set(kind, shown)
    }
    return shown
  }

  #addLine({ kind, before, after }: WhatIfChange): void {
    const edited = after.position
    const place = edited ?? before.position
    if (!place) return
    const of = edited ? 'edited' : 'saved'
    const key = `${kind} ${of} ${place.line} ${place.file}`
    const line = this.#lines.get(key)
    if (line) line.exchanges++
    else this.#lines.set(key, { file: place.file, line: place.line, of, kind, exchanges: 1 })
  }
}

function reasonOf({
  kind,
  before,
  after,
  missing,
  differs,
}: WhatIfChange): Pick<WhatIfGroup, 'policy' | 'code' | 'what'> {
  if (kind === 'undecidable') return { ...policyOf(after.decidedBy), what: missing ?? 'a fact' }
  if (kind === 'transformed') return { what: differs?.join(', ') ?? 'the message' }
  const deciding = kind === 'newlyAllowed' ? before : after
  const code = deciding.code ?? (deciding.verdict === 'deny' ? undefined : deciding.verdict)
  return { ...policyOf(deciding.decidedBy), ...(code !== undefined && { code }) }
}

function policyOf(policy: string | undefined): { policy?: string } {
  return policy === undefined ? {} : { policy }
}
