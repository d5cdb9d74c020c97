import { readFileSync } from 'node:fs'
import { relative, resolve, sep } from 'node:path'
import { openCaptures } from '../capture/store.ts'
import { loadWorkspaceKey } from '../config/workspace-key.ts'
import type { Workspace } from '../config/workspace.ts'
import type { SequenceReport, StepReport } from '../protocol/replay-reports.ts'
import type { ReplayTarget } from '../protocol/replay-request.ts'
import { readCollection, requestNamed, splitReference } from '../replay/collections.ts'
import { readHttpText } from '../replay/http-file.ts'
import { type ReadSequence, readSequence } from '../replay/sequence.ts'
import { runSequence } from '../replay/run-sequence.ts'
import { Ways } from '../replay/ways.ts'
import type { Variables } from '../replay/variables.ts'
import { visible } from '../visible.ts'
import { sourcesOf } from '../workbench/replay-sources.ts'
import { CannotRun, type ExitCode } from './command.ts'
import { type Io, printJson } from './io.ts'
import { writeJunit } from './junit.ts'
import { shownPath } from './load.ts'
import { openCliWay } from './replay-way.ts'
import { sequenceCases } from './sequence-junit.ts'

export interface SequenceRun {
  io: Io
  workspace: Workspace
  /** Absolute. */
  file: string
  to: ReplayTarget['via'] | undefined
  environment: string | undefined
  /** Values that take the place of those in files and tables. */
  variables: Variables
  json: boolean
  /** Where a JUnit report goes too. */
  junit: string | undefined
  signal: AbortSignal
}

/** Runs a sequence, or the requests of a `.http` file one after the other, and tells each step. */
export async function replaySequence(run: SequenceRun): Promise<ExitCode> {
  const { io, workspace, file, environment, json, signal } = run
  const { folder } = workspace
  const path = relative(folder, file).split(sep).join('/')
  const read = /\.(?:http|rest)$/.test(file) ? sequenceOfHttp(io, path, file) : readFile(io, folder, path, file)
  const via = run.to ?? read.sequence.to ?? 'gateway'
  const chosen = environment ?? read.sequence.environment
  const key = await loadWorkspaceKey(folder, io.env)
  const environmentOf = chosen === undefined ? {} : { environment: chosen }
  const ways = new Ways((to) => openCliWay(io, workspace, key, { via: to, ...environmentOf }))
  const captures = openCaptures(folder, key)
  try {
    const report = await runSequence(read, {
      ways,
      via,
      key,
      sources: (variables) =>
        sourcesOf({ folder, key, env: io.env, captures, variables: new Map([...variables, ...run.variables]) }),
      requestIn(reference) {
        const { path: inside, name } = splitReference(reference)
        const collection = readCollection(folder, inside, chosen ?? workspace.environment)
        return { request: requestNamed(collection, inside, name).request, variables: collection.variables }
      },
      signal,
      onStep: (step) => !json && printStep(io, path, step),
    })
    if (run.junit !== undefined) writeJunit(io, run.junit, report.name, sequenceCases(report))
    if (json) printJson(io, report)
    else printEnd(io, report)
    return report.failed > 0 || report.skipped > 0 ? 1 : 0
  } finally {
    captures.close()
    await ways.close()
  }
}

function readFile(io: Io, folder: string, path: string, file: string): ReadSequence {
  const { read, problems } = readSequence(readFileSync(file, 'utf8'), path, (table) => {
    try {
      return readFileSync(resolve(folder, table), 'utf8')
    } catch {
      return undefined
    }
  })
  if (read) return read
  for (const { what, line, todo } of problems) {
    io.tell(
      `${io.paintError('cyan', `${shownPath(io, file)}:${line ?? 1}`)} ${visible(what, 500)}${todo ? ` — ${visible(todo, 300)}` : ''}`,
    )
  }
  throw new CannotRun('the sequence has errors, so nothing was sent')
}

/** Each request of a file is a step; what is expected is only that an answer below 400 comes. */
function sequenceOfHttp(io: Io, path: string, file: string): ReadSequence {
  const { requests, problems } = readHttpText(readFileSync(file, 'utf8'))
  for (const { what, line, todo } of problems) {
    io.tell(
      `${io.paintError('yellow', `${shownPath(io, file)}:${line ?? 1}`)} ${visible(what, 300)}${todo ? ` — ${todo}` : ''}`,
    )
  }
  if (requests.length === 0)
    throw new CannotRun(`${shownPath(io, file)} holds no request`, 'begin it with: GET /books/1')
  const steps = requests.map(({ name, handler: { captures, status } }) => ({
    name,
    request: `${path}#${name}`,
    ...(Object.keys(captures).length > 0 && { capture: captures }),
    expect: { status: status ?? ['1xx', '2xx', '3xx'] },
  }))
  return {
    path,
    name: path,
    sequence: { steps, onFailure: 'goOn' },
    rows: [{}],
    lineOf: ([, at]) => requests[Number(at)]?.line ?? 1,
  }
}

const marks = { passed: '✓', failed: '✗', error: '✗', skipped: '–' } as const

function printStep(io: Io, path: string, step: StepReport): void {
  const { paint } = io
  const style = step.state === 'passed' ? 'green' : step.state === 'skipped' ? 'dim' : 'red'
  const decided = step.decided?.policy === undefined ? '' : ` ${step.decided.policy} ${step.decided.code ?? ''}`
  const took =
    step.status === 0 ? '' : ` ${step.status}${decided} ${paint('dim', `${Math.round(step.micros / 1000)} ms`)}`
  const row = step.row > 0 ? paint('dim', `row ${step.row + 1} `) : ''
  io.print(`${paint(style, marks[step.state])} ${row}${visible(step.name, 100)}${took}`)
  for (const { copies, status, decided, sample } of step.race?.groups ?? []) {
    const told = visible([decided, sample.replaceAll(/\s+/g, ' ')].filter(Boolean).join('  '), 120)
    io.print(`  ${String(copies.length).padStart(4)} × ${status} ${paint('dim', told)}`)
  }
  if (step.problem !== undefined) io.print(`  ${paint('red', visible(step.problem, 500))}`)
  for (const { says, passed, found, line } of step.assertions) {
    if (!passed)
      io.print(
        `  ${paint('red', `${visible(says, 300)}, and found ${visible(found ?? '', 200)}`)} ${paint('dim', `${path}:${line}`)}`,
      )
  }
  for (const { name, value } of step.captured) io.print(paint('dim', `  ${visible(name, 60)} = ${visible(value, 100)}`))
}

function printEnd(io: Io, { passed, failed, skipped, rows, milliseconds }: SequenceReport): void {
  const parts = [
    `${passed} passed`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(skipped > 0 ? [`${skipped} skipped`] : []),
  ]
  const over = rows > 1 ? ` over ${rows} rows` : ''
  io.print(io.paint(failed > 0 ? 'red' : 'green', `${parts.join(', ')}${over} in ${milliseconds} ms`))
}
