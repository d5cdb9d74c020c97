/** A rule as it is written; what of it is sound, the core says. */
export type RuleValue = Readonly<Record<string, unknown>>

export const ruleKinds = [
  { id: 'rewrite', title: 'Rewrite', hint: 'change headers, URL or body' },
  { id: 'mock', title: 'Mock', hint: 'answer in the place of the upstream' },
  { id: 'delay', title: 'Delay', hint: 'answer later, or slower' },
  { id: 'fault', title: 'Fault', hint: 'reset, hang, 5xx, cut off' },
] as const

export type RuleKind = (typeof ruleKinds)[number]['id']

const beginnings: Readonly<Record<RuleKind, unknown>> = {
  rewrite: { request: { setHeaders: { 'X-Debug': '1' } } },
  mock: { status: 200, json: {} },
  delay: '500ms',
  fault: { status: 503 },
}

/** What a rule does; the first where it says more than one thing. */
export function kindOf(value: RuleValue): RuleKind | undefined {
  return ruleKinds.find(({ id }) => value[id] !== undefined)?.id
}

/** A rule that does another thing: `before` holds what it said when it did that last. */
export function withKind(value: RuleValue, kind: RuleKind, before: RuleValue): RuleValue {
  const kinds = ruleKinds.map(({ id }) => id)
  return { ...without(value, kinds), [kind]: before[kind] ?? beginnings[kind] }
}

/** A mapping with another value of a key; without it where there is none. */
export function withKey(value: unknown, key: string, next: unknown): RuleValue {
  const mapping = recordOf(value)
  return next === undefined ? without(mapping, [key]) : { ...mapping, [key]: next }
}

export function without(value: RuleValue, keys: readonly string[]): RuleValue {
  return Object.fromEntries(Object.entries(value).filter(([key]) => !keys.includes(key)))
}

export function recordOf(value: unknown): RuleValue {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as RuleValue) : {}
}

/** A value as the text of an input. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : ''
}

/** A number where one was written, else the text: the core says what is wrong with it. Nothing: undefined. */
export function numberOr(text: string): number | string | undefined {
  const trimmed = text.trim()
  if (trimmed === '') return undefined
  return /^\d+(?:\.\d+)?$/.test(trimmed) ? Number(trimmed) : trimmed
}

export type Pair = readonly [name: string, value: string]

/** Header fields as rows: a name that has several values stands in several. */
export function rowsOfHeaders(value: unknown): Pair[] {
  return Object.entries(recordOf(value)).flatMap(([name, values]) =>
    [values].flat().map((one): Pair => [name, textOf(one)]),
  )
}

export function headersOfRows(rows: readonly Pair[]): RuleValue | undefined {
  const headers: Record<string, string | string[]> = {}
  for (const [name, value] of rows) {
    if (name === '') continue
    const before = Object.hasOwn(headers, name) ? headers[name]! : undefined
    headers[name] = before === undefined ? value : [before, value].flat()
  }
  return Object.keys(headers).length === 0 ? undefined : headers
}

/** Values by JSON pointer as rows: each is written as JSON, and what is no JSON is a text. */
export function rowsOfJson(value: unknown): Pair[] {
  return Object.entries(recordOf(value)).map(([pointer, one]) => [pointer, writtenJson(one)])
}

export function jsonOfRows(rows: readonly Pair[]): RuleValue | undefined {
  const entries = rows.filter(([pointer]) => pointer !== '').map(([pointer, text]) => [pointer, readJson(text)])
  return entries.length === 0 ? undefined : Object.fromEntries(entries)
}

function writtenJson(value: unknown): string {
  return typeof value === 'string' && readJson(value) === value ? value : JSON.stringify(value)
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text
  }
}

/** Names in one line: `X-Old, X-Frame-Options`. */
export function namesIn(text: string): string[] | undefined {
  const names = text.split(',').flatMap((name) => name.trim() || [])
  return names.length === 0 ? undefined : names
}

/** What a rule wants of a delay, in the shortest form: `300ms`, or a mapping. */
export function delayOf(delay: { from: string; to: string; bytesPerSecond: string }): unknown {
  const from = delay.from.trim()
  const [to, bytesPerSecond] = [delay.to.trim(), numberOr(delay.bytesPerSecond)]
  if (to === '' && bytesPerSecond === undefined) return from === '' ? '0ms' : from
  return { ...(from && { from }), ...(to && { to }), ...(bytesPerSecond !== undefined && { bytesPerSecond }) }
}

export type FaultKind = 'reset' | 'hang' | 'status' | 'truncate' | 'slow'

export function faultIn(fault: unknown): { kind: FaultKind; amount: string } {
  if (fault === 'reset' || fault === 'hang') return { kind: fault, amount: '' }
  const [kind = 'status', amount] = Object.entries(recordOf(fault))[0] ?? []
  return { kind: kind as FaultKind, amount: textOf(amount) }
}

export function faultOf(kind: FaultKind, amount: string): unknown {
  if (kind === 'reset') return kind
  if (kind === 'hang') return amount.trim() === '' ? kind : { hang: amount.trim() }
  return { [kind]: numberOr(amount) ?? '' }
}

/** A part of 1 as percent, without the noise of binary fractions. */
export function percentOf(share: unknown): string {
  return typeof share === 'number' ? String(Number((share * 100).toPrecision(6))) : textOf(share)
}

export function shareOf(percent: string): unknown {
  const number = numberOr(percent.replace(/%\s*$/, ''))
  if (typeof number !== 'number') return number
  return number === 100 ? undefined : Number((number / 100).toPrecision(6))
}
