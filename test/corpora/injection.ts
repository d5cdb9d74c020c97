import { join } from 'node:path'
import { HeldBody } from '../../gateway-core/body.ts'
import type { Evidence, Exchange } from '../../gateway-core/exchange.ts'
import { HeaderList } from '../../gateway-core/headers.ts'
import type { Outcome } from '../../gateway-core/pipeline/outcome.ts'
import type { Judge, Setup } from '../../gateway-core/pipeline/policy.ts'
import { injectionClasses } from '../../gateway-core/policies/injection-protection/finding.ts'
import { injectionProtection } from '../../gateway-core/policies/injection-protection/injection-protection.ts'
import { jsonLines } from './corpora.ts'

/** Judges requests by `injection-protection` alone, without a document. */
export function judgeInjection(sensitivity: 'low' | 'medium' | 'high' = 'medium') {
  const setup: Setup = { consumers: [], openapi: undefined, tag: (secret) => secret, problem: () => undefined }
  const prepared: unknown = injectionProtection.prepare(
    { sensitivity, classes: injectionClasses, ignore: [], bodyLimit: '4mb' },
    setup,
  )
  const { requestHeaders, requestBody } = injectionProtection.phases
  return (request: {
    method?: string
    url: string
    headers?: Record<string, string>
    body?: string | Uint8Array
  }): readonly Evidence[] => {
    const exchange = exchangeOf(request)
    for (const step of [requestHeaders!, requestBody!]) {
      const outcome = step(prepared, exchange, {} as Judge) as Outcome
      if (outcome.verdict === 'deny') return outcome.evidence
    }
    return []
  }
}

function exchangeOf(request: {
  method?: string
  url: string
  headers?: Record<string, string>
  body?: string | Uint8Array
}): Exchange {
  const { url, body } = request
  const mark = url.indexOf('?')
  const path = mark < 0 ? url : url.slice(0, mark)
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body
  return {
    id: 'corpus',
    startedAt: 0,
    peer: { address: '127.0.0.1', port: 1 },
    clientAddress: '127.0.0.1',
    request: {
      method: request.method ?? 'GET',
      scheme: 'http',
      authority: 'localhost',
      target: url,
      path,
      query: mark < 0 ? '' : url.slice(mark + 1),
      headers: HeaderList.of(request.headers ?? {}),
      hasBody: bytes !== undefined,
      contentLength: bytes?.length,
      ...(bytes ? { body: new HeldBody(bytes) } : {}),
    },
  }
}

type JudgeRequest = ReturnType<typeof judgeInjection>

export const asQuery = (judge: JudgeRequest, value: string) =>
  judge({ url: `/items?q=${encodeURIComponent(value.toWellFormed())}` })
export const asJson = (judge: JudgeRequest, value: string) =>
  judge({
    method: 'POST',
    url: '/items',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'x', note: value }),
  })
export const asHeader = (judge: JudgeRequest, value: string) => judge({ url: '/items', headers: { 'x-note': value } })
export const asPath = (judge: JudgeRequest, value: string) =>
  judge({ url: `/items/${encodeURIComponent(value.toWellFormed())}` })

interface Payload {
  category: string
  payload: string
}

export interface Recall {
  found: number
  of: number
  missed: string[]
}

/** Recall by class; `half` takes the rows whose number leaves that rest by two. */
export function payloadRecall(
  folder: string,
  ask: (judge: JudgeRequest, value: string) => readonly Evidence[],
  half?: 0 | 1,
): Map<string, Recall> {
  const judge = judgeInjection()
  const classes = new Map<string, Recall>()
  for (const [at, { category, payload }] of jsonLines<Payload>(join(folder, 'dev.jsonl')).entries()) {
    if (half !== undefined && at % 2 !== half) continue
    const recall = classes.get(category) ?? { found: 0, of: 0, missed: [] }
    classes.set(category, recall)
    recall.of += 1
    if (ask(judge, payload).length > 0) recall.found += 1
    else recall.missed.push(payload)
  }
  return classes
}

interface CrsCase {
  id: string
  category: string
  paranoia: number
  expect: 'fire' | 'not-fire'
  request: { method: string | null; uri: string | null; headers: Record<string, string> | null; data: string | null }
}

/** Recall on the Core Rule Set's own requests, the groups that are about injection (921, 930 to 944), by group. */
export function crsRecall(folder: string, paranoia: number, half?: 0 | 1): Map<string, Recall> {
  const judge = judgeInjection()
  const groups = new Map<string, Recall>()
  for (const [at, one] of jsonLines<CrsCase>(join(folder, 'dev.jsonl')).entries()) {
    if (half !== undefined && at % 2 !== half) continue
    const group = one.category.split('-')[1]!
    if (one.expect !== 'fire' || one.paranoia !== paranoia || group < '921' || group > '944') continue
    const recall = groups.get(group) ?? { found: 0, of: 0, missed: [] }
    groups.set(group, recall)
    recall.of += 1
    const { method, uri, headers, data } = one.request
    const found = judge({
      method: method ?? 'GET',
      url: uri ?? '/',
      headers: headers ?? {},
      ...(data ? { body: data } : {}),
    })
    if (found.length > 0) recall.found += 1
    else recall.missed.push(`${one.id} ${uri} ${data ?? ''} ${JSON.stringify(headers)}`)
  }
  return groups
}

/** Benign example values that would be denied. */
export function falsePositives(
  folder: string,
  sensitivity?: 'low' | 'medium' | 'high',
  half?: 0 | 1,
): { of: number; denied: { value: string; in: string; evidence: Evidence }[] } {
  const judge = judgeInjection(sensitivity)
  const denied: { value: string; in: string; evidence: Evidence }[] = []
  const rows = jsonLines<{ in: string; value: unknown }>(join(folder, 'dev.jsonl')).filter(
    (_row, at) => half === undefined || at % 2 === half,
  )
  for (const row of rows) {
    const value = typeof row.value === 'string' ? row.value : JSON.stringify(row.value)
    const ask = { query: asQuery, path: asPath, header: asHeader }[row.in] ?? asJson
    const [evidence] = ask(judge, value)
    if (evidence) denied.push({ value, in: row.in, evidence })
  }
  return { of: rows.length, denied }
}
