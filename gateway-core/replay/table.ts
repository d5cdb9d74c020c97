import { parse } from 'yaml'
import type { ImportProblem } from '../protocol/replay-reports.ts'

/** One row of a table: values by the name of their column. */
export type Row = Readonly<Record<string, string>>

/** Reads a table: CSV (RFC 4180, with `,` `;` or a tab between values, names in the first row) or a YAML list of mappings. */
export function readTable(text: string, path: string): { rows: Row[]; problems: ImportProblem[] } {
  return /\.(?:ya?ml|json)$/.test(path) ? readList(text) : readCsv(text.replace(/^\u{FEFF}/u, ''))
}

function readList(text: string): { rows: Row[]; problems: ImportProblem[] } {
  let value: unknown
  try {
    value = parse(text, { prettyErrors: false })
  } catch (error) {
    return { rows: [], problems: [{ what: (error as Error).message }] }
  }
  const list = Array.isArray(value) ? (value as unknown[]) : undefined
  if (!list || list.some((one) => typeof one !== 'object' || one === null || Array.isArray(one))) {
    return { rows: [], problems: [{ what: 'it is no list of rows', todo: 'write it like: - { name: value }' }] }
  }
  const textOf = (cell: unknown) => (typeof cell === 'string' ? cell : cell === null ? '' : JSON.stringify(cell))
  const rows = list.map((row) =>
    Object.fromEntries(Object.entries(row as object).map(([name, cell]) => [name, textOf(cell)])),
  )
  return { rows, problems: [] }
}

function readCsv(text: string): { rows: Row[]; problems: ImportProblem[] } {
  const firstLine = text.slice(0, text.search(/\r?\n|$/))
  const separator = [',', ';', '\t'].reduce((best, one) =>
    firstLine.split(one).length > firstLine.split(best).length ? one : best,
  )
  const { records, open } = recordsOf(text, separator)
  if (open !== undefined) return { rows: [], problems: [{ what: 'a quote is not closed', line: open }] }
  const [names, ...others] = records
  if (!names) return { rows: [], problems: [{ what: 'it is empty', todo: 'begin it with a row of names' }] }
  const problems: ImportProblem[] = []
  const rows: Row[] = []
  for (const { cells, line } of others) {
    if (cells.length === names.cells.length) {
      rows.push(Object.fromEntries(names.cells.map((name, at) => [name.trim(), cells[at]!])))
    } else
      problems.push({ what: `a row has ${cells.length} values, and there are ${names.cells.length} columns`, line })
  }
  return { rows, problems }
}

function recordsOf(text: string, separator: string): { records: { cells: string[]; line: number }[]; open?: number } {
  const records: { cells: string[]; line: number }[] = []
  let [cells, cell, quoted, line, begun]: [string[], string, boolean, number, number] = [[], '', false, 1, 1]
  let openedAt = 0
  const finish = () => {
    if (cells.length > 0 || cell.trim() !== '') records.push({ cells: [...cells, cell], line: begun })
    cells = []
    cell = ''
    begun = line
  }
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!
    if (character === '\n') line++
    if (quoted) {
      if (character !== '"') cell += character
      else if (text[at + 1] === '"') cell += text[++at]!
      else quoted = false
    } else if (character === '"' && cell === '') {
      quoted = true
      openedAt = line
    } else if (character === separator) {
      cells.push(cell)
      cell = ''
    } else if (character === '\n') finish()
    else if (character !== '\r') cell += character
  }
  if (quoted) return { records, open: openedAt }
  finish()
  return { records }
}
