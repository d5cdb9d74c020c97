import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { StoredExchange } from '../capture/record.ts'
import { CaseError, caseLimit } from '../cases/case-file.ts'
import { exportCase } from '../cases/export-case.ts'
import { type OpenCase, openCase } from '../cases/open-case.ts'
import { loadWorkspaceKey } from '../config/workspace-key.ts'
import { version } from '../version.ts'
import { visible } from '../visible.ts'
import { capturesIn } from './captures.ts'
import { exchangeText } from './capture-show.ts'
import { CannotRun, defineCommand, type ExitCode } from './command.ts'
import { instanceName, type ShowPosition } from './exchange-line.ts'
import { type Io, printJson } from './io.ts'
import { isWorkspace, shownPath, workspaceFolder } from './load.ts'
import { printedStep } from './trace-table.ts'

const actions = ['export', 'open'] as const

export const caseCommand = defineCommand({
  usage: 'case export [workspace] <exchange-id> [--out file] | case open <file>',
  about: `Shows a colleague what one exchange met.
  export <id>   one file with the exchange, the facts and the state it was judged on, and the policies as they were then
  open <file>   the same trace elsewhere: judged again by this program, and compared with what was recorded
A case holds no secret: of credentials only tags, claims and facts stay. Opening one touches no workspace, no network and
no file. Exit code 0 when it comes out as recorded, 1 when it does not, 2 when it could not be written or read.`,
  options: {
    workspace: { type: 'string', short: 'w', value: 'folder', help: 'Folder of the workspace; else the current one.' },
    out: {
      type: 'string',
      short: 'o',
      value: 'file',
      help: 'Where export writes; <id>.gatehouse-case.json without it.',
    },
  },
  words: 3,
  examples: [
    ['case export samples/bookshop 01j9zk…', 'writes 01j9zk….gatehouse-case.json'],
    ['case open 01j9zk….gatehouse-case.json', 'the trace, and whether it is the same here'],
  ],
  json: `export: {file, exchange}; open: {exchange, workspace, environment, revision, engine: {recorded, here}, verdict, status,
  decidedBy, code, trace: [as decide prints it], judged: [the same, or null], taken: [step], difference: {policy, field, recorded, judged} or null}`,
  async run({ options, words, io }) {
    const [action, ...rest] = words
    try {
      if (action === 'export') return await exportTo(io, rest, options, options.json === true)
      if (action === 'open') return await open(io, rest, options.json === true)
    } catch (error) {
      throw error instanceof CaseError ? new CannotRun(error.message, error.suggestion) : error
    }
    throw new CannotRun(
      action === undefined ? 'case needs an action' : `there is no action "${visible(action, 40)}"`,
      `write one of ${actions.join(', ')}`,
    )
  },
})

async function exportTo(
  io: Io,
  words: readonly string[],
  { workspace, out }: { workspace?: string; out?: string },
  json: boolean,
): Promise<ExitCode> {
  const named = words.length > 1 || (words[0] !== undefined && isWorkspace(io, words[0]))
  const folder = workspaceFolder(io, workspace ?? (named ? words[0] : undefined))
  const id = words[named ? 1 : 0]?.replace(/^urn:gatehouse:exchange:/, '')
  if (id === undefined) throw new CannotRun('which exchange? its id is missing', 'take it from: gatehouse capture list')
  const key = await loadWorkspaceKey(folder, io.env, { create: false })
  const captures = capturesIn(io, folder, key)
  try {
    const { name, text } = await exportCase(id, { folder, captures, key, env: io.env })
    const file = resolve(io.cwd, out ?? name)
    try {
      writeFileSync(file, text)
    } catch (error) {
      throw new CannotRun(`${visible(file, 200)} cannot be written (${(error as NodeJS.ErrnoException).code})`)
    }
    if (json) printJson(io, { file, exchange: id })
    else io.print(`${io.paint('green', '●')} ${shownPath(io, file)}: send it on; it holds no secret`)
    return 0
  } finally {
    captures.close()
  }
}

async function open(io: Io, [name]: readonly string[], json: boolean): Promise<ExitCode> {
  if (name === undefined) throw new CannotRun('which file? its name is missing', 'write: case open <file>')
  const opened = await openCase(name === '-' ? readFileSync(0, 'utf8') : readText(io, name))
  if (json) printJson(io, printed(opened))
  else print(io, opened)
  return opened.difference || opened.problem ? 1 : 0
}

function readText(io: Io, name: string): string {
  const file = resolve(io.cwd, name)
  try {
    if (statSync(file).size > caseLimit)
      throw new CaseError('the file is larger than 32 MB', 'a case holds one exchange')
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (error instanceof CaseError) throw error
    throw new CannotRun(`${visible(name, 200)} cannot be read (${(error as NodeJS.ErrnoException).code})`)
  }
}

/** Positions are those of the case's own files, which stand nowhere on this disk. */
const inCase: ShowPosition = ({ file, line, column }) => `${file}:${line}:${column}`

function print(io: Io, { case: read, judged, difference, problem, otherEngine }: OpenCase): void {
  const environment = read.environment === null ? '' : `, environment ${visible(read.environment, 60)}`
  io.print(
    `${io.paint('bold', 'Case')} of ${visible(read.workspace, 60) || 'a workspace'}${environment}, revision ${visible(read.revision.slice(0, 7))}`,
  )
  io.print('')
  const exchange: StoredExchange = { ...read.record, order: 0, secrets: 'sealed' }
  const text = exchangeText(exchange, io.paint, inCase, read.messages).split('\n')
  for (const line of text) if (!line.includes('--secrets shows them')) io.print(line)
  io.print('')
  if (otherEngine) {
    const versions = `recorded by version ${visible(read.engine, 40)}, opened by ${version}`
    io.print(io.paint('yellow', `◐ another engine: ${versions}; what differs below may be due to that`))
  }
  if (problem) {
    const where = `${visible(problem.file, 120)}:${problem.line}:${problem.column}`
    io.print(
      io.paint('red', `✕ not judged again: its files do not load here (${where} ${visible(problem.message, 200)})`),
    )
  } else if (difference) {
    const { policy, field, recorded, judged: now } = difference
    io.print(io.paint('red', `✕ judged again it differs at ${visible(instanceName(policy), 60)}: ${field}`))
    io.print(`    recorded ${visible(recorded, 300)}\n    here     ${visible(now, 300)}`)
  } else io.print(io.paint('green', `● judged again: the same trace`))
  const taken = judged?.taken.length ?? 0
  if (taken > 0) {
    io.print(
      io.paint(
        'dim',
        `  ${taken} step${taken === 1 ? '' : 's'} stood as recorded: what they read was sealed, or is not known`,
      ),
    )
  }
}

function printed({ case: read, judged, difference, problem }: OpenCase) {
  const { record } = read
  return {
    exchange: record.id,
    workspace: read.workspace,
    environment: read.environment,
    revision: read.revision,
    engine: { recorded: read.engine, here: version },
    verdict: record.verdict,
    status: record.status,
    decidedBy: record.decidedBy ?? null,
    code: record.code ?? null,
    trace: record.trace.map(printedStep),
    judged: judged?.trace.map(printedStep) ?? null,
    taken: judged?.taken ?? [],
    difference,
    problem: problem ?? null,
  }
}
