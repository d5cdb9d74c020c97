import { testValue } from './evaluate.ts'
import type { MessageSide } from '../exchange.ts'
import type { FieldSource } from './fields.ts'
import type { FieldTest, Filter, ValueTest } from './syntax.ts'

/** A condition over `exchanges e`. Parameters in the order of their `?`. */
export interface Condition {
  sql: string
  parameters: (string | number)[]
}

/** What the store does for tests that SQL alone cannot answer. Answers hold for the run of exchanges that is searched. */
export interface PartSearch {
  /** Ids of the parts on which the test holds; `like` is a LIKE pattern that each of them matches, and `exact` that no other does. */
  parts(
    test: FieldTest,
    source: Exclude<FieldSource, 'row'>,
    like: LikePattern | undefined,
  ): Condition | readonly number[]
  /** Sequences of the exchanges on which the test holds, of those that keep values of their headers by themselves. */
  withOwnHeaders(test: FieldTest, side: MessageSide): readonly number[]
  /** Sequences of the exchanges whose column passes. */
  rows(column: string, passes: (value: string) => boolean): readonly number[]
}

export interface LikePattern {
  pattern: string
  exact: boolean
}

/**
 * Translates a query so that it means exactly what `matches` means: what SQL says alike becomes SQL, everything else
 * is evaluated by the same code on the parts that several exchanges share, and becomes a list of their ids.
 */
export function toSql(filter: Filter, search: PartSearch): Condition {
  switch (filter.kind) {
    case 'all':
      return filter.parts.length === 0 ? { sql: '1', parameters: [] } : joined(filter.parts, ' AND ', search)
    case 'any':
      return joined(filter.parts, ' OR ', search)
    case 'not': {
      const { sql, parameters } = toSql(filter.part, search)
      return { sql: `NOT ${sql}`, parameters }
    }
    case 'test':
      return filter.field.source === 'row'
        ? rowCondition(filter, filter.field.column!, search)
        : headerCondition(filter, filter.field.source, search)
  }
}

function joined(parts: readonly Filter[], word: string, search: PartSearch): Condition {
  const conditions = parts.map((part) => toSql(part, search))
  return {
    sql: `(${conditions.map(({ sql }) => sql).join(word)})`,
    parameters: conditions.flatMap(({ parameters }) => parameters),
  }
}

const columnOf: Readonly<Record<Exclude<FieldSource, 'row'>, string>> = {
  context: 'e.context',
  requestHeaders: 'e.request_headers',
  responseHeaders: 'e.response_headers',
  requestBody: 'e.request_body',
  responseBody: 'e.response_body',
  detail: 'e.detail',
  extra: 'e.extra',
}

/** An exchange whose header list is without some values has these by itself. */
function headerCondition(test: FieldTest, source: Exclude<FieldSource, 'row'>, search: PartSearch): Condition {
  const shared = partCondition(test, source, search)
  if (source !== 'requestHeaders' && source !== 'responseHeaders') return shared
  const own = search.withOwnHeaders(test, source === 'requestHeaders' ? 'request' : 'response')
  if (own.length === 0 && shared.sql === '0') return shared
  return {
    sql: `((e.header_values IS NULL AND ${shared.sql}) OR e.seq IN (SELECT value FROM json_each(?)))`,
    parameters: [...shared.parameters, JSON.stringify(own)],
  }
}

function partCondition(test: FieldTest, source: Exclude<FieldSource, 'row'>, search: PartSearch): Condition {
  const column = columnOf[source]
  const found = search.parts(test, source, likeFor(test, source))
  if ('sql' in found) {
    return { sql: `(${column} IS NOT NULL AND ${column} IN (${found.sql}))`, parameters: found.parameters }
  }
  if (found.length === 0) return { sql: '0', parameters: [] }
  // Parameters and long lists of numbers cost more than a list that SQLite reads once.
  if (found.length <= 500)
    return { sql: `(${column} IS NOT NULL AND ${column} IN (${found.join(',')}))`, parameters: [] }
  return {
    sql: `(${column} IS NOT NULL AND ${column} IN (SELECT value FROM json_each(?)))`,
    parameters: [JSON.stringify(found)],
  }
}

/** A LIKE pattern for texts that may contain what the test looks for. SQLite folds ASCII case only, as the language does. */
function likeFor({ field, header, test }: FieldTest, source: FieldSource): LikePattern | undefined {
  if (test.op !== 'contains' || !isPlain(test.text)) return undefined
  const pattern = `%${test.text.replace(/[%_\\]/g, '\\$&')}%`
  if (source === 'responseBody' || source === 'requestBody') return { pattern, exact: true }
  if (source === 'context' || field.type !== 'text') return undefined
  // These parts are JSON texts: quotes, backslashes and control characters stand escaped in them.
  // oxlint-disable-next-line no-control-regex -- they are what is meant
  if (/["\\\u0000-\u001f\u007f-\u009f\ud800-\udfff]/.test(test.text)) return undefined
  // Brackets and commas also stand between the texts; with anything else beside them a match lies inside of one.
  const inside = /[^[\],]/.test(test.text)
  return { pattern, exact: header === undefined && inside && source !== 'detail' }
}

/** What a SQLite text can hold and LIKE can look for. */
function isPlain(text: string): boolean {
  return !text.includes('\0') && text.length < 10_000 && text.isWellFormed()
}

function rowCondition(test: FieldTest, column: string, search: PartSearch): Condition {
  const { op } = test.test
  if (op === 'within' || op === 'above' || op === 'below') return numberCondition(test.test, column)
  return textCondition(test.test, column) ?? byHand(test.test, column, search)
}

function numberCondition(test: Extract<ValueTest, { op: 'within' } | { value: number }>, column: string): Condition {
  if (test.op === 'above') return { sql: `${column} > ?`, parameters: [test.value] }
  if (test.op === 'below') return { sql: `${column} < ?`, parameters: [test.value] }
  if (test.to === Infinity) return { sql: `${column} >= ?`, parameters: [test.from] }
  if (test.from === -Infinity) return { sql: `${column} <= ?`, parameters: [test.to] }
  return { sql: `${column} BETWEEN ? AND ?`, parameters: [test.from, test.to] }
}

function textCondition(test: ValueTest, column: string): Condition | undefined {
  switch (test.op) {
    case 'contains':
      if (!isPlain(test.text)) return undefined
      return { sql: `(${column}) LIKE ? ESCAPE '\\'`, parameters: [`%${test.text.replace(/[%_\\]/g, '\\$&')}%`] }
    case 'is':
      return isPlain(test.text) ? { sql: `lower(${column}) = ?`, parameters: [test.text] } : undefined
    case 'exactly':
      return isPlain(test.text) ? { sql: `(${column}) = ?`, parameters: [test.text] } : undefined
    case 'exists':
      return { sql: `(${column}) <> ''`, parameters: [] }
    case 'matches':
      return literalCondition(test.source, column)
    default:
      return undefined
  }
}

/** Expressions that are only a text, with or without anchors, are what most people write. */
function literalCondition(source: string, column: string): Condition | undefined {
  const shape = /^(\^?)((?:[^\\^$.|?*+()[\]{}]|\\[^\w\s])*)(\$?)$/su.exec(source)
  if (!shape) return undefined
  const [, start, escaped, end] = shape
  const text = escaped!.replace(/\\(.)/gsu, '$1')
  if (!isPlain(text)) return undefined
  // SQLite counts code points.
  const length = Array.from(text).length
  if (start && end) return { sql: `(${column}) = ?`, parameters: [text] }
  if (length === 0) return { sql: '1', parameters: [] }
  if (start) return { sql: `substr(${column}, 1, ?) = ?`, parameters: [length, text] }
  if (end) return { sql: `substr(${column}, -?) = ?`, parameters: [length, text] }
  return { sql: `instr(${column}, ?) > 0`, parameters: [text] }
}

function byHand(test: ValueTest, column: string, search: PartSearch): Condition {
  const found = search.rows(column, (value) => testValue(test, value))
  if (found.length === 0) return { sql: '0', parameters: [] }
  return { sql: 'e.seq IN (SELECT value FROM json_each(?))', parameters: [JSON.stringify(found)] }
}
