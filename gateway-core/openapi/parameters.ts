import type { Parameter } from './parameter.ts'
import { decodeForm, decodePercent, type RawPairs } from './query.ts'
import type { JsonType, Shape } from './shape.ts'

/**
 * What a parameter's text says (OpenAPI 3.1 §4.8.12.4 and RFC 6570). `readings` are the values it may mean, best
 * first: a schema that takes numbers and strings gets "5" as both.
 */
export type ParameterReading =
  | { state: 'absent' }
  | { state: 'read'; readings: readonly unknown[]; text: string }
  | { state: 'malformed'; text: string; expected: string }

const absent: ParameterReading = { state: 'absent' }

/** Reads a path parameter from its segment as sent. */
export function readPathParameter(parameter: Parameter, raw: string): ParameterReading {
  const { style, name, shape, explode } = parameter
  if (parameter.mediaType !== undefined) return readContent(parameter, decodePercent(raw))
  let body = raw
  let separator = ','
  if (style === 'label') {
    if (!raw.startsWith('.')) return malformed(raw, `a value that begins with "." (style label)`)
    body = raw.slice(1)
    separator = explode ? '.' : ','
  } else if (style === 'matrix') {
    const pairs = raw.slice(1).split(';').map(pairOf)
    const isObject = explode && wantsObject(shape)
    if (!raw.startsWith(';') || (!isObject && pairs.some((pair) => pair[0] !== name))) {
      return malformed(raw, `a value that begins with ";${name}=" (style matrix)`)
    }
    if (isObject) return read(objectOf(pairs, shape, decodePercent), raw)
    if (explode && wantsArray(shape)) {
      return read([pairs.map(([, value]) => scalar(decodePercent(value), shape.items)[0])], raw)
    }
    body = raw.slice(name.length + 1).replace(/^=/, '')
  }
  return readDelimited(body, separator, shape, explode, decodePercent, raw)
}

/** Reads a query parameter from the pairs of the query; `used` gets the positions that belong to it. */
export function readQueryParameter(parameter: Parameter, pairs: RawPairs, used: Uint8Array): ParameterReading {
  const { name, style, shape, explode } = parameter
  if (style === 'deepObject') return readDeepObject(name, pairs, used, shape)
  if (explode && style === 'form' && wantsObject(shape) && parameter.mediaType === undefined) {
    return readExploded(name, pairs, used, shape)
  }
  let first: string | undefined
  let more: string[] | undefined
  for (let at = 0; at < pairs.length; at += 1) {
    const pair = pairs[at]!
    // `ids[]=1` is how many frameworks write an array.
    if (pair[0] !== name && !(pair[0] === `${name}[]` && wantsArray(shape))) continue
    used[at] = 1
    if (first === undefined) first = pair[1]
    else (more ??= [first]).push(pair[1])
  }
  if (first === undefined) return absent
  if (parameter.mediaType !== undefined) {
    return more ? twice(more) : readContent(parameter, decodeForm(first))
  }
  if (wantsArray(shape)) {
    if (explode || more) {
      if (!explode && more) return twice(more)
      const texts = more ?? [first]
      return arrayOrScalar(texts.map(decodeForm), shape, first)
    }
    if (first === '') return read([[]], '')
    return arrayOrScalar(first.split(separatorOf(style)).map(decodeForm), shape, first)
  }
  if (more) return twice(more)
  return readDelimited(first, separatorOf(style), shape, false, decodeForm, first)
}

/** Reads a header parameter (style simple); several fields of one name count as a list. */
export function readHeaderParameter(parameter: Parameter, value: string | undefined): ParameterReading {
  if (value === undefined) return absent
  if (parameter.mediaType !== undefined) return readContent(parameter, value)
  return readDelimited(value, ',', parameter.shape, parameter.explode, trimmed, value)
}

/** Reads a cookie parameter (style form). */
export function readCookieParameter(parameter: Parameter, values: readonly string[]): ParameterReading {
  const [first] = values
  if (first === undefined) return absent
  if (parameter.mediaType !== undefined) return readContent(parameter, decodePercent(first))
  if (wantsArray(parameter.shape) && parameter.explode && values.length > 1) {
    return arrayOrScalar(values.map(decodePercent), parameter.shape, first)
  }
  if (values.length > 1) return twice(values)
  return readDelimited(first, ',', parameter.shape, false, decodePercent, first)
}

/** What a text may mean to a schema of that shape, best first: a JSON scalar strictly written, else the text. */
export function scalar(text: string, shape: Shape | undefined): unknown[] {
  const types = shape?.types
  if (!types || types.size === 0) return [text]
  const readings: unknown[] = []
  if (
    (types.has('integer') && /^-?(?:0|[1-9]\d*)$/.test(text)) ||
    (types.has('number') && /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:e[+-]?\d+)?$/i.test(text))
  ) {
    const number = Number(text)
    if (Number.isFinite(number)) readings.push(number)
  }
  if (types.has('boolean') && (text === 'true' || text === 'false')) readings.push(text === 'true')
  if (types.has('null') && (text === 'null' || (text === '' && !types.has('string')))) readings.push(null)
  if (readings.length === 0 || types.has('string')) readings.push(text)
  return readings
}

/** What stands between the items of a query parameter. */
function separatorOf(style: Parameter['style']): string | RegExp {
  return style === 'spaceDelimited' ? /\+|%20| / : style === 'pipeDelimited' ? /%7c|\|/i : ','
}

type Decode = (text: string) => string

function readDelimited(
  body: string,
  separator: string | RegExp,
  shape: Shape,
  explode: boolean,
  decode: Decode,
  raw: string,
): ParameterReading {
  if (wantsArray(shape)) return arrayOrScalar(body === '' ? [] : body.split(separator).map(decode), shape, raw)
  if (wantsObject(shape)) {
    const pieces = body === '' ? [] : body.split(separator)
    if (explode) return read(objectOf(pieces.map(pairOf), shape, decode), raw)
    if (pieces.length % 2 === 1) return malformed(raw, 'names and values in turn, separated by commas')
    const pairs: [string, string][] = []
    for (let at = 0; at < pieces.length; at += 2) pairs.push([pieces[at]!, pieces[at + 1]!])
    return read(objectOf(pairs, shape, decode), raw)
  }
  return read(scalar(decode(body), shape), raw)
}

function arrayOrScalar(texts: readonly string[], shape: Shape, raw: string): ParameterReading {
  const list = texts.map((text) => scalar(text, shape.items)[0])
  const onlyList = shape.types.size === 1 || texts.length !== 1
  return read(onlyList ? [list] : [list, ...scalar(texts[0]!, shape)], raw)
}

function readExploded(name: string, pairs: RawPairs, used: Uint8Array, shape: Shape): ParameterReading {
  const mine: [string, string][] = []
  for (let at = 0; at < pairs.length; at += 1) {
    const pair = pairs[at]!
    if (used[at] === 1 || !(shape.properties.has(pair[0]) || (shape.rest !== undefined && pair[0] !== name))) continue
    used[at] = 1
    mine.push([pair[0], pair[1]])
  }
  return mine.length === 0
    ? absent
    : read(objectOf(mine, shape, decodeForm), mine.map((pair) => pair.join('=')).join('&'))
}

function readDeepObject(name: string, pairs: RawPairs, used: Uint8Array, shape: Shape): ParameterReading {
  const root: Record<string, unknown> = Object.create(null) as Record<string, unknown>
  const texts: string[] = []
  for (let at = 0; at < pairs.length; at += 1) {
    const [key, raw] = pairs[at]!
    if (!key.startsWith(`${name}[`) || !key.endsWith(']')) continue
    used[at] = 1
    texts.push(`${key}=${raw}`)
    const steps = key.slice(name.length + 1, -1).split('][')
    if (steps.length > 5) return malformed(texts.join('&'), 'an object at most five levels deep')
    place(root, steps, decodeForm(raw), shape)
  }
  return texts.length === 0 ? absent : read([plain(root)], texts.join('&'))
}

function place(target: Record<string, unknown>, steps: readonly string[], text: string, shape: Shape): void {
  let holder = target
  let current: Shape | undefined = shape
  const path = steps.at(-1) === '' ? steps.slice(0, -1) : steps
  for (const step of path.slice(0, -1)) {
    current = current?.properties.get(step) ?? current?.rest
    const next = holder[step]
    holder =
      typeof next === 'object' && next !== null && !Array.isArray(next)
        ? (next as Record<string, unknown>)
        : ((holder[step] = Object.create(null)) as Record<string, unknown>)
  }
  const last = path.at(-1) ?? ''
  current = current?.properties.get(last) ?? current?.rest
  const known = holder[last]
  if (current && wantsArray(current)) {
    const item = scalar(text, current.items)[0]
    holder[last] = Array.isArray(known) ? [...(known as unknown[]), item] : [item]
  } else if (known === undefined) holder[last] = scalar(text, current)[0]
  // The same name twice: a list fails where the schema wants one value.
  else holder[last] = Array.isArray(known) ? [...(known as unknown[]), text] : [known, text]
}

function plain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, plain(child)]))
}

function objectOf(pairs: readonly (readonly [string, string])[], shape: Shape, decode: Decode): unknown[] {
  const entries = new Map<string, unknown>()
  for (const [rawName, raw] of pairs) {
    const name = decode(rawName)
    const of = shape.properties.get(name) ?? shape.rest
    const known = entries.get(name)
    if (of && wantsArray(of)) {
      const item = scalar(decode(raw), of.items)[0]
      entries.set(name, Array.isArray(known) ? [...(known as unknown[]), item] : [item])
    } else entries.set(name, known === undefined ? scalar(decode(raw), of)[0] : [known, decode(raw)])
  }
  return [Object.fromEntries(entries)]
}

function readContent(parameter: Parameter, text: string): ParameterReading {
  if (!/[/+]json\b/i.test(parameter.mediaType ?? '')) return read(scalar(text, parameter.shape), text)
  // Deeper nesting than this would exhaust the stack of the schema that refers to itself.
  if ((text.match(/[[{]/g)?.length ?? 0) > 1_000)
    return malformed(text.slice(0, 200), 'JSON that is not nested so deeply')
  try {
    return read([JSON.parse(text)], text)
  } catch {
    return malformed(text, 'JSON')
  }
}

function pairOf(piece: string): [string, string] {
  const equals = piece.indexOf('=')
  return equals < 0 ? [piece, ''] : [piece.slice(0, equals), piece.slice(equals + 1)]
}

function trimmed(text: string): string {
  return text.trim()
}

function twice(texts: readonly string[]): ParameterReading {
  return malformed(
    texts.map(decodeForm).join(' and '),
    'one value: given several times, servers differ in which they take',
  )
}

function read(readings: readonly unknown[], text: string): ParameterReading {
  return { state: 'read', readings, text }
}

function malformed(text: string, expected: string): ParameterReading {
  return { state: 'malformed', text, expected }
}

function wantsArray(shape: Shape): boolean {
  return shape.types.has('array' satisfies JsonType)
}

function wantsObject(shape: Shape): boolean {
  return shape.types.has('object' satisfies JsonType) && !shape.types.has('array')
}
