import { diffIndices } from 'node-diff3'
import type { Hunk } from '../protocol/what-if.ts'

/** One run of lines that an edit replaces. */
export interface Change {
  file: string
  /** Lines of the baseline, 0-based start and how many. */
  from: number
  removed: readonly string[]
  /** Lines of the candidate. */
  to: number
  added: readonly string[]
  /** The file is not there any more. */
  gone?: true
}

/** Texts of files by path, as they are before and after an edit; a file that is not there is undefined. */
export type Texts = ReadonlyMap<string, string | undefined>

/** What an edit changes, file by file, top to bottom. Lines that stand beside each other are one change. */
export function changesBetween(before: Texts, after: Texts): Change[] {
  const changes: Change[] = []
  for (const file of [...new Set([...before.keys(), ...after.keys()])].sort()) {
    const [one, other] = [before.get(file), after.get(file)]
    if (one === other) continue
    for (const { buffer1, buffer2, buffer1Content, buffer2Content } of diffIndices(linesOf(one), linesOf(other))) {
      const gone = other === undefined ? { gone: true as const } : {}
      changes.push({ file, from: buffer1[0], removed: buffer1Content, to: buffer2[0], added: buffer2Content, ...gone })
    }
  }
  return split(changes)
}

/** Lines that replace as many lines are changes of their own: each may be the one that counts. */
function split(changes: readonly Change[]): Change[] {
  return changes.flatMap((change) => {
    const { file, from, removed, to, added } = change
    if (removed.length !== added.length) return [change]
    return removed.map((line, at) => ({ file, from: from + at, removed: [line], to: to + at, added: [added[at]!] }))
  })
}

/** The baseline's texts with some of the changes made; null: the file is gone. */
export function withChanges(before: Texts, changes: readonly Change[]): Map<string, string | null> {
  const texts = new Map<string, string | null>()
  for (const file of new Set(changes.map((change) => change.file))) {
    const lines = linesOf(before.get(file))
    const own = changes.filter((change) => change.file === file).sort((a, b) => b.from - a.from)
    for (const { from, removed, added } of own) lines.splice(from, removed.length, ...added)
    texts.set(file, own.some(({ gone }) => gone) ? null : lines.join('\n'))
  }
  return texts
}

export function hunkOf({ file, to, removed, added }: Change): Hunk {
  const text = added.length > 0 ? added.join('\n') : removed.map((line) => `-${line}`).join('\n')
  return { file, line: to + 1, endLine: to + added.length, text }
}

function linesOf(text: string | undefined): string[] {
  return text === undefined ? [] : text.split('\n')
}
