import type { RawHeaders } from '../exchange.ts'
import {
  authenticationSchemes,
  isCredentialHeader,
  isCredentialMember,
  isCredentialParameter,
} from './credential-names.ts'
import { scanScalars } from './json-scalars.ts'

/** A range of characters of a text that is secret; `literal` is a JSON number or word that stands without quotes. */
export interface SecretSpan {
  start: number
  end: number
  literal?: true
}

const tokenSegment = /[A-Za-z0-9_-]*/y

/**
 * JSON Web Tokens (RFC 7519 §3) wherever they stand; base64url of `{"` begins with `eyJ`. Takes linear time: a run of
 * letters that no dot follows holds no token, wherever one might begin in it.
 */
export function tokensIn(text: string): SecretSpan[] {
  const spans: SecretSpan[] = []
  for (let start = text.indexOf('eyJ'); start >= 0; ) {
    const header = segmentEnd(text, start)
    let end = header
    if (text[header] === '.' && header - start >= 8) end = segmentEnd(text, header + 1)
    if (end - header > 4 && text[end] === '.') {
      while (text[end] === '.') end = segmentEnd(text, end + 1)
      spans.push({ start, end })
    } else end = header
    start = text.indexOf('eyJ', end)
  }
  return spans
}

function segmentEnd(text: string, start: number): number {
  tokenSegment.lastIndex = start
  tokenSegment.exec(text)
  return tokenSegment.lastIndex
}

/** Secret ranges of a header value. The scheme word and cookie names stay readable; undefined: nothing secret. */
export function secretsOfHeader(name: string, value: string, also?: ReadonlySet<string>): SecretSpan[] | undefined {
  const lower = name.toLowerCase()
  if (lower === 'cookie') return cookiePairs(value)
  if (lower === 'set-cookie' || lower === 'set-cookie2') return cookiePairs(value.split(';', 1)[0]!)
  if (!also?.has(lower) && !isCredentialHeader(name)) return undefined
  const scheme = /^\s*([\w!#$%&'*+.^`|~-]+)\s+(?=\S)/.exec(value)
  const start = scheme && authenticationSchemes.has(scheme[1]!.toLowerCase()) ? scheme[0].length : 0
  return start < value.length ? [{ start, end: value.length }] : undefined
}

function cookiePairs(text: string): SecretSpan[] {
  const spans: SecretSpan[] = []
  let at = 0
  for (const pair of text.split(';')) {
    const equals = pair.indexOf('=')
    let start = at + (equals < 0 ? 0 : equals + 1)
    let end = at + pair.length
    while (start < end && text.charCodeAt(start) <= 32) start++
    while (end > start && text.charCodeAt(end - 1) <= 32) end--
    if (end > start) spans.push({ start, end })
    at += pair.length + 1
  }
  return spans
}

/** Further secrets that a credential implies: what Basic authentication encodes (RFC 7617), the quoted values of Digest. */
export function impliedSecrets(name: string, value: string): string[] {
  if (!/authorization$/i.test(name)) return []
  const basic = /^\s*basic\s+([A-Za-z0-9+/=_-]+)/i.exec(value)
  if (!basic) return []
  const pair = Buffer.from(basic[1]!, 'base64').toString('utf8')
  const colon = pair.indexOf(':')
  return colon < 0 ? [pair] : [pair, pair.slice(colon + 1)]
}

const credentialInQuery = /(?:^|[&;?#])([^=&;?#]+)=/g

/** Secret ranges of a query, a form body or a URL that has one. */
export function secretsOfParameters(text: string, also?: ReadonlySet<string>): SecretSpan[] {
  const spans: SecretSpan[] = []
  for (const match of text.matchAll(credentialInQuery)) {
    const name = decoded(match[1]!)
    if (!also?.has(name) && !isCredentialParameter(name)) continue
    const start = match.index + match[0].length
    const rest = /[&;#]/.exec(text.slice(start))
    const end = rest ? start + rest.index : text.length
    if (end > start) spans.push({ start, end })
  }
  return spans
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return text
  }
}

/** Member names in a JSON text are only looked at when one of them could be a credential's: this is cheaper. */
const worthScanning = /pass|pwd|secret|token|jwt|key|authori[sz]ation|assertion|verifier|session|otp|\\u/i

/** Secret ranges of a JSON body; also works on a truncated or malformed one. `pointers` are RFC 6901, `*` for any member. */
export function secretsOfJson(text: string, pointers: readonly string[]): SecretSpan[] {
  if (pointers.length === 0 && !worthScanning.test(text)) return []
  const wanted = pointers.map((pointer) => pointer.split('/').slice(1).map(unescapePointer))
  const spans: SecretSpan[] = []
  scanScalars(text, isCredentialMember, ({ path, start, end, quoted, marked }) => {
    if (!marked && !wanted.some((steps) => leadsTo(steps, path))) return
    if (!quoted) spans.push({ start, end, literal: true })
    else if (end - start > 2) spans.push({ start: start + 1, end: text[end - 1] === '"' ? end - 1 : end })
  })
  return spans
}

/** Everything at and below a pointer is secret. */
function leadsTo(steps: readonly string[], path: readonly (string | number)[]): boolean {
  return steps.length <= path.length && steps.every((step, at) => step === '*' || step === String(path[at]))
}

function unescapePointer(step: string): string {
  return step.replaceAll('~1', '/').replaceAll('~0', '~')
}

/** Header list with the secret spans of each value handed to `replace`. Returns the same list when nothing is secret. */
export function mapSecretHeaders(
  headers: RawHeaders,
  also: ReadonlySet<string> | undefined,
  replace: (value: string, spans: SecretSpan[], name: string) => string,
): RawHeaders {
  let copy: string[] | undefined
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at]!
    const value = headers[at + 1]!
    const spans = secretsOfHeader(name, value, also)
    if (spans?.length) (copy ??= [...headers])[at + 1] = replace(value, spans, name)
  }
  return copy ?? headers
}

const partHeader = /content-disposition:([^\r\n]*)/gi
const partName = /[;\s]name=(?:"([^"]*)"|([^";\s]+))/i

/** Secret ranges of a multipart form (RFC 7578): the values of parts with a credential's name. */
export function secretsOfMultipart(text: string, also?: ReadonlySet<string>): SecretSpan[] {
  const spans: SecretSpan[] = []
  for (const match of text.matchAll(partHeader)) {
    const found = partName.exec(match[1]!)
    const name = found?.[1] ?? found?.[2]
    if (name === undefined || (!also?.has(name) && !isCredentialParameter(name))) continue
    const blank = /\r?\n\r?\n/g
    blank.lastIndex = match.index
    if (!blank.test(text)) continue
    const start = blank.lastIndex
    const boundary = text.indexOf('\n--', start)
    const end = boundary < 0 ? text.length : text[boundary - 1] === '\r' ? boundary - 1 : boundary
    if (end > start) spans.push({ start, end })
  }
  return spans
}
