import type { DiagnosticCode } from '../errors.ts'

/** Something wrong in a workspace file. Positions are 1-based; `file` is relative to the workspace folder. */
export interface Problem {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly endLine?: number
  readonly endColumn?: number
  readonly severity: 'error' | 'warning'
  readonly code: DiagnosticCode
  /** What is wrong. */
  readonly message: string
  /** What to write instead. */
  readonly suggestion?: string
}

/** By file, then by place, so that problems read from top to bottom. */
export function compareProblems(a: Problem, b: Problem): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1
  return a.line - b.line || a.column - b.column || (a.message < b.message ? -1 : a.message > b.message ? 1 : 0)
}

/**
 * One problem as a person reads it: `file:line:column error CODE message — suggestion`, then, when the text of the file
 * is given, the line it is on with carets under the place.
 */
export function formatProblem(problem: Problem, text?: string): string {
  const { file, line, column, severity, code, message, suggestion } = problem
  const said = suggestion ? `${message} — ${suggestion}` : message
  const head = plain(`${file}:${line}:${column} ${severity} ${code} ${said}`)
  const source = text?.split(/\r\n|\n|\r/, line)[line - 1]
  if (source === undefined) return head
  const gutter = String(line)
  const end = problem.endLine === line && problem.endColumn !== undefined ? problem.endColumn : column + 1
  const carets = '^'.repeat(Math.max(1, Math.min(end, source.length + 1) - column))
  // Tabs are kept, so that the carets stand under the place however wide a tab is shown.
  const indent = source.slice(0, column - 1).replace(/[^\t]/g, ' ')
  return `${head}\n  ${gutter} | ${plain(source)}\n  ${' '.repeat(gutter.length)} | ${indent}${carets}`
}

/** Nothing that a file holds may steer a terminal: control characters and text direction marks are replaced. */
function plain(text: string): string {
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  return text.replaceAll(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '\u{FFFD}')
}

/** All problems, each with its source line where `textOf` knows the file, and a last line that counts them. */
export function formatProblems(problems: readonly Problem[], textOf?: (file: string) => string | undefined): string {
  if (problems.length === 0) return 'no problems'
  const errors = problems.filter((problem) => problem.severity === 'error').length
  const warnings = problems.length - errors
  const counts = [count(errors, 'error'), count(warnings, 'warning')].filter(Boolean).join(', ')
  return [...problems.map((problem) => formatProblem(problem, textOf?.(problem.file))), counts].join('\n')
}

function count(number: number, noun: string): string {
  return number === 0 ? '' : `${number} ${noun}${number === 1 ? '' : 's'}`
}
