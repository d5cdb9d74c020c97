import { diffLines, type Hunk } from './line-diff.ts'

/** Both edits in one text, or the lines (1-based, of `mine`) at which they contradict each other. */
export type Merge = { clean: true; text: string } | { clean: false; conflicts: number[] }

/**
 * Merges two edits of one text by lines. Hunks that do not overlap or touch are both taken; equal hunks are taken once;
 * anything else is a conflict that a person decides. Line ends are kept as they stand in the text each line came from.
 */
export function mergeTexts(base: string, mine: string, theirs: string): Merge {
  const [baseLines, mineLines, theirLines] = [base, mine, theirs].map(splitLines) as [string[], string[], string[]]
  const mineHunks = diffLines(baseLines, mineLines)
  const theirHunks = diffLines(baseLines, theirLines)
  const out: string[] = []
  const conflicts: number[] = []
  let at = 0
  let m = 0
  let t = 0
  while (m < mineHunks.length || t < theirHunks.length) {
    const mineHunk = mineHunks[m]
    const theirHunk = theirHunks[t]
    if (mineHunk && theirHunk && touch(mineHunk, theirHunk)) {
      const mineText = mineLines.slice(mineHunk.bStart, mineHunk.bEnd)
      const theirText = theirLines.slice(theirHunk.bStart, theirHunk.bEnd)
      const same =
        mineHunk.aStart === theirHunk.aStart && mineHunk.aEnd === theirHunk.aEnd && equal(mineText, theirText)
      if (!same) conflicts.push(mineHunk.bStart + 1)
      out.push(...baseLines.slice(at, mineHunk.aStart), ...mineText)
      at = Math.max(mineHunk.aEnd, theirHunk.aEnd)
      m++
      t++
      continue
    }
    const mineFirst = mineHunk !== undefined && (theirHunk === undefined || mineHunk.aStart < theirHunk.aStart)
    const hunk = mineFirst ? mineHunk : theirHunk!
    const lines = mineFirst ? mineLines : theirLines
    out.push(...baseLines.slice(at, hunk.aStart), ...lines.slice(hunk.bStart, hunk.bEnd))
    at = hunk.aEnd
    if (mineFirst) m++
    else t++
  }
  out.push(...baseLines.slice(at))
  return conflicts.length > 0 ? { clean: false, conflicts } : { clean: true, text: out.join('') }
}

/** Lines with their ends, so that joining them gives the text again. */
export function splitLines(text: string): string[] {
  return text.match(/[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+$/g) ?? []
}

function touch(a: Hunk, b: Hunk): boolean {
  return a.aStart <= b.aEnd && b.aStart <= a.aEnd
}

function equal(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((line, index) => line === b[index])
}
