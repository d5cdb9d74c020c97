import type { Position } from '../pipeline/outcome.ts'

/** The text of one workspace file, with places in it. `path` is relative to the workspace folder. */
export class SourceFile {
  readonly path: string
  readonly text: string
  #lineStarts: number[] | undefined

  constructor(path: string, text: string) {
    this.path = path
    this.text = text
  }

  /** 1-based line and column of an offset in UTF-16 units. */
  positionAt(offset: number): Position {
    const starts = (this.#lineStarts ??= lineStartsOf(this.text))
    let low = 0
    let high = starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (starts[middle]! <= offset) low = middle
      else high = middle - 1
    }
    return { file: this.path, line: low + 1, column: offset - starts[low]! + 1 }
  }
}

/** A `[start, end)` range of characters in a file. */
export interface SourceRange {
  readonly source: SourceFile
  readonly start: number
  readonly end: number
}

function lineStartsOf(text: string): number[] {
  const starts = [0]
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return starts
}
