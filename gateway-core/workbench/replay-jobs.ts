import { FilterError } from '../filter/syntax.ts'
import { parseFilter } from '../filter/grammar.ts'
import type { Params } from '../protocol/protocol.ts'
import { refused } from '../protocol/rpc-error.ts'
import type {
  CaptureReport,
  DecisionChange,
  RaceReport,
  SequenceReport,
  StepReport,
} from '../protocol/replay-reports.ts'
import { readCollection, requestNamed, splitReference } from '../replay/collections.ts'
import { raceBy } from '../replay/race-by.ts'
import { paceOf, replayCapture } from '../replay/replay-capture.ts'
import { runSequence } from '../replay/run-sequence.ts'
import { Ways } from '../replay/ways.ts'
import type { ReplayDesk } from './replay-desk.ts'
import { sourcesOf } from './replay-sources.ts'
import { openWay } from './replay-ways.ts'
import { fileIn } from './workspace-paths.ts'

type RaceHow = Omit<Params<'replay.race'>, 'ids'>

/** Races copies of one request, or of several in turn. */
export async function raceEntries(
  desk: ReplayDesk,
  ids: readonly string[],
  { copies, target, version, whole }: RaceHow,
  signal: AbortSignal,
): Promise<RaceReport> {
  const prepared = await Promise.all(ids.map((id) => desk.wireOf(id)))
  const way = await openWay(desk.opened, target)
  try {
    const { timeoutMs, insecure = false } = prepared[0]!.template.settings
    const report = await raceBy(
      way,
      prepared.map(({ wire }) => wire),
      {
        copies,
        version,
        whole: whole === true,
        timeoutMs,
        insecure,
        secrets: prepared.flatMap(({ secrets }) => secrets),
        key: desk.opened.key,
        signal,
      },
    )
    await desk.opened.flush()
    return report
  } finally {
    await way.close()
  }
}

/** Runs a sequence of the workspace. */
export async function runSequenceFile(
  desk: ReplayDesk,
  file: string,
  environment: string | undefined,
  signal: AbortSignal,
  onStep: (step: StepReport, done: number, total: number) => void,
): Promise<SequenceReport> {
  const { folder, key, env, captures } = desk.opened
  const read = desk.files.sequence(file)
  const { to: via = 'gateway', environment: written } = read.sequence
  const chosen = environment ?? written
  const environmentOf = chosen === undefined ? {} : { environment: chosen }
  const ways = new Ways((to) => openWay(desk.opened, { via: to, ...environmentOf }))
  try {
    const report = await runSequence(read, {
      ways,
      via,
      key,
      sources: (variables) => sourcesOf({ folder, key, env, captures, variables }),
      requestIn(reference) {
        const { path, name } = splitReference(reference)
        fileIn(folder, path)
        const collection = readCollection(folder, path, chosen ?? desk.opened.environment)
        return { request: requestNamed(collection, path, name).request, variables: collection.variables }
      },
      signal,
      onStep,
    })
    await desk.opened.flush()
    return report
  } finally {
    await ways.close()
  }
}

const progressMs = 100

/** Sends recorded exchanges of the open workspace again. */
export async function runCapture(
  desk: ReplayDesk,
  { query, pace, target, concurrency, unsafe = false }: Omit<Params<'replay.runCapture'>, 'job'>,
  signal: AbortSignal,
  onProgress: (progress: { done: number; total: number; changes?: DecisionChange[] }) => void,
): Promise<CaptureReport> {
  const { captures, key } = desk.opened
  const filter = filterOf(query)
  // What is recorded while it runs is not sent again.
  const last = captures.list({ limit: 1 })[0]?.sequence
  const total = captures.count(filter)
  const way = await openWay(desk.opened, target)
  let told = 0
  let waiting: DecisionChange[] = []
  const tell = (done: number) => {
    told = performance.now()
    onProgress({ done, total, ...(waiting.length > 0 && { changes: waiting }) })
    waiting = []
  }
  try {
    const report = await replayCapture({
      exchanges: captures.iterate({
        query: filter,
        order: 'oldest',
        secrets: 'open',
        ...(last !== undefined && { before: last + 1 }),
      }),
      total,
      way,
      key,
      pace: paceOf(pace),
      concurrency,
      unsafe,
      signal,
      onProgress(done, change) {
        if (change && waiting.length < 200) waiting.push(change)
        if (performance.now() - told > progressMs) tell(done)
      },
    })
    tell(report.exchanges)
    await desk.opened.flush()
    return report
  } finally {
    await way.close()
  }
}

function filterOf(query: string) {
  try {
    return parseFilter(query)
  } catch (error) {
    if (!(error instanceof FilterError)) throw error
    throw refused(`the query cannot be read: ${error.message}`, error.suggestion, `character ${error.offset + 1}`)
  }
}
