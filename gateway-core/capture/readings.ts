import { isUtf8 } from 'node:buffer'
import type { MessageSide, RawHeaders } from '../exchange.ts'
import { decodeContent, isPlainCoding } from './content.ts'
import { isCredentialHeader } from './credential-names.ts'
import type { Extra } from './layout.ts'
import type { OriginalMessage } from './record.ts'
import type { SealedPlaces } from './sealed-places.ts'
import type { Sealer } from './sealer.ts'
import {
  impliedSecrets,
  mapSecretHeaders,
  secretsOfHeader,
  secretsOfJson,
  secretsOfMultipart,
  secretsOfParameters,
} from './secret-values.ts'

/** What was found in one text of a record: the text without the secrets that stand at known places, and those secrets. */
export interface Reading {
  text: string
  secrets: readonly string[]
  /** Only header lists. */
  contentType?: string
  coding?: string
  /** Secrets that this text was already searched for in vain, the last few. */
  cleanFor?: (readonly string[])[] | undefined
  /** It will not come again in this form: no use in remembering its part. */
  once?: true
  /** Part that holds the text, once written; 0 before. */
  part: number
}

const none: readonly string[] = []

/** Reads a JSON header list. */
export function readHeaders(json: string, side: MessageSide, places: SealedPlaces, sealer: Sealer): Reading {
  const raw = JSON.parse(json) as string[]
  const secrets: string[] = []
  const sealed = sealHeaders(raw, side, places, sealer, secrets)
  const text = sealer.sealTokens(sealed === raw ? json : JSON.stringify(sealed), secrets)
  const reading: Reading = { text, secrets: secrets.length > 0 ? secrets : none, part: 0 }
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = raw[at]!.toLowerCase()
    if (name === 'content-type') reading.contentType = raw[at + 1]!.toLowerCase()
    else if (name === 'content-encoding') {
      reading.coding = reading.coding === undefined ? raw[at + 1]! : `${reading.coding}, ${raw[at + 1]!}`
    }
  }
  return reading
}

/** Headers without their secrets; the same list where there are none. */
export function sealHeaders(
  headers: RawHeaders,
  side: MessageSide,
  places: SealedPlaces,
  sealer: Sealer,
  secrets: string[],
): RawHeaders {
  const sealed = mapSecretHeaders(headers, places.headers[side], (value, spans, name) => {
    secrets.push(...impliedSecrets(name, value))
    return sealer.sealSpans(value, spans, secrets)
  })
  let copy: string[] | undefined
  for (let at = 1; at < sealed.length; at += 2) {
    // Location, Referer and the like carry queries.
    if (sealed[at] !== headers[at] || !/[?&#].*=/s.test(sealed[at]!)) continue
    const spans = secretsOfParameters(sealed[at]!, places.query)
    if (spans.length > 0) (copy ??= [...sealed])[at] = sealer.sealSpans(sealed[at]!, spans, secrets)
  }
  return copy ?? sealed
}

/** Reads a query, or a target that may have one. */
export function readQuery(text: string, places: SealedPlaces, sealer: Sealer): Reading {
  const secrets: string[] = []
  const spans = secretsOfParameters(text, places.query)
  const sealed = sealer.sealTokens(spans.length > 0 ? sealer.sealSpans(text, spans, secrets) : text, secrets)
  return { text: sealed, secrets: secrets.length > 0 ? secrets : none, part: 0 }
}

/** Reads any other text: only tokens are known by their looks. */
export function readText(text: string, _places: SealedPlaces, sealer: Sealer): Reading {
  const secrets: string[] = []
  const sealed = sealer.sealTokens(text, secrets)
  return { text: sealed, secrets: secrets.length > 0 ? secrets : none, part: 0 }
}

const headerChange = /"kind":"(?:set|add)-header"(,"name":"([^"\\]*)")?/g

/** Whether a trace has anything that has to be read as JSON: most set only headers that are no credentials. */
function mayHoldSecrets(json: string, { headers }: SealedPlaces): boolean {
  if (json.includes('"secret":true') || json.includes('"kind":"set-query"')) return true
  if (!json.includes('-header"')) return false
  for (const [, , name] of json.matchAll(headerChange)) {
    if (name === undefined || isCredentialHeader(name)) return true
    if (headers.request.has(name.toLowerCase()) || headers.response.has(name.toLowerCase())) return true
  }
  return false
}

/** Reads the trace's evidence and changes: a changed header or query is sealed like one that was received. */
export function readDetail(json: string, places: SealedPlaces, sealer: Sealer): Reading {
  if (!mayHoldSecrets(json, places)) return readText(json, places, sealer)
  const secrets: string[] = []
  const detail = JSON.parse(json, function (this: Record<string, unknown>, key, value: unknown) {
    if (typeof value !== 'string') return value
    if (key === 'observed' && this['secret'] === true) {
      return sealer.sealSpans(value, [{ start: 0, end: value.length }], secrets)
    }
    if (key === 'query' && this['kind'] === 'set-query') {
      return sealer.sealSpans(value, secretsOfParameters(value, places.query), secrets)
    }
    if (key === 'value' && /^(?:set|add)-header$/.test(String(this['kind']))) {
      const name = String(this['name'])
      const also = new Set([...places.headers.request, ...places.headers.response])
      return sealer.sealSpans(value, secretsOfHeader(name, value, also) ?? [], secrets)
    }
    return value
  }) as unknown
  const text = sealer.sealTokens(JSON.stringify(detail), secrets)
  return { text, secrets: secrets.length > 0 ? secrets : none, part: 0 }
}

/** Reads facts and claims. */
export function readKnowledge(json: string, places: SealedPlaces, sealer: Sealer): Reading {
  if (places.claims.size === 0) return readText(json, places, sealer)
  const secrets: string[] = []
  const seal = (value: string) => sealer.sealSpans(value, [{ start: 0, end: value.length }], secrets)
  const knowledge = JSON.parse(json, function (this: unknown, key, value: unknown) {
    return typeof value === 'string' && places.claims.has(key) ? seal(value) : value
  }) as unknown
  const text = sealer.sealTokens(JSON.stringify(knowledge), secrets)
  return { text, secrets: secrets.length > 0 ? secrets : none, part: 0 }
}

/** Reads the rare parts: a forwarded request and an upstream response are messages like the others. */
export function readExtra(json: string, places: SealedPlaces, sealer: Sealer): Reading {
  const secrets: string[] = []
  const extra = JSON.parse(json) as Extra
  const headers = (list: RawHeaders, side: MessageSide) => sealHeaders(list, side, places, sealer, secrets)
  const query = (text: string) => sealer.sealSpans(text, secretsOfParameters(text, places.query), secrets)
  const { forwarded, upstreamResponse, intercepted } = extra
  if (forwarded?.headers) forwarded.headers = headers(forwarded.headers, 'request')
  if (forwarded?.trailers) forwarded.trailers = headers(forwarded.trailers, 'request')
  if (forwarded?.query) forwarded.query = query(forwarded.query)
  if (forwarded?.target) forwarded.target = query(forwarded.target)
  if (upstreamResponse) upstreamResponse.headers = sealKept(upstreamResponse.headers, headers)
  if (upstreamResponse?.trailers) upstreamResponse.trailers = headers(upstreamResponse.trailers, 'response')
  if (extra.requestTrailers) extra.requestTrailers = headers(extra.requestTrailers, 'request')
  if (extra.responseTrailers) extra.responseTrailers = headers(extra.responseTrailers, 'response')
  for (const side of ['request', 'response'] as const) {
    const original = intercepted?.[side]
    if (original) sealOriginal(original, side, places, sealer, secrets)
  }
  const text = sealer.sealTokens(JSON.stringify(extra), secrets)
  return { text, secrets: secrets.length > 0 ? secrets : none, part: 0 }
}

/** Seals the headers that are written out; numbers stand for pairs of the response. */
function sealKept(
  kept: readonly (string | number)[],
  seal: (list: RawHeaders, side: MessageSide) => RawHeaders,
): (string | number)[] {
  const sealed = seal(
    kept.filter((item) => typeof item === 'string'),
    'response',
  ).values()
  return kept.map((item) => (typeof item === 'number' ? item : sealed.next().value!))
}

/** A message before it was changed at a breakpoint or by a rule; in place. A binary body that holds a secret is left out. */
function sealOriginal(
  original: OriginalMessage,
  side: MessageSide,
  places: SealedPlaces,
  sealer: Sealer,
  secrets: string[],
): void {
  const contentType = contentTypeOf(original.headers)
  original.headers = sealHeaders(original.headers, side, places, sealer, secrets)
  original.start = sealer.sealSpans(original.start, secretsOfParameters(original.start, places.query), secrets)
  const { body } = original
  if (body?.text !== undefined) body.text = sealText(body.text, contentType, side, places, sealer, secrets)
  if (body?.base64 === undefined) return
  const found: string[] = []
  sealText(Buffer.from(body.base64, 'base64').toString('latin1'), contentType, side, places, sealer, found)
  if (found.length > 0) delete body.base64
}

function contentTypeOf(headers: RawHeaders): string {
  const at = headers.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === 'content-type')
  return at === -1 ? '' : headers[at + 1]!.toLowerCase()
}

/** What a message's headers say of its body. */
export interface BodyHead {
  contentType?: string | undefined
  coding?: string | undefined
}

/** A body as it will be kept. */
export interface BodyReading {
  bytes: Uint8Array
  coding: string | undefined
  /** Readable form, decoded where it came coded and with markers for its secrets; undefined for binary content. */
  text: string | undefined
  /** `text` is exactly what was on the wire, apart from markers. */
  exact: boolean
  /** Found secrets made `text` differ from what was on the wire. */
  changed: boolean
  /** May hold secrets that cannot be told apart: coded or binary content that could not be looked into, or a place sealed as a whole. */
  opaque: boolean
  secrets: readonly string[]
  /** Part that holds it unchanged, once written; 0 before. */
  part: number
}

export function readBody(
  bytes: Uint8Array,
  head: BodyHead,
  side: MessageSide,
  places: SealedPlaces,
  sealer: Sealer,
): BodyReading {
  const coding = isPlainCoding(head.coding) ? undefined : head.coding
  const content = coding === undefined ? bytes : decodeContent(bytes, coding)
  const reading = { bytes, coding, text: undefined, exact: false, changed: false, secrets: none, part: 0 }
  if (!content) return { ...reading, opaque: true }
  const readable = utf8Of(content)
  const secrets: string[] = []
  const contentType = head.contentType ?? ''
  if (readable === undefined) {
    const text = latin1Of(content)
    const whole = places.bodies[side].includes('')
    if (!/^(?:image|audio|video|font)\//.test(contentType)) sealText(text, contentType, side, places, sealer, secrets)
    return { ...reading, opaque: whole || secrets.length > 0, secrets: secrets.length > 0 ? secrets : none }
  }
  const text = sealText(readable, contentType, side, places, sealer, secrets)
  const exact = coding === undefined && (bytes.byteLength === 0 || bytes.at(-1)! < 0x80 || isUtf8(bytes))
  const found = { changed: text !== readable, secrets: secrets.length > 0 ? secrets : none }
  return { ...reading, ...found, text, exact, opaque: false }
}

function sealText(
  text: string,
  contentType: string,
  side: MessageSide,
  places: SealedPlaces,
  sealer: Sealer,
  secrets: string[],
): string {
  const whole = places.bodies[side].includes('') && text !== ''
  const spans = whole ? [{ start: 0, end: text.length }] : spansOf(text, contentType, places, side)
  return sealer.sealTokens(spans.length > 0 ? sealer.sealSpans(text, spans, secrets) : text, secrets)
}

/** Text of UTF-8 bytes, also where the end was cut inside a character. NUL is no text: SQLite would end there. */
function utf8Of(bytes: Uint8Array): string | undefined {
  if (bytes.includes(0)) return undefined
  for (let cut = 0; cut < 4 && cut <= bytes.byteLength; cut++) {
    const whole = cut === 0 ? bytes : bytes.subarray(0, -cut)
    if (isUtf8(whole)) return Buffer.from(whole.buffer, whole.byteOffset, whole.byteLength).toString('utf8')
    if (bytes.at(-1 - cut)! < 0x80) return undefined
  }
  return undefined
}

function latin1Of(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}

function spansOf(text: string, contentType: string, places: SealedPlaces, side: MessageSide) {
  if (contentType.includes('multipart/form-data')) return secretsOfMultipart(text, places.query)
  if (contentType.includes('json') || /^\s*[[{"]/.test(text)) return secretsOfJson(text, places.bodies[side])
  if (contentType.includes('urlencoded') || /^[\w.%+-]+=[^\s<>]*$/.test(text)) {
    const names = places.bodies[side].map((pointer) => pointer.slice(1))
    return secretsOfParameters(text, new Set([...places.query, ...names]))
  }
  return []
}
