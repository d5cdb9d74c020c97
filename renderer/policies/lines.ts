import { diffLines, type Hunk } from './line-diff.ts'

/** Where lines of one text stand in another one. */
export interface LineMap {
  /** The line (1-based) now; `changed` when its own text is another. Undefined where the line is gone. */
  now(line: number): { line: number; changed: boolean } | undefined
}

/** Follows lines from `before` to `after`; an edited line is followed when its hunk keeps the number of lines. */
export function mapLines(before: string, after: string): LineMap {
  const hunks = before === after ? [] : diffLines(before.split(/\r\n|\r|\n/), after.split(/\r\n|\r|\n/))
  return {
    now: (line) => {
      const found = follow(hunks, line - 1)
      return found && { line: found.index + 1, changed: found.changed }
    },
  }
}

function follow(hunks: readonly Hunk[], index: number): { index: number; changed: boolean } | undefined {
  let shift = 0
  for (const { aStart, aEnd, bStart, bEnd } of hunks) {
    if (index < aStart) break
    if (index < aEnd) {
      return aEnd - aStart === bEnd - bStart ? { index: bStart + index - aStart, changed: true } : undefined
    }
    shift = bEnd - aEnd
  }
  return { index: index + shift, changed: false }
}

/** The line (1-based) at which the policy begins that a line belongs to, with its type; undefined outside of policies. */
export function policyAt(
  lines: readonly string[],
  line: number,
  isPolicy: (type: string) => boolean,
): { line: number; type: string } | undefined {
  let indent = Number.POSITIVE_INFINITY
  for (let at = line; at >= 1; at--) {
    const text = lines[at - 1] ?? ''
    if (text.trim() === '' || /^\s*#/.test(text)) {
      if (at === line) return undefined
      continue
    }
    const own = text.length - text.trimStart().length
    if (own >= indent) continue
    indent = own
    const item = /^\s*(?:-\s+)+(?:name:\s*)?["']?([\w-]+)["']?\s*(?::|$|#)/.exec(text)
    if (item && isPolicy(item[1]!)) return { line: at, type: item[1]! }
  }
  return undefined
}
