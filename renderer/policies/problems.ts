import type { Problem } from '../../gateway-core/protocol/types.ts'

/** Puts `text` in place of the characters from `column` up to `endColumn` (1-based) of one line. */
export interface Replacement {
  readonly line: number
  readonly column: number
  readonly endColumn: number
  readonly text: string
}

/**
 * What `did you mean "x"?` replaces: inside the place of the problem, the word that its message quotes as wrong; else
 * the whole place when it is one word. Undefined where the suggestion is a sentence for a person.
 */
export function replacementOf(problem: Problem, lineText: string): Replacement | undefined {
  const meant = /^did you mean "([^"]+)"\?$/.exec(problem.suggestion ?? '')?.[1]
  if (meant === undefined) return undefined
  const start = problem.column - 1
  const end = problem.endLine === problem.line && problem.endColumn ? problem.endColumn - 1 : lineText.length
  const place = lineText.slice(start, end)
  for (const [, wrong] of problem.message.matchAll(/"([^"]+)"/g)) {
    const at = wordIn(place, wrong!)
    if (at < 0) continue
    const column = start + at + 1
    return { line: problem.line, column, endColumn: column + wrong!.length, text: meant }
  }
  const word = /^\s*(["']?)([\w./:-]+)\1:?\s*$/.exec(place)
  if (!word) return undefined
  const column = start + place.indexOf(word[2]!) + 1
  return { line: problem.line, column, endColumn: column + word[2]!.length, text: meant }
}

/** Where `word` stands in `text` by itself, not inside a longer word. */
function wordIn(text: string, word: string): number {
  const part = /[\w-]/
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    const before = text[at - 1] ?? ' '
    const after = text[at + word.length] ?? ' '
    if (!part.test(before) && !part.test(after)) return at
  }
  return -1
}

/** `1 error, 2 warnings`, or `no problems`. */
export function countProblems(problems: readonly Problem[]): string {
  const errors = problems.filter((problem) => problem.severity === 'error').length
  const counts = [counted(errors, 'error'), counted(problems.length - errors, 'warning')].filter(Boolean)
  return counts.join(', ') || 'no problems'
}

function counted(number: number, noun: string): string {
  return number === 0 ? '' : `${number} ${noun}${number === 1 ? '' : 's'}`
}

/**
 * What is wrong, of the texts as they are typed: of the file in front and what depends on it the newest check, of other
 * open files their own last check, of all others what the core found on disk.
 */
export function shownProblems(
  onDisk: readonly Problem[],
  checked: Readonly<Record<string, { readonly problems: readonly Problem[] }>>,
  active: string | null,
): readonly Problem[] {
  const front = active === null ? undefined : checked[active]
  const isOpen = (file: string) => file !== active && checked[file] !== undefined
  const rest = (front?.problems ?? onDisk).filter((problem) => !isOpen(problem.file))
  const open = Object.entries(checked).flatMap(([path, { problems }]) =>
    path === active ? [] : problems.filter((problem) => problem.file === path),
  )
  return [...rest, ...open].sort(
    (a, b) =>
      rank(a) - rank(b) || (a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line || a.column - b.column),
  )
}

function rank(problem: Problem): number {
  return problem.severity === 'error' ? 0 : 1
}
