import { relative, sep } from 'node:path'
import { openCaptures } from '../capture/store.ts'
import { loadWorkspaceKey } from '../config/workspace-key.ts'
import type { Workspace } from '../config/workspace.ts'
import type { RaceReport } from '../protocol/replay-reports.ts'
import type { ReplayTarget } from '../protocol/replay-request.ts'
import { readCollection } from '../replay/collections.ts'
import { raceBy } from '../replay/race-by.ts'
import { resolveRequest } from '../replay/resolve.ts'
import type { Variables } from '../replay/variables.ts'
import { visible } from '../visible.ts'
import { sourcesOf } from '../workbench/replay-sources.ts'
import { CannotRun, type ExitCode } from './command.ts'
import { type Io, printJson } from './io.ts'
import { shownPath } from './load.ts'
import { openCliWay } from './replay-way.ts'

export interface RaceRun {
  io: Io
  workspace: Workspace
  /** Absolute path of a `.http` file: its requests race in turn. */
  file: string
  target: ReplayTarget
  /** Values that take the place of those of the file. */
  variables: Variables
  copies: number
  http2: boolean
  whole: boolean
  json: boolean
  signal: AbortSignal
}

/** Races copies of the requests of a file. They were answered alike: 0; some otherwise: 1. */
export async function replayRace(run: RaceRun): Promise<ExitCode> {
  const { io, workspace, file, target, copies, http2, whole, json, signal } = run
  const { folder } = workspace
  const path = relative(folder, file).split(sep).join('/')
  const { requests, variables } = readCollection(folder, path, target.environment ?? workspace.environment)
  if (requests.length === 0)
    throw new CannotRun(`${shownPath(io, file)} holds no request`, 'begin it with: GET /books/1')
  const key = await loadWorkspaceKey(folder, io.env)
  const captures = openCaptures(folder, key)
  const sources = sourcesOf({
    folder,
    key,
    env: io.env,
    captures,
    variables: new Map([...variables, ...run.variables]),
  })
  const way = await openCliWay(io, workspace, key, target)
  try {
    const wires = await Promise.all(requests.map(({ request }) => resolveRequest(request, sources)))
    const { timeoutMs, insecure = false } = requests[0]!.request.settings
    const version = http2 ? '2' : undefined
    const options = { copies, version, whole, timeoutMs, insecure, secrets: sources.used, key, signal } as const
    const report = await raceBy(way, wires, options)
    if (json) printJson(io, report)
    else printRace(io, report)
    return report.groups.length === 1 && report.problems.length === 0 ? 0 : 1
  } finally {
    captures.close()
    await way.close()
  }
}

function printRace(
  io: Io,
  { technique, copies, sentSpread, answeredSpread, groups, problems, address }: RaceReport,
): void {
  const how = technique === 'single-packet' ? 'their ends in one packet' : `their last bytes within ${sentSpread} µs`
  io.print(
    io.paint('dim', `${copies} copies to ${address}, ${how}, answers within ${Math.round(answeredSpread / 1000)} ms`),
  )
  for (const { status, copies: alike, decided, sample } of groups) {
    const style = status < 400 ? 'green' : 'red'
    const told = decided === undefined ? '' : ` ${visible(decided, 120)}`
    const text = visible(sample.replaceAll(/\s+/g, ' '), 100)
    io.print(
      `${String(alike.length).padStart(4)} × ${io.paint(style, String(status))}${told}  ${io.paint('dim', text)}`,
    )
  }
  for (const { what } of problems.slice(0, 1)) {
    io.print(`${String(problems.length).padStart(4)} × ${io.paint('red', visible(what, 300))}`)
  }
}
