import type { RawHeaders } from '../../gateway-core/exchange.ts'
import type { ExchangeDetail } from '../../gateway-core/protocol/types.ts'

type Exchange = ExchangeDetail['exchange']

/** One line of a message beside its counterpart. */
export interface ComparedLine {
  name: string
  original: string | undefined
  modified: string | undefined
  same: boolean
}

/** A message before and after the policies: start line, headers in order, and whether its body differs. */
export interface Compared {
  lines: ComparedLine[]
  bodyChanged: boolean
}

/** Request as the client sent it beside what went to the upstream; undefined where policies changed nothing. */
export function comparedRequest({ request, forwarded }: Exchange): Compared | undefined {
  if (!forwarded) return undefined
  const start = (message: typeof request) => `${message.method} ${message.target}`
  return compareMessages(
    { start: start(request), headers: request.headers, body: request.body },
    { start: start(forwarded), headers: forwarded.headers, body: forwarded.body },
  )
}

/** Response of the upstream beside what the client got; undefined where nothing was changed. */
export function comparedResponse({ upstreamResponse, response }: Exchange): Compared | undefined {
  if (!upstreamResponse || !response) return undefined
  const start = (message: typeof response) => `${message.status} ${message.reason}`.trim()
  return compareMessages(
    { start: start(upstreamResponse), headers: upstreamResponse.headers, body: upstreamResponse.body },
    { start: start(response), headers: response.headers, body: response.body },
  )
}

/** How many lines policies changed, in both messages, and how often breakpoints and rules touched them. */
export function changeCount(exchange: Exchange): number {
  return [comparedRequest(exchange), comparedResponse(exchange)].reduce(
    (sum, compared) =>
      sum + (compared ? compared.lines.filter(({ same }) => !same).length + (compared.bodyChanged ? 1 : 0) : 0),
    exchange.intercepted?.touches.length ?? 0,
  )
}

interface Side {
  start: string
  headers: RawHeaders
  body: { length: number } | undefined
}

/** Two messages line by line; a body counts as changed where its length did. */
export function compareMessages(original: Side, modified: Side): Compared {
  const lines: ComparedLine[] = [line('', original.start, modified.start)]
  const after = byName(modified.headers)
  const before = byName(original.headers)
  for (const [key, { name, values }] of before) {
    const others = after.get(key)?.values ?? []
    for (let at = 0; at < Math.max(values.length, others.length); at++) lines.push(line(name, values[at], others[at]))
  }
  for (const [key, { name, values }] of after) {
    if (!before.has(key)) for (const value of values) lines.push(line(name, undefined, value))
  }
  return { lines, bodyChanged: original.body?.length !== modified.body?.length }
}

function line(name: string, original: string | undefined, modified: string | undefined): ComparedLine {
  return { name, original, modified, same: original === modified }
}

function byName(headers: RawHeaders): Map<string, { name: string; values: string[] }> {
  const known = new Map<string, { name: string; values: string[] }>()
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const key = headers[at]!.toLowerCase()
    const entry = known.get(key)
    if (entry) entry.values.push(headers[at + 1]!)
    else known.set(key, { name: headers[at]!, values: [headers[at + 1]!] })
  }
  return known
}
