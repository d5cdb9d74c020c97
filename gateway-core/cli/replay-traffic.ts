import { readFileSync } from 'node:fs'
import { HarEntryError, recordOfHar } from '../capture/har-record.ts'
import { hasMarker, openMarkers } from '../capture/markers.ts'
import type { ExchangeRecord } from '../capture/record.ts'
import { openCaptures } from '../capture/store.ts'
import { loadWorkspaceKey } from '../config/workspace-key.ts'
import type { Workspace } from '../config/workspace.ts'
import { matches } from '../filter/evaluate.ts'
import type { Filter } from '../filter/syntax.ts'
import { type CaptureReport, type DecisionChange, relationWords } from '../protocol/replay-reports.ts'
import type { ReplayTarget } from '../protocol/replay-request.ts'
import { hasChanges, paceOf, type Recorded, replayCapture } from '../replay/replay-capture.ts'
import { utf8Of } from '../replay/wire-text.ts'
import { visible } from '../visible.ts'
import { CannotRun, type ExitCode } from './command.ts'
import { type Io, printJson } from './io.ts'
import { type JunitCase, writeJunit } from './junit.ts'
import { shownPath } from './load.ts'
import { openCliWay } from './replay-way.ts'
import { exchangeCase, shownDecision } from './traffic-junit.ts'

export interface TrafficRun {
  io: Io
  workspace: Workspace
  /** Absolute path of a HAR; undefined for the workspace's own capture. */
  file: string | undefined
  query: Filter
  target: ReplayTarget
  pace: string
  concurrency: number
  unsafe: boolean
  headers: readonly (readonly [name: string, value: string])[]
  /** Where a JUnit report goes too. */
  junit: string | undefined
  json: boolean
  signal: AbortSignal
}

/** Sends recorded traffic again and tells what is decided otherwise. */
export async function replayTraffic(run: TrafficRun): Promise<ExitCode> {
  const { io, workspace, file, query, json } = run
  const key = await loadWorkspaceKey(workspace.folder, io.env)
  const pace = paceOf(run.pace)
  const captures = openCaptures(workspace.folder, key)
  // What is recorded while it runs is not sent again.
  const last = captures.list({ limit: 1 })[0]?.sequence ?? 0
  const total = file === undefined ? captures.count(query) : 0
  const exchanges: Iterable<Recorded> =
    file === undefined
      ? captures.iterate({ query, order: 'oldest', secrets: 'open', before: last + 1 })
      : readHar(io, file, (tag) => captures.secret(tag)).filter((record) => matches(query, record))
  const way = await openCliWay(io, workspace, key, run.target)
  const progress = io.stderr.isTTY && !json
  const suite = file === undefined ? 'capture' : shownPath(io, file)
  const cases: JunitCase[] = []
  try {
    const report = await replayCapture({
      exchanges,
      total: Array.isArray(exchanges) ? exchanges.length : total,
      way,
      key,
      pace,
      concurrency: run.concurrency,
      unsafe: run.unsafe,
      headers: run.headers,
      signal: run.signal,
      ...(run.junit !== undefined && { onExchange: (one) => (cases[one.at] = exchangeCase(suite, one)) }),
      onProgress(done, change) {
        if (progress) io.stderr.write(`\r${done} of ${Array.isArray(exchanges) ? exchanges.length : total} `)
        if (change && !json) io.print(`${progress ? '\r' : ''}${changeLine(io, change)}`)
      },
    })
    if (progress) io.stderr.write('\r')
    if (run.junit !== undefined) writeJunit(io, run.junit, `recorded traffic: ${suite}`, cases.filter(Boolean))
    if (json) printJson(io, report)
    else printReport(io, report)
    if (report.sent === 0) throw new CannotRun('nothing could be sent', report.leftOut[0]?.reason)
    return hasChanges(report) ? 1 : 0
  } finally {
    captures.close()
    await way.close()
  }
}

function readHar(io: Io, file: string, valueOf: (tag: string) => string | undefined): ExchangeRecord[] {
  let entries: unknown
  try {
    entries = (JSON.parse(readFileSync(file, 'utf8')) as { log?: { entries?: unknown } }).log?.entries
  } catch (error) {
    throw new CannotRun(`${shownPath(io, file)} cannot be read: ${visible((error as Error).message, 300)}`)
  }
  if (!Array.isArray(entries)) throw new CannotRun(`${shownPath(io, file)} is no HAR: it has no list log.entries`)
  const records: ExchangeRecord[] = []
  for (const [at, entry] of entries.entries()) {
    try {
      const options = { bodyBytes: Number.POSITIVE_INFINITY, now: Date.now(), newId: () => `entry-${at + 1}` }
      records.push(withSecrets(recordOfHar(entry, options), valueOf))
    } catch (error) {
      if (!(error instanceof HarEntryError)) throw error
      io.tell(`entry ${at + 1} is left out: ${visible(error.message, 300)}`)
    }
  }
  return records.sort((a, b) => a.startedAt - b.startedAt)
}

/** A HAR of ours holds markers: where this workspace still keeps the values, they go back in. */
function withSecrets(record: ExchangeRecord, valueOf: (tag: string) => string | undefined): ExchangeRecord {
  const { request } = record
  const open = (text: string) => openMarkers(text, valueOf)
  const text = request.body?.decoded ? undefined : request.body && utf8Of(request.body.bytes)
  const body = text !== undefined && hasMarker(text) ? Buffer.from(open(text)) : undefined
  return {
    ...record,
    request: {
      ...request,
      target: open(request.target),
      headers: request.headers.map(open),
      ...(body && { body: { ...request.body!, bytes: body, length: body.length } }),
    },
  }
}

function changeLine(io: Io, { relation, method, url, before, after }: DecisionChange): string {
  const style = relation === 'newlyAllowed' ? 'yellow' : 'red'
  return `${io.paint(style, relationWords[relation].padEnd(13))} ${visible(method, 12)} ${visible(url, 200)}  ${visible(shownDecision(before), 100)} → ${visible(shownDecision(after), 200)}`
}

function printReport(io: Io, report: CaptureReport): void {
  const { sent, same, milliseconds, leftOut } = report
  for (const { reason, exchanges } of leftOut) io.print(io.paint('dim', `${exchanges} left out: ${reason}`))
  const kinds = ['newlyDenied', 'newlyAllowed', 'otherPolicy', 'otherStatus', 'failed'] as const
  const found = kinds.filter((kind) => report[kind] > 0).map((kind) => `${report[kind]} ${relationWords[kind]}`)
  const end = [`${sent} sent in ${milliseconds} ms`, `${same} same`, ...found].join(', ')
  io.print(io.paint(found.length > 0 ? 'red' : 'green', end))
}
