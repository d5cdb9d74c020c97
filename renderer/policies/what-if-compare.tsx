import { Fragment, useState } from 'react'
import type { TraceEntry } from '../../gateway-core/pipeline/outcome.ts'
import type { Hunk, WhatIfExplanation } from '../../gateway-core/protocol/what-if.ts'
import { visible } from '../../gateway-core/visible.ts'
import { useShortcut } from '../shell/actions.ts'
import { useNavigation } from '../shell/navigation.ts'
import { stepSummary } from '../traffic/evidence-summary.ts'
import { EvidenceList } from '../traffic/evidence.tsx'
import { sealedWords } from '../traffic/sealed-text.tsx'
import { Button } from '../ui/button.tsx'
import { clockText, instanceName, phaseTitles } from '../ui/format.ts'
import { VerdictMark } from '../ui/verdict-mark.tsx'
import { openFile } from './files.ts'
import { factText, isDifferent, outcomeText, pairSteps, type StepPair, stretches } from './what-if.ts'
import { shrink } from './what-if-live.ts'
import { MessageUnderBoth } from './what-if-message.tsx'
import { ShrunkView } from './what-if-shrunk.tsx'
import { useWhatIf } from './what-if-store.ts'

/** One exchange under both versions: what differs first, which part of the edit does it, the steps side by side. */
export function WhatIfCompare() {
  const { selected, explained, explainProblem } = useWhatIf()
  if (explainProblem) {
    return (
      <div className="compare compare-empty" role="alert">
        <span className="tone-deny" aria-hidden="true">
          ✕{' '}
        </span>
        {explainProblem.what}
        {explainProblem.todo && ` — ${explainProblem.todo}`}
      </div>
    )
  }
  if (!explained || selected === undefined) {
    return <div className="compare compare-empty faint">{selected === undefined ? '' : 'Judging it step by step…'}</div>
  }
  return <Explained explained={explained} id={selected} />
}

function Explained({ explained, id }: { explained: WhatIfExplanation; id: string }) {
  const { exchange, before, after } = explained
  const openTraffic = useNavigation((navigation) => navigation.openTraffic)
  return (
    <div className="compare scroll" aria-label="Under both versions">
      <div className="compare-head">
        <h3 className="cut" title={exchange ? sealedWords(exchange.url) : undefined}>
          {exchange ? `${visible(exchange.method, 12)} ${visible(sealedWords(exchange.url), 300)}` : id}
        </h3>
        <span className="grow" />
        {explained.kind !== 'same' && <ShrinkButton id={id} />}
        <Button
          shortcut={useShortcut('whatIf.traffic')}
          tip="The whole exchange"
          onClick={() => openTraffic(`id:${id}`)}
        >
          In Traffic
        </Button>
      </div>
      {exchange && (
        <p className="compare-facts dim">
          <span className="num">{clockText(exchange.startedAt)}</span>
          <span>from {visible(exchange.clientAddress, 60)}</span>
          {exchange.consumer !== undefined && <span>by {visible(exchange.consumer, 60)}</span>}
          {exchange.route !== undefined && <code className="cut">{visible(exchange.route, 120)}</code>}
        </p>
      )}
      {explained.kind === 'same' && <p className="compare-same">By this text it ends as it was recorded.</p>}
      <Blame blame={explained.blame} />
      {explained.message && <MessageUnderBoth message={explained.message} />}
      <FirstDifference explained={explained} />
      {after.verdict === 'pass' && after.status === undefined && (
        <p className="compare-same dim">
          What the upstream would answer was not recorded, so no policy of the response is judged.
        </p>
      )}
      <ShrunkView id={id} />
      <Steps before={before} after={after} first={explained.firstDifference?.step} />
    </div>
  )
}

function ShrinkButton({ id }: { id: string }) {
  const shortcut = useShortcut('whatIf.shrink')
  return (
    <Button shortcut={shortcut} tip="The smallest request that still shows it" onClick={() => void shrink(id)}>
      Shrink
    </Button>
  )
}

/** Which part of the edit makes the difference. */
function Blame({ blame }: { blame: readonly Hunk[] }) {
  const shortcut = useShortcut('whatIf.line')
  if (blame.length === 0) return null
  return (
    <div className="blame">
      <span className="dim">{blame.length === 1 ? 'This alone makes it so' : 'These together make it so'}</span>
      {blame.map((hunk, at) => (
        <button
          key={`${hunk.file}:${hunk.line}:${at}`}
          type="button"
          className="blame-hunk"
          title={`Go to ${hunk.file}:${hunk.line}${shortcut && at === 0 ? ` (${shortcut})` : ''}`}
          onClick={() => void openFile(hunk.file, hunk.line)}
        >
          <code className="faint">
            {visible(hunk.file, 60)}:{hunk.line}
          </code>
          <code className={hunk.endLine < hunk.line ? 'blame-gone' : 'blame-new'}>
            {visible(
              hunk.text
                .split('\n')
                .map((line) => line.trim())
                .join(' ⏎ '),
              300,
            )}
          </code>
        </button>
      ))}
    </div>
  )
}

function FirstDifference({ explained }: { explained: WhatIfExplanation }) {
  const { firstDifference } = explained
  if (!firstDifference) return null
  const { step, field, before, after, fact } = firstDifference
  return (
    <p className="compare-first">
      <span className="dim">First difference</span>
      <b>{visible(instanceName(step), 80)}</b>
      <span className="dim">{field}</span>
      <code>{visible(before, 300)}</code>
      <span className="faint">→</span>
      <code>{visible(after, 300)}</code>
      {fact && <DifferentFact fact={fact} />}
    </p>
  )
}

function DifferentFact({ fact }: { fact: NonNullable<NonNullable<WhatIfExplanation['firstDifference']>['fact']> }) {
  const { key, before, after } = fact
  const name = <code title={key}>{visible(factText(key), 120)}</code>
  // What only one version asked says that much; its answer is in the step.
  if (before === '–' || after === '–') {
    return (
      <span className="dim">
        · {before === '–' ? 'the edit also asks the' : 'the edit does not ask the'} {name}
      </span>
    )
  }
  return (
    <span className="dim">
      · the {name} is <code>{visible(before, 120)}</code> → <code>{visible(after, 120)}</code>
    </span>
  )
}

type Side = WhatIfExplanation['before']

function Steps({ before, after, first }: { before: Side; after: Side; first: string | undefined }) {
  const [open, setOpen] = useState<string>()
  const [whole, setWhole] = useState(false)
  const pairs = pairSteps(before.trace, after.trace)
  const different = pairs.findIndex(isDifferent)
  return (
    <table className="steps">
      <caption className="only-read">Steps as recorded and by the edit</caption>
      <thead>
        <tr>
          <th scope="col">
            <span className="dim">Recorded</span> <Ended side={before} />
          </th>
          <th scope="col">
            <span className="dim">By the edit</span> <Ended side={after} />
          </th>
        </tr>
      </thead>
      <tbody>
        {stretches(pairs, whole).map((stretch, at, all) => {
          if (stretch.kind === 'alike') {
            return (
              <tr key={stretch.key}>
                <td colSpan={2}>
                  <button type="button" className="steps-alike" onClick={() => setWhole(true)}>
                    {stretch.names.length} steps alike: {stretch.names.map(instanceName).join(', ')}
                  </button>
                </td>
              </tr>
            )
          }
          const { pair } = stretch
          const phase = phaseOf(pair)
          const previous = all[at - 1]
          const begins = previous?.kind !== 'pair' || phaseOf(previous.pair) !== phase
          return (
            <Fragment key={pair.key}>
              {begins && (
                <tr className="steps-phase">
                  <td colSpan={2}>{phaseTitles[phase] ?? phase}</td>
                </tr>
              )}
              <PairRow
                pair={pair}
                mark={
                  pairs.indexOf(pair) === different ||
                  (different === -1 && (pair.before ?? pair.after)!.policy === first)
                }
                open={open === pair.key}
                onOpen={() => setOpen(open === pair.key ? undefined : pair.key)}
              />
            </Fragment>
          )
        })}
      </tbody>
    </table>
  )
}

function phaseOf({ before, after }: StepPair): string {
  return (before ?? after)!.phase
}

function Ended({ side }: { side: Side }) {
  return <VerdictMark verdict={side.verdict}>{outcomeText(side)}</VerdictMark>
}

function PairRow({ pair, mark, open, onOpen }: { pair: StepPair; mark: boolean; open: boolean; onOpen(): void }) {
  const other = isDifferent(pair)
  return (
    <>
      <tr className="steps-row" data-first={mark} data-other={other}>
        <td>
          <StepCell entry={pair.before} open={open} onOpen={onOpen} />
        </td>
        <td>
          <StepCell entry={pair.after} open={open} onOpen={onOpen} />
        </td>
      </tr>
      {open && (
        <tr className="steps-open">
          <td>{pair.before && <Seen entry={pair.before} />}</td>
          <td>{pair.after && <Seen entry={pair.after} />}</td>
        </tr>
      )}
    </>
  )
}

function StepCell({ entry, open, onOpen }: { entry: TraceEntry | undefined; open: boolean; onOpen(): void }) {
  if (!entry) return <span className="steps-cell faint">–</span>
  return (
    <button type="button" className="steps-cell" aria-expanded={open} onClick={onOpen}>
      <VerdictMark verdict={entry.verdict}>{visible(instanceName(entry.policy), 60)}</VerdictMark>
      <span className={entry.verdict === 'skipped' ? 'cut faint' : 'cut dim'}>{stepSummary(entry)}</span>
    </button>
  )
}

function Seen({ entry }: { entry: TraceEntry }) {
  const { file, line } = entry.position
  return (
    <div className="steps-seen">
      {entry.evidence && entry.evidence.length > 0 && <EvidenceList evidence={entry.evidence} />}
      {entry.reason !== undefined && <p className="dim">{visible(entry.reason, 300)}</p>}
      <button type="button" className="link code" onClick={() => void openFile(file, line)}>
        {visible(file, 60)}:{line}
      </button>
    </div>
  )
}
