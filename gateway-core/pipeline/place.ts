import type { Exchange, Place } from '../exchange.ts'

const none: readonly string[] = []

/**
 * Every value at a place, in the order of the message; empty when there is none. Values are as the upstream would read
 * them: query names and values percent-decoded with `+` as a space, cookies and headers as they stand. What does not
 * decode stays as written. A claim that is a list gives each of its items.
 */
export function readPlace(exchange: Exchange, place: Place): readonly string[] {
  switch (place.in) {
    case 'header':
      return (place.of === 'response' ? exchange.response : exchange.request)?.headers.all(lower(place.name)) ?? none
    case 'query':
      return queryValues(exchange.request.query, place.name)
    case 'cookie':
      return cookieValues(exchange.request.headers.all('cookie'), place.name)
    case 'path':
      return one(place.name === undefined ? exchange.request.path : pathParameter(exchange, place.name))
    case 'claim':
      return claimTexts(claimAt(exchange.claims, place.name))
    case 'body':
      return bodyValues(exchange, place)
    case 'method':
      return [exchange.request.method]
    case 'host':
      return one(exchange.request.authority)
    case 'peer':
      return [exchange.peer.address]
    case 'client':
      return [exchange.clientAddress]
    case 'consumer':
      return one(exchange.consumer?.name)
    case 'status':
      return one(exchange.response && String(exchange.response.status))
    case 'certificate':
      return one(exchange.peer.certificates?.[0] && Buffer.from(exchange.peer.certificates[0]).toString('base64'))
    case 'state':
    case 'time':
      return none
  }
}

/** Values of a query parameter (WHATWG URL, `application/x-www-form-urlencoded`), without decoding the others. */
export function queryValues(query: string, name: string): readonly string[] {
  if (query === '') return none
  const values: string[] = []
  let start = 0
  while (start <= query.length) {
    let end = query.indexOf('&', start)
    if (end === -1) end = query.length
    const equals = query.indexOf('=', start)
    const nameEnd = equals === -1 || equals > end ? end : equals
    if (nameEnd > start || equals === nameEnd) {
      if (decode(query.slice(start, nameEnd)) === name)
        values.push(decode(query.slice(Math.min(nameEnd + 1, end), end)))
    }
    start = end + 1
  }
  return values
}

/** Values of a cookie (RFC 6265 §4.2.1) from all Cookie fields. Names are case-sensitive, quotes belong to the value. */
export function cookieValues(fields: readonly string[], name: string): readonly string[] {
  const values: string[] = []
  for (const field of fields) {
    for (const pair of field.split(';')) {
      const equals = pair.indexOf('=')
      if (equals !== -1 && trim(pair.slice(0, equals)) === name) values.push(trim(pair.slice(equals + 1)))
    }
  }
  return values
}

/**
 * A claim by its name, or by a path of names with dots (`realm_access.roles`). A claim whose own name has dots, such as
 * `https://example.com/roles`, is found first. Undefined when there is none.
 */
export function claimAt(claims: Readonly<Record<string, unknown>> | undefined, name: string): unknown {
  if (!claims) return undefined
  if (Object.hasOwn(claims, name)) return claims[name]
  if (!name.includes('.')) return undefined
  let value: unknown = claims
  for (const part of name.split('.')) {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, part)) {
      return undefined
    }
    value = (value as Record<string, unknown>)[part]
  }
  return value
}

/** A claim's value as texts: a list gives its items, an object its JSON, absence and null nothing. */
export function claimTexts(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.filter((item) => item !== null).map((item: unknown) => textOf(item))
  return value === undefined || value === null ? none : [textOf(value)]
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  try {
    return JSON.stringify(value)
  } catch {
    // Nested deeper than the stack: no text to compare with.
    return ''
  }
}

function pathParameter(exchange: Exchange, name: string): string | undefined {
  const parameters = exchange.route?.parameters
  return parameters && Object.hasOwn(parameters, name) ? parameters[name] : undefined
}

function bodyValues(exchange: Exchange, place: Extract<Place, { in: 'body' }>): readonly string[] {
  const body = (place.of === 'response' ? exchange.response : exchange.request)?.body
  if (!body) return none
  if (place.pointer === undefined) return [body.text]
  if (!body.json.ok) return none
  let value = body.json.value
  for (const part of place.pointer.split('/').slice(1)) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~')
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return none
    value = (value as Record<string, unknown>)[name]
  }
  return claimTexts(value)
}

function decode(text: string): string {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text
  if (!spaced.includes('%')) return spaced
  try {
    return decodeURIComponent(spaced)
  } catch {
    return spaced
  }
}

function trim(text: string): string {
  return text.replace(/^[ \t]+|[ \t]+$/g, '')
}

function lower(name: string): string {
  return name.toLowerCase()
}

function one(value: string | undefined): readonly string[] {
  return value === undefined ? none : [value]
}
