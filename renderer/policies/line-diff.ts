/** Lines `[aStart, aEnd)` of one text became lines `[bStart, bEnd)` of the other. */
export interface Hunk {
  readonly aStart: number
  readonly aEnd: number
  readonly bStart: number
  readonly bEnd: number
}

/** Past this many edits the rest is one hunk: correct, only coarser. */
const editLimit = 800

/**
 * The hunks in which two lists of lines differ, in order, never touching each other (Myers, O(ND)). Between hunks the
 * lines are equal.
 */
export function diffLines(a: readonly string[], b: readonly string[]): Hunk[] {
  let start = 0
  while (start < a.length && start < b.length && a[start] === b[start]) start++
  let aEnd = a.length
  let bEnd = b.length
  while (aEnd > start && bEnd > start && a[aEnd - 1] === b[bEnd - 1]) {
    aEnd--
    bEnd--
  }
  if (start === aEnd && start === bEnd) return []
  const path = shortestPath(a.slice(start, aEnd), b.slice(start, bEnd))
  if (!path) return [{ aStart: start, aEnd, bStart: start, bEnd }]
  return hunksAlong(path, start)
}

/** The kept pairs `[x, y]` of a shortest edit script with the end as last; undefined where there are too many edits. */
function shortestPath(a: readonly string[], b: readonly string[]): [number, number][] | undefined {
  const most = a.length + b.length
  const furthest = new Map<number, number>([[1, 0]])
  const history: Map<number, number>[] = []
  for (let edits = 0; edits <= most; edits++) {
    if (edits > editLimit) return undefined
    history.push(new Map(furthest))
    for (let k = -edits; k <= edits; k += 2) {
      const down = k === -edits || (k !== edits && (furthest.get(k - 1) ?? -1) < (furthest.get(k + 1) ?? -1))
      let x = down ? furthest.get(k + 1)! : furthest.get(k - 1)! + 1
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++
      furthest.set(k, x)
      if (x >= a.length && x - k >= b.length) return walkBack(history, a.length, b.length)
    }
  }
  return undefined
}

function walkBack(history: readonly Map<number, number>[], aLength: number, bLength: number): [number, number][] {
  const kept: [number, number][] = [[aLength, bLength]]
  let x = aLength
  let y = bLength
  for (let edits = history.length - 1; edits >= 0; edits--) {
    const furthest = history[edits]!
    const k = x - y
    const down = k === -edits || (k !== edits && (furthest.get(k - 1) ?? -1) < (furthest.get(k + 1) ?? -1))
    const before = down ? k + 1 : k - 1
    const fromX = edits === 0 ? 0 : furthest.get(before)!
    const fromY = edits === 0 ? 0 : fromX - before
    const snakeX = edits === 0 ? 0 : down ? fromX : fromX + 1
    while (x > snakeX) kept.push([--x, --y])
    x = fromX
    y = fromY
  }
  return kept.reverse()
}

function hunksAlong(kept: readonly [number, number][], offset: number): Hunk[] {
  const hunks: Hunk[] = []
  let x = 0
  let y = 0
  for (const [keptX, keptY] of kept) {
    if (keptX > x || keptY > y) {
      hunks.push({ aStart: x + offset, aEnd: keptX + offset, bStart: y + offset, bEnd: keptY + offset })
    }
    x = keptX + 1
    y = keptY + 1
  }
  return hunks
}
