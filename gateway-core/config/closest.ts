/**
 * The candidate that was most likely meant by `text`: the one with the fewest edits (insert, delete, replace, swap of
 * neighbours), if they are few for its length. Undefined when nothing is near.
 */
export function closest(text: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined
  let fewest = Math.min(text.length, Math.max(1, Math.floor(text.length / 3)) + 1)
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - text.length) >= fewest) continue
    const edits = editDistance(text.toLowerCase(), candidate.toLowerCase())
    if (edits < fewest) {
      fewest = edits
      best = candidate
    }
  }
  return best ?? longerOrShorter(text, candidates)
}

/** `match` for `matches`, `headers` for `header`: one is the beginning of the other. */
function longerOrShorter(text: string, candidates: Iterable<string>): string | undefined {
  if (text.length < 3) return undefined
  for (const candidate of candidates) {
    if (candidate.startsWith(text) || (candidate.length >= 3 && text.startsWith(candidate))) return candidate
  }
  return undefined
}

/** `did you mean "x"?`, else a list of what there is, else undefined. */
export function didYouMean(text: string, candidates: readonly string[], kind: string): string | undefined {
  const meant = closest(text, candidates)
  if (meant !== undefined) return `did you mean "${meant}"?`
  if (candidates.length === 0) return undefined
  const shown = candidates.slice(0, 20).join(', ')
  return `${kind}: ${shown}${candidates.length > 20 ? ', …' : ''}`
}

/** Optimal string alignment distance, three rows at a time. */
function editDistance(a: string, b: string): number {
  let before: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1]
      let edits = Math.min(previous[column]! + 1, current[column - 1]! + 1, previous[column - 1]! + (same ? 0 : 1))
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      if (swapped) edits = Math.min(edits, before[column - 2]! + 1)
      current.push(edits)
    }
    before = previous
    previous = current
  }
  return previous[b.length]!
}
