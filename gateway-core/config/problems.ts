import type { DiagnosticCode } from '../errors.ts'
import type { Position } from '../pipeline/outcome.ts'
import { compareProblems, type Problem } from './diagnostics.ts'
import type { Container, Origins, Part } from './origins.ts'
import type { SourceRange } from './source.ts'

/** What to say about a place. */
export interface Finding {
  code: DiagnosticCode
  message: string
  suggestion?: string | undefined
  severity?: 'error' | 'warning'
  part?: Part
  /** The finding is about what begins at this character of a text value. */
  offset?: number
}

/** Counted from behind the quote, where there is one; a text of several lines is pointed at as a whole. */
function offsetIn({ source, start, end }: SourceRange, offset: number | undefined): number {
  const written = source.text.slice(start, end)
  if (offset === undefined || written.includes('\n')) return start
  return Math.min(start + offset + (/^["']/.test(written) ? 1 : 0), Math.max(start, end - 1))
}

/** Gathers the problems of one load, each at the place in the file where a person has to change something. */
export class Problems {
  readonly #list: Problem[] = []
  readonly #seen = new Set<string>()
  readonly #settled = new Set<string>()
  readonly #origins: Origins
  readonly #mainFile: string
  /** Hides resolved secrets that a message repeats; set once references are resolved. */
  redact: (text: string) => string = (text) => text

  constructor(origins: Origins, mainFile: string) {
    this.#origins = origins
    this.#mainFile = mainFile
  }

  /** At the value (or the key) that a pointer names, going down from a mapping or list. */
  at(root: Container, pointer: string, finding: Finding): void {
    this.inRange(this.#origins.locate(root, pointer, finding.part), finding)
  }

  inRange(range: SourceRange | undefined, finding: Finding): void {
    const start = range?.source.positionAt(offsetIn(range, finding.offset)) ?? {
      file: this.#mainFile,
      line: 1,
      column: 1,
    }
    const end = range ? range.source.positionAt(Math.max(range.end, range.start)) : { line: 1, column: 2 }
    this.add(start, finding, end)
  }

  add(start: Position, finding: Finding, end?: { line: number; column: number }): void {
    if (this.#settled.has(`${start.file}:${start.line}:${start.column}`)) return
    const { code, severity = 'error' } = finding
    const message = this.redact(finding.message)
    const suggestion = finding.suggestion === undefined ? undefined : this.redact(finding.suggestion)
    const problem: Problem = {
      file: start.file,
      line: start.line,
      column: start.column,
      ...(end && { endLine: end.line, endColumn: end.column }),
      severity,
      code,
      message,
      ...(suggestion !== undefined && { suggestion }),
    }
    const identity = JSON.stringify(problem)
    if (this.#seen.has(identity)) return
    this.#seen.add(identity)
    this.#list.push(problem)
  }

  /** 1-based position of a value, for things that are shown with their line. */
  position(root: Container, pointer = '', part: Part = 'value'): Position {
    const range = this.#origins.locate(root, pointer, part)
    return range ? range.source.positionAt(range.start) : { file: this.#mainFile, line: 1, column: 1 }
  }

  /** What is said about a value that could not be resolved is enough: what follows from it is not reported too. */
  settle(root: Container, pointer: string): void {
    const { file, line, column } = this.position(root, pointer)
    this.#settled.add(`${file}:${line}:${column}`)
  }

  get failed(): boolean {
    return this.#list.some((problem) => problem.severity === 'error')
  }

  sorted(): Problem[] {
    return [...this.#list].sort(compareProblems)
  }
}
