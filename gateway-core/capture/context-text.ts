import type { ExchangeRecord } from './record.ts'

/** Fields of a context before its trace, and of each trace entry in it. */
export const contextHead = 24
export const contextPerEntry = 11

/** A context before it is written as JSON. Values of one route, client and outcome repeat, so many exchanges share it. */
export type ContextList = readonly unknown[]

/** What a context holds, in order. One flat list: nested ones would take JSON twice as long. */
export function contextOf(record: ExchangeRecord): ContextList {
  const { request, route, upstream, consumer, response } = record
  const context: unknown[] = [
    request.method,
    request.scheme,
    request.authority,
    request.httpVersion,
    record.listener,
    record.environment,
    record.revision,
    route?.id,
    route?.api,
    route?.template,
    upstream?.name,
    upstreamOf(record),
    record.verdict,
    record.status,
    record.code,
    record.decidedBy,
    consumer?.name,
    consumer?.groups,
    record.state,
    record.upgrade,
    response?.status,
    response?.reason,
    response?.from,
    record.error,
  ]
  for (const entry of record.trace) {
    const { position } = entry
    context.push(entry.policy, entry.type, entry.phase, entry.verdict, entry.mode)
    context.push(position.file, position.line, position.column, entry.code, entry.reason, entry.branch)
  }
  return context
}

/** URL of the upstream; `[prefix]` where path and query of the forwarded request follow it, so that paths share a context. */
function upstreamOf(record: ExchangeRecord): string | [string] | undefined {
  const { upstream } = record
  if (!upstream) return undefined
  const tail = forwardedTarget(record)
  return upstream.url.endsWith(tail) ? [upstream.url.slice(0, -tail.length)] : upstream.url
}

/** Path and query that go to the upstream behind its address. */
export function forwardedTarget({
  request,
  forwarded,
  route,
}: Pick<ExchangeRecord, 'request' | 'forwarded' | 'route'>): string {
  const { path, query } = forwarded ?? request
  const mapped = path === request.path ? (route?.upstreamPath ?? path) : path
  return query === '' ? mapped : `${mapped}?${query}`
}

/** Whether {@link contextOf} would give this list for the record, without making one. */
export function isContextOf(context: ContextList, record: ExchangeRecord): boolean {
  const { request, route, upstream, consumer, response, trace } = record
  return (
    context.length === contextHead + trace.length * contextPerEntry &&
    context[13] === record.status &&
    context[12] === record.verdict &&
    context[0] === request.method &&
    context[2] === request.authority &&
    context[1] === request.scheme &&
    context[3] === request.httpVersion &&
    context[4] === record.listener &&
    context[5] === record.environment &&
    context[6] === record.revision &&
    context[7] === route?.id &&
    context[8] === route?.api &&
    context[9] === route?.template &&
    context[10] === upstream?.name &&
    context[14] === record.code &&
    context[15] === record.decidedBy &&
    context[16] === consumer?.name &&
    sameTexts(context[17], consumer?.groups) &&
    context[18] === record.state &&
    context[19] === record.upgrade &&
    context[20] === response?.status &&
    context[21] === response?.reason &&
    context[22] === response?.from &&
    context[23] === record.error &&
    isTraceOf(context, trace) &&
    isUpstreamOf(context[11], record)
  )
}

function isTraceOf(context: ContextList, trace: ExchangeRecord['trace']): boolean {
  let at = contextHead
  for (const entry of trace) {
    const { position } = entry
    if (
      context[at] !== entry.policy ||
      context[at + 2] !== entry.phase ||
      context[at + 3] !== entry.verdict ||
      context[at + 4] !== entry.mode ||
      context[at + 1] !== entry.type ||
      context[at + 5] !== position.file ||
      context[at + 6] !== position.line ||
      context[at + 7] !== position.column ||
      context[at + 8] !== entry.code ||
      context[at + 9] !== entry.reason ||
      context[at + 10] !== entry.branch
    )
      return false
    at += contextPerEntry
  }
  return true
}

function isUpstreamOf(written: unknown, record: ExchangeRecord): boolean {
  const url = record.upstream?.url
  if (url === undefined || !Array.isArray(written)) return written === url
  const prefix = written[0] as string
  return url.startsWith(prefix) && url.slice(prefix.length) === forwardedTarget(record)
}

function sameTexts(one: unknown, other: readonly string[] | undefined): boolean {
  if (one === other) return true
  if (!Array.isArray(one) || !other || one.length !== other.length) return false
  return one.every((text, at) => text === other[at])
}
