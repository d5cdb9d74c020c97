import type { WhatIfGroup } from '../../gateway-core/protocol/what-if.ts'

/** One line of the list: the head of a group, or one of its exchanges (`at`: its place among all). */
export type WhatIfItem = { kind: 'group'; group: WhatIfGroup; index: number } | { kind: 'row'; at: number }

/** What stands in a line of the list of all groups with their exchanges. */
export function itemAt(groups: readonly WhatIfGroup[], line: number): WhatIfItem | undefined {
  let start = 0
  let before = 0
  for (const [index, group] of groups.entries()) {
    if (line === start) return { kind: 'group', group, index }
    if (line <= start + group.exchanges) return { kind: 'row', at: before + line - start - 1 }
    start += 1 + group.exchanges
    before += group.exchanges
  }
  return undefined
}

/** The line at which an exchange stands. */
export function lineOf(groups: readonly WhatIfGroup[], at: number): number {
  let before = 0
  for (const [index, { exchanges }] of groups.entries()) {
    before += exchanges
    if (at < before) return at + index + 1
  }
  return at + groups.length
}

export function exchangesIn(groups: readonly WhatIfGroup[]): number {
  return groups.reduce((sum, { exchanges }) => sum + exchanges, 0)
}
