import { bodyText } from '../capture/body-text.ts'
import { openMarkers } from '../capture/markers.ts'
import type { ExchangeRecord, RecordedRequest, RecordedResponse } from '../capture/record.ts'
import type { ConsumerEntry } from '../pipeline/policy.ts'
import type { FactAnswer, SignatureCheck, TokenReading } from '../pipeline/facts.ts'
import { literal } from './references.ts'
import { secretsOfRecord } from './sealed-of-record.ts'

type Mapping = Record<string, unknown>

/** A test as it is written down: plain values in the order of their keys. */
export interface TestDraft {
  given?: Mapping
  request?: Mapping
  response?: Mapping
  sequence?: Mapping[]
  expect?: Mapping
}

/** How a sealed value is filled: with a word, or with something of its length. */
export type Filling = 'word' | 'digits' | 'letters'

export interface DraftOptions {
  /** The workspace's consumers, their keys tagged as the record's. */
  consumers: readonly ConsumerEntry[]
  filling: Filling
}

/** Fields that every client writes by itself, and that the test does too. */
const ownFields = new Set(['host', 'content-length', 'connection', 'keep-alive'])

/**
 * The request of a recorded exchange with the world it was judged in, as a test writes it. No secret is in it: tokens are
 * described by their claims, keys by their consumers, and of anything else that was sealed nothing is left.
 */
export function draftOfRecord(record: ExchangeRecord, { consumers, filling }: DraftOptions): TestDraft {
  const { request } = record
  const secrets = secretsOfRecord(record, consumers)
  // References that stand for sealed credentials stay; whatever else looks like one stands for itself.
  const open = (text: string) => openMarkers(text, fillingOf(text, filling))
  const fill = (text: string) => literal(open(text))
  const given: Mapping = { time: new Date(record.startedAt).toISOString() }
  if (record.peer.address !== '' && record.peer.address !== '127.0.0.1') given['peer'] = record.peer.address
  const tokens: Mapping = {}
  let token: unknown
  const headers: [string, string][] = []
  for (let at = 0; at + 1 < request.headers.length; at += 2) {
    const name = request.headers[at]!
    const value = request.headers[at + 1]!
    const lower = name.toLowerCase()
    if (name.startsWith(':') || (ownFields.has(lower) && record.upgrade === undefined)) continue
    const written = secrets.inHeader(lower, literal(value))
    if (
      written.token &&
      lower === 'authorization' &&
      written.scheme?.toLowerCase() === 'bearer' &&
      token === undefined
    ) {
      token = tokenOf(written.token)
      continue
    }
    if (written.token) tokens['caller'] = tokenOf(written.token)
    headers.push([name, open(written.text)])
  }
  const query = secrets.inQuery(literal(request.target))
  if (query.token) tokens['caller'] = tokenOf(query.token)
  const url = open(query.text)
  if (Object.keys(tokens).length > 0) given['tokens'] = tokens
  addFacts(given, record, token !== undefined || Object.keys(tokens).length > 0)
  const draft: TestDraft = {
    given,
    request: {
      method: request.method,
      url: url.startsWith('/') ? url : `${request.path}${request.query === '' ? '' : `?${request.query}`}`,
      ...(headers.length > 0 && { headers: headerMap(headers) }),
      ...(token !== undefined && { token }),
      ...bodyOf(request, fill),
    },
  }
  const answer = upstreamOf(record)
  if (answer) draft.response = responseOf(answer, fill)
  return draft
}

/** Whether the body of the request can be written down. */
export function bodyIsText(request: RecordedRequest): boolean {
  const text = bodyText(request)
  return (
    !request.body ||
    request.body.length === 0 ||
    (text !== undefined && !request.body.truncated && !/[\0\ufffd]/.test(text))
  )
}

function upstreamOf({ upstreamResponse, response }: ExchangeRecord): RecordedResponse | undefined {
  const answer = upstreamResponse ?? response
  return answer?.from === 'upstream' ? answer : undefined
}

function bodyOf(request: RecordedRequest, fill: (text: string) => string): Mapping {
  const text = bodyIsText(request) ? bodyText(request) : undefined
  if (text === undefined || text === '') return {}
  return contentOf(text, request.headers, fill)
}

function contentOf(text: string, headers: readonly string[], fill: (text: string) => string): Mapping {
  const filled = fill(text)
  const type = headers.find((_, at) => at % 2 === 1 && headers[at - 1]!.toLowerCase() === 'content-type') ?? ''
  if (/^application\/json\b/i.test(type)) {
    try {
      const value: unknown = JSON.parse(filled)
      // Only where the text comes back as it was: spaces and doubled keys may matter to a policy.
      if (JSON.stringify(value) === filled.trim() || JSON.stringify(value, null, 2) === filled.trim())
        return { json: value }
    } catch {
      // It is kept as the text that it is.
    }
  }
  return { body: filled }
}

function responseOf(answer: RecordedResponse, fill: (text: string) => string): Mapping {
  const headers: [string, string][] = []
  for (let at = 0; at + 1 < answer.headers.length; at += 2) {
    const name = answer.headers[at]!
    if (/^(?:content-length|content-encoding|transfer-encoding|connection|keep-alive|date)$/i.test(name)) continue
    headers.push([name, fill(answer.headers[at + 1]!)])
  }
  const text = bodyText(answer)
  const readable = text !== undefined && text !== '' && text.length < 20_000 && !/[\0\ufffd]/.test(text)
  return {
    ...(answer.status !== 200 && { status: answer.status }),
    ...(headers.length > 0 && { headers: headerMap(headers) }),
    ...(readable && contentOf(text, answer.headers, fill)),
  }
}

/** A header that comes several times has a list. */
function headerMap(pairs: readonly (readonly [string, string])[]): Mapping {
  const map = new Map<string, string | string[]>()
  const names = new Map<string, string>()
  for (const [name, value] of pairs) {
    const known = names.get(name.toLowerCase()) ?? name
    names.set(name.toLowerCase(), known)
    const before = map.get(known)
    map.set(known, before === undefined ? value : [...[before].flat(), value])
  }
  return Object.fromEntries(map)
}

/** Keys that a token of a test has besides its claims. */
const tokenKeys = new Set(['issuer', 'alg', 'signature', 'header', 'claims'])

function tokenOf({ reading, valid }: { reading: Extract<TokenReading, { form: 'jws' }>; valid: boolean }): Mapping {
  const { alg, kid: _, typ, ...header } = reading.header
  const { iss, ...claims } = JSON.parse(openMarkers(JSON.stringify(reading.claims), () => 'sealed')) as Mapping
  const odd = Object.keys(claims).filter((name) => tokenKeys.has(name))
  const plain = Object.fromEntries(Object.entries(claims).filter(([name]) => !tokenKeys.has(name)))
  const rest: Mapping = { ...header, ...(typ !== 'JWT' && { typ: typ ?? null }) }
  const known = /^(?:(?:RS|PS|ES|HS)(?:256|384|512)|EdDSA|Ed25519|none)$/.test(String(alg))
  if (!known) rest['alg'] = alg
  return {
    ...(typeof iss === 'string' && { issuer: iss }),
    ...plain,
    ...((odd.length > 0 || (iss !== undefined && typeof iss !== 'string')) && {
      claims: {
        ...Object.fromEntries(odd.map((name) => [name, claims[name]])),
        ...(typeof iss !== 'string' && { iss }),
      },
    }),
    // What is not there in the record is not made up.
    ...(claims['exp'] === undefined && { exp: null }),
    ...(known && alg !== 'RS256' && { alg }),
    ...(Object.keys(rest).length > 0 && { header: rest }),
    ...(!valid && { signature: 'invalid' }),
  }
}

/** What the world said that a test cannot make by itself. */
function addFacts(given: Mapping, { facts }: ExchangeRecord, hasToken: boolean): void {
  const named: Record<string, FactAnswer<unknown>> = {}
  const keySets: Mapping = {}
  for (const { key, answer } of facts) {
    const [kind, , , source = ''] = key.split('|')
    if (kind === 'random') named[key] = answer
    if (kind !== 'signature') continue
    const address = source.replace(/^(?:issuer|jwks):/, '')
    if ('unavailable' in answer) keySets[address] = answer
    else if (!hasToken) named[key] = answer as FactAnswer<SignatureCheck>
  }
  if (Object.keys(keySets).length > 0) given['keySets'] = keySets
  if (Object.keys(named).length > 0) given['facts'] = named
}

function fillingOf(text: string, filling: Filling): (tag: string) => string {
  const lengths = new Map(
    Array.from(text.matchAll(/⟦sealed:([\w-]+):(\d+)(:literal)?⟧/g), ([, tag, length, plain]) => [
      tag!,
      { length: Number(length), plain: plain !== undefined },
    ]),
  )
  return (tag) => {
    const { length = 8, plain = false } = lengths.get(tag) ?? {}
    if (plain || filling === 'digits') return '0'.repeat(plain ? 1 : Math.min(length, 20_000))
    return filling === 'word' ? 'sealed' : 'x'.repeat(Math.min(length, 20_000))
  }
}
