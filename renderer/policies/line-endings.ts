import { diffLines } from './line-diff.ts'
import { splitLines } from './merge.ts'

const lineEnd = /(?:\r\n|\r|\n)$/

/**
 * The edited text with the line ends of the original on every line that was not edited; new lines get the commonest
 * one. An editor keeps one kind of line end for a whole text, and a save must change only the lines that were edited.
 */
export function keepLineEndings(original: string, edited: string): string {
  const before = splitLines(original)
  const after = splitLines(edited)
  const common = commonestEnd(before)
  const bare = (line: string) => line.replace(lineEnd, '')
  const ended = (line: string, end: string) => (lineEnd.test(line) ? bare(line) + end : line)
  const out = after.map((line) => ended(line, common))
  let a = 0
  let b = 0
  const keepUntil = (bEnd: number) => {
    for (; b < bEnd; a++, b++) out[b] = ended(after[b]!, lineEnd.exec(before[a]!)?.[0] ?? common)
  }
  const hunks = diffLines(before.map(bare), after.map(bare))
  for (const hunk of hunks) {
    keepUntil(hunk.bStart)
    a = hunk.aEnd
    b = hunk.bEnd
  }
  keepUntil(after.length)
  return out.join('')
}

/** Whether a text mixes kinds of line ends, so that an editor would change lines that nobody edited. */
export function mixesLineEndings(text: string): boolean {
  const kinds = new Set(splitLines(text).map((line) => lineEnd.exec(line)?.[0] ?? ''))
  kinds.delete('')
  return kinds.size > 1
}

function commonestEnd(lines: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const line of lines) {
    const end = lineEnd.exec(line)?.[0]
    if (end) counts.set(end, (counts.get(end) ?? 0) + 1)
  }
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? '\n'
}
