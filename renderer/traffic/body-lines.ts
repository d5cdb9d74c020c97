import { diffLines } from '../policies/line-diff.ts'
import { jsonLines } from './json-pretty.ts'

/** A line of a comparison; `equal` ones that are far from a change are folded into one `gap`. */
export interface DiffLine {
  kind: 'equal' | 'del' | 'add' | 'gap'
  text: string
}

/** Equal lines that are shown around a change. */
const around = 3

/** Two bodies line by line; JSON is laid out first, so that one long line becomes those that changed. */
export function compareBodies(before: string, after: string): DiffLine[] {
  const [a, b] = linesOfBoth(before, after)
  const lines: DiffLine[] = []
  let at = 0
  const equal = (until: number) => {
    const head = at === 0 ? 0 : around
    const tail = until === a.length ? 0 : around
    const folded = until - at - head - tail
    // One line folded would be one line won.
    if (folded < 2) return push('equal', a.slice(at, until))
    push('equal', a.slice(at, at + head))
    lines.push({ kind: 'gap', text: `${folded} equal lines` })
    push('equal', a.slice(until - tail, until))
  }
  const push = (kind: DiffLine['kind'], texts: readonly string[]) => {
    for (const text of texts) lines.push({ kind, text })
  }
  for (const { aStart, aEnd, bStart, bEnd } of diffLines(a, b)) {
    equal(aStart)
    push('del', a.slice(aStart, aEnd))
    push('add', b.slice(bStart, bEnd))
    at = aEnd
  }
  equal(a.length)
  return lines
}

/** Both laid out, or both as they came: else every line would differ. */
function linesOfBoth(before: string, after: string): [string[], string[]] {
  const [a, b] = [jsonOf(before), jsonOf(after)]
  return a && b ? [a, b] : [before.split(/\r\n|\r|\n/), after.split(/\r\n|\r|\n/)]
}

function jsonOf(text: string): string[] | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined
  return jsonLines(text)?.map(({ indent, pieces }) => '  '.repeat(indent) + pieces.map((piece) => piece.text).join(''))
}
