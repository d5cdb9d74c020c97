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
}

/** Gathers the problems of one load, each at the place in the file where a person has to change something. */
export class Problems {
  readonly #list: Problem[] = []
  readonly #seen = new Set<string>()
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
    const start = range?.source.positionAt(range.start) ?? { file: this.#mainFile, line: 1, column: 1 }
    const end = range ? range.source.positionAt(Math.max(range.end, range.start)) : { line: 1, column: 2 }
    this.add(start, finding, end)
  }

  add(start: Position, finding: Finding, end?: { line: number; column: number }): void {
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

  get failed(): boolean {
    return this.#list.some((problem) => problem.severity === 'error')
  }

  sorted(): Problem[] {
    return [...this.#list].sort(compareProblems)
  }
}
