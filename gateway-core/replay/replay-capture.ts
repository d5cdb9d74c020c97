import { hasMarker } from '../capture/markers.ts'
import type { ExchangeRecord } from '../capture/record.ts'
import type { WorkspaceKey } from '../config/workspace-key.ts'
import type { CaptureReport, DecisionChange, DecisionRelation } from '../protocol/replay-reports.ts'
import type { ReplayRequest } from '../protocol/replay-request.ts'
import { type Outcome, sendBy, type Way } from './answer.ts'
import { plainSettings } from './from-exchange.ts'
import { ReplayError } from './replay-error.ts'
import type { WireRequest } from './resolve.ts'

/** A recorded exchange; of one from a foreign HAR nothing is known of decisions. */
export type Recorded = ExchangeRecord

export interface ReplayCaptureOptions {
  /** Oldest first. */
  exchanges: Iterable<Recorded>
  /** How many there are, for progress. */
  total: number
  way: Way
  key: WorkspaceKey
  /** `max`, or how many times faster than recorded. */
  pace: 'max' | number
  concurrency: number
  /** Also methods that change something. */
  unsafe: boolean
  timeoutMs?: number
  /** Values that take the place of recorded ones, in requests that have the field: a fresh token. */
  headers?: readonly (readonly [name: string, value: string])[]
  signal: AbortSignal
  onProgress(done: number, change: DecisionChange | undefined): void
  /** What came of each exchange, unchanged ones too: for reports. */
  onExchange?(result: ReplayedExchange): void
}

/** What came of one recorded exchange: how its decision compares, or why it was not sent. */
export type ReplayedExchange = { recorded: Recorded /** Its place among them, from 0. */; at: number } & (
  | { change: DecisionChange; milliseconds: number }
  | { leftOut: string }
)

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE'])
const mostChanges = 1000

/** `recorded`, `2x`, `0.5x`, `max`. Throws a ReplayError. */
export function paceOf(text: string): 'max' | number {
  if (text === 'max') return 'max'
  if (text === 'recorded') return 1
  const factor = Number(/^(\d+(?:\.\d+)?)x$/.exec(text)?.[1])
  if (factor > 0) return factor
  throw new ReplayError(`"${text.slice(0, 40)}" is no pace`, 'write recorded, max, or how many times faster: 2x')
}

/**
 * Sends recorded requests again, at the times of their first going or as fast as `concurrency` allows, and compares what
 * is decided now with what was decided then. Cancelling ends it after those that are under way.
 */
export async function replayCapture(options: ReplayCaptureOptions): Promise<CaptureReport> {
  const { exchanges, pace, concurrency, signal } = options
  const started = performance.now()
  const report = emptyReport()
  const leftOut = new Map<string, number>()
  const running = new Set<Promise<void>>()
  let first: number | undefined
  const replaced = new Map((options.headers ?? []).map(([name, value]) => [name.toLowerCase(), value]))
  for (const recorded of exchanges) {
    if (signal.aborted) break
    const exchange = replaced.size === 0 ? recorded : withFields(recorded, replaced)
    const at = report.exchanges++
    const why = reasonToLeaveOut(exchange, options.unsafe)
    if (why !== undefined) {
      leftOut.set(why, (leftOut.get(why) ?? 0) + 1)
      options.onExchange?.({ recorded: exchange, at, leftOut: why })
      options.onProgress(report.exchanges, undefined)
      continue
    }
    if (pace !== 'max') {
      first ??= exchange.startedAt
      await until(started + (exchange.startedAt - first) / pace, signal)
      if (signal.aborted) break
    }
    while (running.size >= concurrency) await Promise.race(running)
    const began = performance.now()
    const one = replayOne(exchange, options).then((change) => {
      take(report, change)
      options.onExchange?.({ recorded: exchange, at, change, milliseconds: performance.now() - began })
      options.onProgress(report.exchanges, change.relation === 'same' ? undefined : change)
    })
    const tracked: Promise<void> = one.finally(() => running.delete(tracked))
    running.add(tracked)
  }
  await Promise.all(running)
  report.leftOut = [...leftOut].map(([reason, count]) => ({ reason, exchanges: count }))
  report.milliseconds = Math.round(performance.now() - started)
  return report
}

async function replayOne(
  exchange: Recorded,
  { way, key, signal, timeoutMs }: ReplayCaptureOptions,
): Promise<DecisionChange> {
  const settings: ReplayRequest['settings'] = { ...plainSettings, ...(timeoutMs !== undefined && { timeoutMs }) }
  const outcome = await sendBy(way, wireOf(exchange), { key, secrets: [], settings, signal })
  return compareDecisions(exchange, outcome)
}

function withFields(exchange: Recorded, replaced: ReadonlyMap<string, string>): Recorded {
  const { headers } = exchange.request
  const next = headers.map((text, at) => (at % 2 === 1 ? (replaced.get(headers[at - 1]!.toLowerCase()) ?? text) : text))
  return { ...exchange, request: { ...exchange.request, headers: next } }
}

/** The request as it was: same target, fields and bytes. */
function wireOf({ request }: Recorded): WireRequest {
  const fields: [string, string][] = []
  for (let at = 0; at + 1 < request.headers.length; at += 2) {
    if (!request.headers[at]!.startsWith(':')) fields.push([request.headers[at]!, request.headers[at + 1]!])
  }
  if (!fields.some(([name]) => name.toLowerCase() === 'host')) fields.unshift(['Host', request.authority])
  const body = request.body && request.body.length > 0 ? Buffer.from(request.body.bytes) : undefined
  const version = request.httpVersion === '1.0' ? '1.0' : '1.1'
  // Chunks are not recorded, only what they carried: it goes out with its length.
  const chunked = body !== undefined && fields.some(([name]) => name.toLowerCase() === 'transfer-encoding')
  const framed: [string, string][] = chunked
    ? [
        ...fields.filter(([name]) => name.toLowerCase() !== 'transfer-encoding'),
        ['Content-Length', String(body.length)],
      ]
    : fields
  return { method: request.method, url: request.target, version, fields: framed, body }
}

function reasonToLeaveOut(
  { request, upgrade, route, listener, verdict }: Recorded,
  unsafe: boolean,
): string | undefined {
  if (upgrade) return 'WebSocket handshakes'
  if (listener === 'proxy' && !route) return 'requests to other servers: they came by the forward proxy'
  if (!unsafe && !safeMethods.has(request.method))
    return `${request.method}: it may change something (--unsafe sends it)`
  if (holdsMarkers(request)) return 'secrets that are not kept any more'
  if (request.body?.truncated) return 'bodies of which only the beginning was kept'
  if (request.body?.decoded && listener !== 'none') return 'bodies whose secrets are not kept any more'
  if (!request.body && announcesBody(request.headers)) return 'bodies that were never read'
  if (listener !== 'none' && verdict === 'aborted') return 'requests that the client broke off'
  return undefined
}

/** Whether the request itself lacks a secret; those of its answer do not matter. */
function holdsMarkers({ headers, target, body }: Recorded['request']): boolean {
  if (hasMarker(target) || headers.some(hasMarker)) return true
  return body !== undefined && body.bytes.byteLength < 1_000_000 && hasMarker(Buffer.from(body.bytes).toString('utf8'))
}

function announcesBody(headers: readonly string[]): boolean {
  return headers.some((name, at) => {
    if (at % 2 === 1) return false
    const lower = name.toLowerCase()
    return lower === 'transfer-encoding' || (lower === 'content-length' && headers[at + 1] !== '0')
  })
}

const denying = new Set(['deny', 'refused'])

function compareDecisions(exchange: Recorded, { answer }: Outcome): DecisionChange {
  const { id, request, status, verdict, decidedBy, code, listener } = exchange
  const { decided, response, problem } = answer
  const judged = listener !== 'none'
  const before = {
    verdict: judged ? verdict : '',
    status,
    ...(decidedBy && { policy: decidedBy }),
    ...(code && { code }),
  }
  const after = {
    verdict: decided?.verdict ?? '',
    status: response?.status ?? 0,
    ...(decided?.policy !== undefined && { policy: decided.policy }),
    ...(decided?.code !== undefined && { code: decided.code }),
    ...(problem && { problem: problem.what }),
  }
  const query = request.query === '' ? '' : `?${request.query}`
  return {
    id,
    ...(answer.exchange !== undefined && { now: answer.exchange }),
    method: request.method,
    url: request.path + query,
    relation: relationOf(before, after, judged && decided !== undefined),
    before,
    after,
  }
}

function relationOf(
  before: DecisionChange['before'],
  after: DecisionChange['after'],
  decisions: boolean,
): DecisionRelation {
  if (after.status === 0 && after.problem !== undefined && before.status !== 0) return 'failed'
  if (decisions) {
    const [was, is] = [denying.has(before.verdict), denying.has(after.verdict)]
    if (was !== is) return is ? 'newlyDenied' : 'newlyAllowed'
    if (before.policy !== after.policy || before.code !== after.code) return 'otherPolicy'
  }
  return before.status === after.status ? 'same' : 'otherStatus'
}

function take(report: CaptureReport, change: DecisionChange): void {
  report.sent++
  report[change.relation]++
  if (change.relation === 'same') return
  if (report.changes.length < mostChanges) report.changes.push(change)
  else report.more++
}

function emptyReport(): CaptureReport {
  const counts = { same: 0, newlyDenied: 0, newlyAllowed: 0, otherPolicy: 0, otherStatus: 0, failed: 0 }
  return { exchanges: 0, sent: 0, ...counts, leftOut: [], milliseconds: 0, changes: [], more: 0 }
}

/** Whether anything was decided otherwise than before, or could not be sent. */
export function hasChanges(report: CaptureReport): boolean {
  return report.newlyDenied + report.newlyAllowed + report.otherPolicy + report.otherStatus + report.failed > 0
}

function until(time: number, signal: AbortSignal): Promise<void> {
  const ms = time - performance.now()
  if (ms <= 0) return Promise.resolve()
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done)
  })
}
