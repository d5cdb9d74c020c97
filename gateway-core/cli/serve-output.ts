import { join } from 'node:path'
import type { ExchangeRecord } from '../capture/record.ts'
import { type LoadResult, workspaceFile } from '../config/load.ts'
import type { Workspace } from '../config/workspace.ts'
import type { Gateway } from '../proxy/gateway.ts'
import { exchangeLines, type ShowPosition } from './exchange-line.ts'
import type { Io } from './io.ts'
import { LineWriter } from './line-writer.ts'
import { positionsIn, problemsText, shownPath } from './load.ts'
import { shownTarget } from './shown-target.ts'
import { printedStep } from './trace-table.ts'
import { visible } from '../visible.ts'

/** What `serve` tells, in the order it happens. */
export interface ServeOutput {
  started(told: Started): void
  /** Called for every exchange where requests are served: does nothing there but put it on a short list. */
  readonly exchange: ((record: ExchangeRecord) => void) | undefined
  reloaded(told: { revision: string; changed: readonly string[]; needsRestart: readonly string[] }): void
  /** The files were changed into something that cannot run. */
  broken(result: LoadResult): void
  note(text: string): void
  stopping(): void
  flush(): void
}

export interface Started {
  workspace: Workspace
  addresses: Gateway['addresses']
  /** Set where there is no workspace on disk. */
  upstream: string | undefined
  captures: string | undefined
  lines: readonly string[]
  tries: readonly string[]
}

/** Lines for a person. */
export function humanOutput(io: Io, folder: string, quiet: boolean): ServeOutput {
  const { paint } = io
  const show: ShowPosition = positionsIn(io, folder)
  const writer = new LineWriter<ExchangeRecord>({
    sink: io.stdout,
    format: (record) => exchangeLines(record, paint, show),
    leftOut: (count) =>
      paint(
        'dim',
        `              … and ${count.toLocaleString('en')} more, not shown here: see gatehouse capture list`,
      ),
  })
  const say = (text: string) => {
    writer.flush()
    io.print(text)
  }
  return {
    exchange: quiet ? undefined : (record) => writer.add(record),
    started: (told) => say(startText(io, told)),
    reloaded({ revision, changed, needsRestart }) {
      const restart = needsRestart.map((one) => `\n    ${visible(one)} needs a restart`).join('')
      say(`${paint('green', '↻')} reloaded revision ${revision.slice(0, 7)} (${changedText(changed)})${restart}`)
    },
    broken(result) {
      const text = problemsText(io, result, paint)
      say(`${text}\n${paint('yellow', '↻ not reloaded: still running the last good configuration')}`)
    },
    note: (text) => say(`${paint('yellow', '!')} ${visible(text, 500)}`),
    stopping: () => say('stopping: open exchanges may finish (again Ctrl-C ends at once)'),
    flush: () => writer.flush(),
  }
}

/** One JSON object in each line, told apart by `event`. */
export function jsonOutput(io: Io, quiet: boolean): ServeOutput {
  const writer = new LineWriter<ExchangeRecord>({
    sink: io.stdout,
    format: (record) => [JSON.stringify(exchangeEvent(record))],
    leftOut: (count) => JSON.stringify({ event: 'left-out', count }),
    most: 1000,
  })
  const say = (event: object) => {
    writer.flush()
    io.print(JSON.stringify(event))
  }
  return {
    exchange: quiet ? undefined : (record) => writer.add(record),
    started({ workspace, addresses, captures }) {
      const { revision, environment = null } = workspace
      const { http, https, proxy } = addresses
      const urls = { http: http?.url ?? null, https: https?.url ?? null, proxy: proxy?.url ?? null }
      say({ event: 'listening', ...urls, revision, environment, captures: captures ?? null })
    },
    reloaded: (told) => say({ event: 'reloaded', ...told }),
    broken: ({ problems }) => say({ event: 'not-reloaded', problems }),
    note: (message) => say({ event: 'note', message }),
    stopping: () => say({ event: 'stopping' }),
    flush: () => writer.flush(),
  }
}

/** An exchange as `serve --json` prints it: no header values, no bodies. */
function exchangeEvent(record: ExchangeRecord): object {
  const { id, startedAt, durationMicros, verdict, status, request, decidedBy, code, trace } = record
  return {
    event: 'exchange',
    id,
    startedAt: new Date(startedAt).toISOString(),
    durationMicros,
    method: request.method,
    path: shownTarget(record).split('?', 1)[0],
    verdict,
    status,
    decidedBy: decidedBy ?? null,
    code: code ?? null,
    consumer: record.consumer?.name ?? null,
    trace: trace.map(printedStep),
  }
}

function startText(io: Io, told: Started): string {
  const { workspace, addresses, upstream, captures, lines, tries } = told
  const { paint } = io
  const what = upstream === undefined ? shownPath(io, workspace.folder) : `in front of ${visible(upstream)}`
  const environment = workspace.environment === undefined ? '' : `  environment ${visible(workspace.environment)}`
  const urls = [addresses.http?.url, addresses.https?.url].filter((url) => url !== undefined)
  const rows: [string, string][] = [
    ...urls.map((url): [string, string] => ['gateway', paint('bold', url)]),
    ...(addresses.proxy ? [['forward proxy', paint('bold', addresses.proxy.url)] as [string, string]] : []),
    ['captures', captures === undefined ? 'off' : shownPath(io, captures)],
  ]
  const text = [
    `${paint('bold', 'Gatehouse')}  ${what}  revision ${workspace.revision.slice(0, 7)}${environment}`,
    ...(upstream === undefined ? [] : ['no workspace yet: everything passes, and everything is shown']),
    '',
    ...rows.map(([name, value]) => `  ${name.padEnd(17)}  ${value}`),
    ...lines.map((line) => `  ${visible(line, 300)}`),
    '',
    paint('bold', 'Try'),
    ...tries.map((line) => `  ${visible(line, 300)}`),
    ...(upstream === undefined
      ? [
          '',
          `Change a line of ${shownPath(io, join(workspace.folder, workspaceFile))} and save: it is in force at once.`,
        ]
      : []),
    '',
  ]
  return text.join('\n')
}

function changedText(changed: readonly string[]): string {
  if (changed.length === 0) return 'no policy changed'
  const noun = changed.length === 1 ? 'policy' : 'policies'
  const names = changed.slice(0, 3).map((name) => visible(name, 80))
  return `${changed.length} ${noun} changed: ${names.join(', ')}${changed.length > 3 ? ', …' : ''}`
}
