import type { RequestMessage } from '../exchange.ts'
import type { Variation } from './varied-exchange.ts'

/** One thing that a request could do without. */
interface Step {
  what: string
  without: Variation
}

/** Most requests that are tried. */
const budget = 400
const decoder = new TextDecoder()

/** What of a request stays as it is. */
export interface Untouched {
  /** Header fields by their names, in lower case. */
  header(name: string): boolean
  /** Values are left out or stay whole: a part of a secret would not be known as one. */
  values: boolean
}

/**
 * Makes a request smaller as long as `still` holds of it: without header fields, query parameters and members of its
 * body, then with shorter values. Gives what is left and what went.
 */
export async function shrinkRequest(
  request: RequestMessage,
  body: Uint8Array | undefined,
  stays: Untouched,
  still: (variation: Variation) => Promise<boolean>,
): Promise<{ variation: Variation; dropped: string[] }> {
  let variation: Variation = {}
  const dropped: string[] = []
  let tries = 0
  for (let progress = true; progress && tries < budget; ) {
    progress = false
    for (const { what, without } of stepsOf(request, body, variation, stays)) {
      if (++tries > budget) break
      const smaller = { ...variation, ...without }
      if (!(await still(smaller).catch(() => false))) continue
      variation = smaller
      dropped.push(what)
      progress = true
      // What is left has other steps now.
      break
    }
  }
  return { variation, dropped }
}

function* stepsOf(
  request: RequestMessage,
  body: Uint8Array | undefined,
  now: Variation,
  stays: Untouched,
): Generator<Step> {
  const bytes = now.body === undefined ? body : (now.body ?? undefined)
  if (bytes && bytes.length > 0) yield { what: 'body', without: { body: null } }
  yield* headerSteps(now.headers ?? request.headers.raw, stays)
  yield* querySteps(now.query ?? request.query, stays.values)
  if (!bytes || bytes.length === 0) return
  for (const { what, body: smaller } of smallerBodies('body', bytes, !stays.values))
    yield { what, without: { body: smaller } }
}

function* headerSteps(raw: readonly string[], stays: Untouched): Generator<Step> {
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = raw[at]!.toLowerCase()
    if (name === 'host' || stays.header(name)) continue
    yield { what: `header ${name}`, without: { headers: [...raw.slice(0, at), ...raw.slice(at + 2)] } }
  }
}

function* querySteps(query: string, whole: boolean): Generator<Step> {
  if (query === '') return
  const pairs = query.split('&')
  for (const [at, pair] of pairs.entries()) {
    const [name = '', ...value] = pair.split('=')
    const others = pairs.filter((_, index) => index !== at)
    yield { what: `query ${name}`, without: { query: others.join('&') } }
    for (const shorter of whole ? [] : shorterTexts(value.join('='))) {
      yield { what: `half of query ${name}`, without: { query: pairs.with(at, `${name}=${shorter}`).join('&') } }
    }
  }
}

/** A JSON document without one of its members or items; with `halves` also with half of one of its texts. */
export function* smallerBodies(
  name: string,
  bytes: Uint8Array,
  halves: boolean,
): Generator<{ what: string; body: Uint8Array }> {
  let json: unknown
  try {
    json = JSON.parse(decoder.decode(bytes))
  } catch {
    return
  }
  for (const { pointer, smaller, half } of smallerValues(json, '')) {
    if (half && !halves) continue
    const what = half ? `half of ${name} ${pointer}` : `${name} ${pointer}`
    yield { what, body: Buffer.from(JSON.stringify(smaller)) }
  }
}

/** The value without one member, without one item, or with half of one text. */
function* smallerValues(
  value: unknown,
  pointer: string,
): Generator<{ pointer: string; smaller: unknown; half?: true }> {
  if (Array.isArray(value)) {
    for (const [at, item] of value.entries()) {
      yield { pointer: `${pointer}/${at}`, smaller: value.filter((_, index) => index !== at) }
      for (const inner of smallerValues(item, `${pointer}/${at}`)) {
        yield { ...inner, smaller: value.map((one: unknown, index) => (index === at ? inner.smaller : one)) }
      }
    }
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, item] of Object.entries(value)) {
      const place = `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
      const others = Object.fromEntries(Object.entries(value).filter(([other]) => other !== name))
      yield { pointer: place, smaller: others }
      for (const inner of smallerValues(item, place)) {
        yield { ...inner, smaller: { ...value, [name]: inner.smaller } }
      }
    }
  } else if (typeof value === 'string') {
    for (const smaller of shorterTexts(value)) yield { pointer, smaller, half: true }
  }
}

function* shorterTexts(text: string): Generator<string> {
  if (text.length < 2) return
  const middle = Math.ceil(text.length / 2)
  yield text.slice(0, middle)
  yield text.slice(middle)
}
