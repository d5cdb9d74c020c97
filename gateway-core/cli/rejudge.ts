import { createReadStream, readFileSync, statSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { HarError } from '../capture/har-split.ts'
import { readHar } from '../capture/har.ts'
import type { ExchangeRecord } from '../capture/record.ts'
import { CaptureStoreError } from '../capture/schema.ts'
import { loadWorkspace, workspaceFile } from '../config/load.ts'
import { loadWorkspaceKey } from '../config/workspace-key.ts'
import type { Workspace } from '../config/workspace.ts'
import { FilterError } from '../filter/syntax.ts'
import { Past } from '../rejudge/past.ts'
import { captureSource, recordsSource, type TrafficSource } from '../rejudge/traffic-source.ts'
import { WhatIfError } from '../rejudge/what-if-error.ts'
import type { Hunk } from '../protocol/what-if.ts'
import type { FileTexts, WhatIfChange, WhatIfReport } from '../rejudge/what-if.ts'
import { version } from '../version.ts'
import { visible } from '../visible.ts'
import { CannotRun, defineCommand } from './command.ts'
import { type Io, printJson } from './io.ts'
import { loadSound, workspaceFolder } from './load.ts'
import { rejudgeText } from './rejudge-text.ts'

/** A change with the lines of the edit that brought it about. */
export interface BlamedChange extends WhatIfChange {
  blame: readonly Hunk[]
}

export const rejudge = defineCommand({
  usage: 'rejudge [workspace] --with <workspace|file> [--traffic <file.har|folder>] [--query query]',
  about: `Judges recorded traffic again by other policies, and tells what they change: newly denied, newly allowed, denied or
answered by another policy, sent on or answered otherwise; with the lines of the edit that bring it about. What the record
lacks is undecidable, by name. Nothing is sent; only keys of issuers that the edit brings in are fetched.
Exit code 0 when nothing changes, 1 when something does, 2 when it could not judge.`,
  options: {
    with: {
      type: 'string',
      value: 'workspace|file',
      help: 'The other version: a workspace, or one file that stands for the one of its name (policies/limits.yaml).',
    },
    traffic: {
      type: 'string',
      value: 'har|folder',
      help: 'A HAR, or a workspace with its capture; else the capture of this workspace.',
    },
    query: {
      type: 'string',
      short: 'q',
      value: 'query',
      help: 'Only exchanges that match: "status:200 path~^/books".',
    },
    env: { type: 'string', value: 'name', help: 'Environment of environments/*.yaml.' },
    'no-reuse': { type: 'boolean', help: 'Judge every step, also those that the edit cannot touch.' },
  },
  words: 1,
  examples: [
    ['rejudge samples/bookshop --with edited/gatehouse.yaml', 'what its own traffic would have met'],
    ['rejudge . --with ../candidate --traffic monday.har --json', 'for a program, or a pull request'],
    ["rejudge . --with limits.yaml -q 'consumer:mobile-app'", 'one policy file, one caller'],
  ],
  json: `{exchanges, same, newlyDenied, newlyAllowed, otherPolicy, transformed, undecidable, milliseconds,
changes: [{id, before: {verdict, status, decidedBy, code, position}, after: {…}, blame: [{file, line, endLine, text}],
  kind, order, missing?, differs?, warming?}], missing: {fact: count}, reused, warming}`,
  async run({ options, words, io }) {
    if (options.with === undefined) {
      throw new CannotRun('by which policies? --with is missing', 'name a workspace, or a file in place of its own')
    }
    const loading = { environment: options.env, readOnly: true }
    const workspace = await loadSound(io, words[0], loading)
    const candidate = await candidateTexts(io, options.with, workspace)
    const source = await sourceOf(io, options.traffic, workspaceFolder(io, words[0]))
    const key = await loadWorkspaceKey(workspace.folder, io.env, { create: false })
    const past = new Past({
      folder: workspace.folder,
      key,
      env: io.env,
      engineVersion: version,
      ...(source && { source }),
    })
    const question = {
      candidate,
      ...(options.env !== undefined && { environment: options.env }),
      ...(options.query !== undefined && { query: options.query }),
      ...(options['no-reuse'] && { reuse: false }),
    }
    try {
      const report = await past.judge(question)
      const blame = await past.blame(report.changes, question)
      const changes = report.changes.map((change, at): BlamedChange => ({ ...change, blame: blame[at]! }))
      if (options.json) printJson(io, printed(report, changes))
      else for (const line of rejudgeText(io, workspace.folder, report, changes)) io.print(line)
      return changes.length === 0 ? 0 : 1
    } catch (error) {
      throw cannotRun(error)
    } finally {
      past.close()
    }
  },
})

function printed(report: WhatIfReport, changes: readonly BlamedChange[]): unknown {
  const { exchanges, same, newlyDenied, newlyAllowed, otherPolicy, transformed, undecidable, milliseconds } = report
  const { missing, reused, warming } = report
  const counts = { exchanges, same, newlyDenied, newlyAllowed, otherPolicy, transformed, undecidable, milliseconds }
  const listed = changes.map(({ id, before, after, blame, ...more }) => ({ id, before, after, blame, ...more }))
  return { ...counts, changes: listed, missing, reused, warming }
}

function cannotRun(error: unknown): unknown {
  if (error instanceof FilterError) return new CannotRun(`the query cannot be read: ${error.message}`, error.suggestion)
  if (!(error instanceof WhatIfError)) return error
  const where = error.where === undefined ? '' : `${error.where}: `
  return new CannotRun(`the other version does not load: ${where}${error.message}`, error.suggestion)
}

/** Texts that stand for files of the workspace. */
async function candidateTexts(io: Io, name: string, workspace: Workspace): Promise<FileTexts> {
  const path = resolve(io.cwd, name)
  const found = statSync(path, { throwIfNoEntry: false })
  if (!found) throw new CannotRun(`there is no ${visible(name, 200)}`, 'name a workspace, or one of its files')
  if (found.isDirectory()) return folderTexts(io, path, name, workspace)
  const text = readFileSync(path, 'utf8')
  const own = workspace.files.filter((file) => file.text !== undefined && basename(file.path) === basename(path))
  if (own.length === 1) return { [own[0]!.path]: text }
  if (own.length === 0 && /^gatehouse\s*:/m.test(text)) return { [workspaceFile]: text }
  const names = workspace.files.flatMap((file) => (file.text === undefined ? [] : [file.path]))
  const why = own.length > 1 ? 'several files of that name' : 'no file of that name'
  throw new CannotRun(`the workspace has ${why}: ${basename(path)}`, `name it like one of ${names.join(', ')}`)
}

async function folderTexts(io: Io, path: string, name: string, workspace: Workspace): Promise<FileTexts> {
  const { files, problems } = await loadWorkspace(path, { env: io.env, readOnly: true })
  const read = files.filter((file) => file.text !== undefined)
  if (!read.some((file) => file.path === workspaceFile)) {
    throw new CannotRun(
      `${visible(name, 200)} is no workspace: ${problems[0]?.message ?? `it has no ${workspaceFile}`}`,
    )
  }
  const texts: Record<string, string | null> = {}
  for (const file of workspace.files) if (file.text !== undefined) texts[file.path] = null
  for (const file of read) texts[file.path] = file.text!
  return texts
}

async function sourceOf(io: Io, traffic: string | undefined, folder: string): Promise<TrafficSource | undefined> {
  const path = resolve(io.cwd, traffic ?? folder)
  const found = statSync(path, { throwIfNoEntry: false })
  if (!found) throw new CannotRun(`there is no ${visible(traffic ?? folder, 200)}`, 'name a HAR, or a workspace')
  if (found.isDirectory()) {
    try {
      return captureSource(path, await loadWorkspaceKey(path, io.env, { create: false }))
    } catch (error) {
      throw error instanceof CaptureStoreError ? new CannotRun(error.message) : error
    }
  }
  const records: ExchangeRecord[] = []
  const onProblem = ({ entry, message }: { entry: number; message: string }) =>
    io.tell(`entry ${entry + 1} is left out: ${visible(message)}`)
  try {
    const entries = readHar(createReadStream(path), { bodyBytes: Number.POSITIVE_INFINITY, onProblem })
    for await (const record of entries) records.push(record)
  } catch (error) {
    if (error instanceof HarError) throw new CannotRun(`${visible(traffic!, 200)} cannot be read: ${error.message}`)
    throw error
  }
  return recordsSource(records)
}
