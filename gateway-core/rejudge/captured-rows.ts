import type { CaptureDatabase } from '../capture/schema.ts'

/** Columns of a run of captured exchanges, each as one list: a tenth of the memory and time of an object for each. */
export interface Rows {
  seq: readonly number[]
  id: readonly string[]
  startedAt: readonly number[]
  context: readonly number[]
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
  /** Numbers of the exchange behind its head; for each where they begin. */
  numbers: Float64Array
  numbersAt: Uint32Array
  /** Path that the route gave, where it is not the path itself. */
  upstreamPaths: ReadonlyMap<number, string>
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
} as const

const lists = Object.entries(columns).map(([name, column]) => `json_group_array(${column}) AS ${name}`)
const sql = `SELECT ${lists.join(', ')}, '[' || group_concat(own) || ']' AS own
  FROM (SELECT * FROM exchanges WHERE seq > ? ORDER BY seq LIMIT ${rowsAtOnce})`

/** The next rows behind a sequence; undefined when there are none. */
export function readRows(db: CaptureDatabase, after: number): Rows | undefined {
  const row = db.prepare(sql).get([after]) as Record<keyof typeof columns | 'own', string | null>
  if (row.own === null) return undefined
  const read = {} as Record<string, unknown>
  for (const name of Object.keys(columns) as (keyof typeof columns)[]) read[name] = JSON.parse(row[name]!)
  return { ...(read as unknown as Omit<Rows, 'numbers' | 'numbersAt' | 'upstreamPaths'>), ...packed(row.own) }
}

/** `own` of each exchange is `[timings ×3, parameters, upstream path, numbers…]`, see `ownOf`. */
const head = 5

function packed(text: string): Pick<Rows, 'numbers' | 'numbersAt' | 'upstreamPaths'> {
  const lists = JSON.parse(text) as unknown[][]
  const numbersAt = new Uint32Array(lists.length + 1)
  let total = 0
  for (const [at, list] of lists.entries()) {
    numbersAt[at] = total
    total += list.length - head
  }
  numbersAt[lists.length] = total
  const numbers = new Float64Array(total)
  const upstreamPaths = new Map<number, string>()
  let next = 0
  for (const [at, list] of lists.entries()) {
    for (let from = head; from < list.length; from++) numbers[next++] = list[from] as number
    if (list[4] !== 0) upstreamPaths.set(at, list[4] as string)
  }
  return { numbers, numbersAt, upstreamPaths }
}
