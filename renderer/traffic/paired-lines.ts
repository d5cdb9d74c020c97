import type { DiffLine } from './body-lines.ts'

/** A line beside the one that stands in its place. */
export interface PairedLine {
  before: string | undefined
  after: string | undefined
  same: boolean
}

/** A comparison as two columns: lines that were taken out stand beside those that came in their place. */
export function pairedLines(lines: readonly DiffLine[]): PairedLine[] {
  const rows: PairedLine[] = []
  let gone: string[] = []
  let come: string[] = []
  const flush = () => {
    for (let at = 0; at < Math.max(gone.length, come.length); at++) {
      rows.push({ before: gone[at], after: come[at], same: false })
    }
    gone = []
    come = []
  }
  for (const { kind, text } of lines) {
    if (kind === 'del') gone.push(text)
    else if (kind === 'add') come.push(text)
    else {
      flush()
      const shown = kind === 'gap' ? `⋯ ${text}` : text
      rows.push({ before: shown, after: shown, same: true })
    }
  }
  flush()
  return rows
}
