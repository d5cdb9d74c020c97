import type { Context } from '../capture/decode-context.ts'
import type { CaptureDatabase } from '../capture/schema.ts'
import { type OwnNumbers, readOwn } from './own-numbers.ts'

/** Columns of a run of captured exchanges, each as one list: a tenth of the memory and time of an object for each. */
export interface Rows extends OwnNumbers {
  seq: readonly number[]
  id: readonly string[]
  startedAt: readonly number[]
  context: readonly number[]
  /** What those name. */
  contexts: readonly Context[]
  client: readonly string[]
  peerPort: readonly number[]
  peerAddress: readonly (string | null)[]
  path: readonly string[]
  query: readonly string[]
  target: readonly (string | null)[]
  requestHeaders: readonly number[]
  responseHeaders: readonly (number | null)[]
  detail: readonly (number | null)[]
  knowledge: readonly (number | null)[]
  extra: readonly (number | null)[]
  requestSize: readonly number[]
  responseSize: readonly number[]
  requestBody: readonly (number | null)[]
  responseBody: readonly (number | null)[]
  otherBodies: readonly (string | null)[]
  /** See `readValues`. */
  headerValues: readonly (string | null)[]
}

/** Rows that are read in one go: few enough that the first results are there at once. */
export const rowsAtOnce = 4000

const columns = {
  seq: 'seq',
  id: 'id',
  startedAt: 'started_at',
  context: 'context',
  client: 'client',
  peerPort: 'peer_port',
  peerAddress: 'peer_address',
  path: 'path',
  query: 'query',
  target: 'target',
  requestHeaders: 'request_headers',
  responseHeaders: 'response_headers',
  detail: 'detail',
  knowledge: 'knowledge',
  extra: 'extra',
  requestSize: 'request_size',
  responseSize: 'response_size',
  requestBody: 'request_body',
  responseBody: 'response_body',
  otherBodies: 'other_bodies',
  headerValues: 'header_values',
} as const

const lists = Object.entries(columns).map(([name, column]) => `json_group_array(${column}) AS ${name}`)
const sql = `SELECT ${lists.join(', ')}, group_concat(own, char(10)) AS own
  FROM (SELECT * FROM exchanges WHERE seq > ? ORDER BY seq LIMIT ${rowsAtOnce})`

/** The next rows behind a sequence; undefined when there are none. `contextsOf` reads the contexts of these ids. */
export function readRows(
  db: CaptureDatabase,
  after: number,
  contextsOf: (ids: readonly number[]) => readonly Context[],
): Rows | undefined {
  const row = db.prepare(sql).get([after]) as Record<keyof typeof columns | 'own', string | null>
  if (row.own === null) return undefined
  const read = {} as Record<string, unknown>
  for (const name of Object.keys(columns) as (keyof typeof columns)[]) read[name] = JSON.parse(row[name]!)
  const lists = read as unknown as Omit<Rows, 'contexts' | keyof OwnNumbers>
  const contexts = contextsOf(lists.context)
  return { ...lists, contexts, ...readOwn(row.own, contexts) }
}
