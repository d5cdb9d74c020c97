import { createReadStream, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { HarError } from '../capture/har-split.ts'
import { readHar } from '../capture/har.ts'
import type { Captures } from '../capture/store.ts'
import { matches } from '../filter/evaluate.ts'
import { parseFilter } from '../filter/grammar.ts'
import { type Filter, FilterError } from '../filter/syntax.ts'
import { countSteps, coverageOf, type JudgedAlike, type StepCounts } from '../rejudge/coverage.ts'
import { instancesOf } from '../workbench/policy-counters.ts'
import { visible } from '../visible.ts'
import { capturesIn } from './captures.ts'
import { CannotRun, defineCommand } from './command.ts'
import { printCoverage } from './coverage-text.ts'
import { type Io, printJson } from './io.ts'
import { isWorkspace, loadSound, positionsIn, workspaceFolder } from './load.ts'

export const coverage = defineCommand({
  usage: 'coverage [workspace] [query] [--traffic file.har|workspace]',
  about: `How often recorded traffic exercised each policy, and each thing that it can answer: every code it denies with,
pass, modify, respond, would-deny, skipped. What never happened is untested by real traffic: a rule that nobody needs,
or a case that nobody tried. Exit code 0 when every policy was reached, 1 when one was never hit.`,
  options: {
    traffic: {
      type: 'string',
      value: 'har|folder',
      help: 'A HAR that Gatehouse wrote, or a workspace with its capture; else the capture of this workspace.',
    },
    env: { type: 'string', value: 'name', help: 'Environment of environments/*.yaml.' },
  },
  words: 100,
  examples: [
    ['coverage samples/bookshop', 'every policy with its counts'],
    ["coverage samples/bookshop 'time>-1d' --json", 'of the last day, for a program'],
    ['coverage --traffic monday.har', 'by the traffic of a HAR'],
  ],
  json: `{exchanges, judged, policies: [{policy, type, mode, file, line, reached, notReached, query, branches: [{outcome, exchanges, query}]}], gone: [{policy, reached, query}]}`,
  async run({ options, words, io }) {
    const named = words[0] !== undefined && isWorkspace(io, words[0])
    const folder = workspaceFolder(io, named ? words[0] : undefined)
    const workspace = await loadSound(io, named ? words[0] : undefined, {
      environment: options.env,
      readOnly: true,
    })
    const query = words.slice(named ? 1 : 0).join(' ')
    const filter = filterOf(query)
    const counts = await countsOf(io, options.traffic, folder, filter)
    const found = coverageOf(instancesOf(workspace), counts)
    if (options.json) printJson(io, found)
    else printCoverage(io, found, positionsIn(io, folder))
    return found.policies.some(({ reached }) => reached === 0) ? 1 : 0
  },
})

function filterOf(query: string): Filter {
  try {
    return parseFilter(query)
  } catch (error) {
    if (!(error instanceof FilterError)) throw error
    throw new CannotRun(`the query ${visible(query, 200)} cannot be read: ${error.message}`, error.suggestion)
  }
}

function countsOf(
  io: Io,
  traffic: string | undefined,
  folder: string,
  filter: Filter,
): Promise<StepCounts> | StepCounts {
  if (traffic === undefined) return ofCapture(io, folder, filter)
  const path = resolve(io.cwd, traffic)
  const found = statSync(path, { throwIfNoEntry: false })
  if (!found)
    throw new CannotRun(`there is no ${visible(traffic, 200)}`, 'name a HAR file or the folder of a workspace')
  return found.isDirectory() ? ofCapture(io, path, filter) : ofHar(io, path, traffic, filter)
}

function ofCapture(io: Io, folder: string, filter: Filter): StepCounts {
  const captures = capturesIn(io, folder)
  try {
    return countSteps(alike(captures, filter))
  } finally {
    captures.close()
  }
}

function* alike(captures: Captures, filter: Filter): Generator<JudgedAlike> {
  for (const { context, exchanges } of captures.contexts(filter)) yield { trace: context.shape, exchanges }
}

async function ofHar(io: Io, path: string, name: string, filter: Filter): Promise<StepCounts> {
  const judged: JudgedAlike[] = []
  try {
    const onProblem = ({ entry, message }: { entry: number; message: string }) =>
      io.tell(`entry ${entry + 1} is left out: ${message}`)
    for await (const record of readHar(createReadStream(path), { bodyBytes: Number.POSITIVE_INFINITY, onProblem })) {
      if (matches(filter, record)) judged.push({ trace: record.trace, exchanges: 1 })
    }
  } catch (error) {
    if (error instanceof HarError) throw new CannotRun(`${visible(name, 200)} cannot be read: ${error.message}`)
    throw error
  }
  return countSteps(judged)
}
