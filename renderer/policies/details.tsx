import { Button } from '../ui/button.tsx'
import { Chip } from '../ui/chip.tsx'
import { instanceName, scopeName } from '../ui/format.ts'
import { useNavigation } from '../shell/navigation.ts'
import { useShortcut } from '../shell/actions.ts'
import { coverageFor } from './coverage.ts'
import { CoverageBranches } from './coverage-branches.tsx'
import { useCoverage } from './coverage-store.ts'
import type { OpenDocument } from './document.ts'
import { openFile } from './files.ts'
import { type LineCounter, sawTraffic, short, time, trafficQuery } from './gutter.ts'
import { policyAt } from './lines.ts'
import { usePolicies } from './policies-store.ts'
import { useLineCounters } from './use-line-counters.ts'
import './details.css'

type Counted = LineCounter & { changed: boolean }

/** The policy at the cursor: what it does and what it did; below, all policies of the file. */
export function Details({ document }: { document: OpenDocument }) {
  const counters = useLineCounters(document.path)
  const line = usePolicies((state) => state.cursor.line)
  const types = usePolicies((state) => state.types)
  const lines = document.text.split(/\r\n|\r|\n/)
  const known = new Map(types.map((type) => [type.type, type]))
  const here = policyAt(lines, line, (type) => known.has(type))
  const counter = here && counters.find((one) => one.line === here.line)
  const coverage = useCoverage((state) => state.coverage)
  const recorded =
    counter &&
    coverageFor(
      coverage,
      counter.policies.map(({ policy }) => policy),
    )
  return (
    <section className="details pane" aria-label="Policy at the cursor">
      <div className="bar">
        <h2>{here ? here.type : 'Policies'}</h2>
        <span className="faint grow cut">{here ? `line ${here.line}` : 'choose one'}</span>
        <Button
          kind="quiet"
          tip="What recorded traffic exercised, and what it never did"
          shortcut={useShortcut('policies.coverage')}
          onClick={() => useCoverage.setState({ report: true })}
        >
          Coverage
        </Button>
      </div>
      <div className="scroll details-body">
        {here && <About type={known.get(here.type)!} />}
        {here && <Counts counter={counter} />}
        {recorded && recorded.reached > 0 && <CoverageBranches coverage={recorded} />}
        <FilePolicies counters={counters} lines={lines} here={here?.line} path={document.path} />
      </div>
    </section>
  )
}

function About({ type }: { type: { summary: string; owasp: readonly string[] } }) {
  return (
    <>
      <p className="details-summary">{type.summary}</p>
      {type.owasp.length > 0 && (
        <div className="details-chips">
          {type.owasp.map((row) => (
            <Chip key={row} title="OWASP API Security Top 10">
              {row}
            </Chip>
          ))}
        </div>
      )}
    </>
  )
}

function Counts({ counter }: { counter: Counted | undefined }) {
  const traffic = usePolicies((state) => sawTraffic(state.counters))
  const { openTraffic } = useNavigation.getState()
  if (!counter) {
    return <p className="details-note">Not in force yet: save it, and what it does is counted here.</p>
  }
  const query = trafficQuery(counter)
  const denied = query.replace(/^policy:/, 'denied:')
  const stopped = counter.denials + counter.wouldDeny
  return (
    <>
      <dl className="counts">
        <Count name="requests" value={short(counter.hits)} />
        <Count name="denied" mark="✕" tone={counter.denials > 0 ? 'deny' : undefined} value={short(counter.denials)} />
        {counter.wouldDeny > 0 && <Count name="would deny" mark="◐" tone="would" value={short(counter.wouldDeny)} />}
        <Count name="median" value={counter.medianMicros === null ? '–' : time(counter.medianMicros)} />
      </dl>
      {counter.changed && <p className="details-note">Counted with the saved line; this one is edited.</p>}
      {counter.hits === 0 ? (
        <p className="details-note">
          {traffic && <span className="tone-would">Never hit. </span>}
          No request has reached it since this revision is in force.
        </p>
      ) : (
        <div className="details-actions">
          {stopped > 0 && (
            <Button kind="main" onClick={() => openTraffic(denied)}>
              Show {short(stopped)} {counter.denials > 0 ? 'denied' : 'that it would deny'}
            </Button>
          )}
          <Button onClick={() => openTraffic(query)}>Show all in Traffic</Button>
        </div>
      )}
      {counter.policies.length > 1 && (
        <table className="counted">
          <caption>In force in {counter.policies.length} places</caption>
          <tbody>
            {counter.policies.map((policy) => (
              <tr key={policy.policy}>
                <th scope="row" className="cut">
                  <code title={policy.policy}>{scopeName(policy.policy)}</code>
                </th>
                <td>{requestsOf(policy.hits, traffic)}</td>
                <td className={policy.denials > 0 ? 'tone-deny' : 'faint'}>{denialsOf(policy.denials)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </>
  )
}

function Count(props: { name: string; value: string; tone?: string | undefined; mark?: string }) {
  return (
    <div className="count">
      <dt>{props.name}</dt>
      <dd className={props.tone ? `tone-${props.tone}` : undefined}>
        {props.tone && props.mark && <span aria-hidden="true">{props.mark} </span>}
        {props.value}
      </dd>
    </div>
  )
}

function FilePolicies(props: {
  counters: readonly Counted[]
  lines: readonly string[]
  here: number | undefined
  path: string
}) {
  const { counters, lines, here, path } = props
  const traffic = usePolicies((state) => sawTraffic(state.counters))
  if (counters.length === 0)
    return here === undefined ? (
      <p className="details-note">
        No policy of this file is in force. Policies stand in <code>gatehouse.yaml</code>, in the sets under{' '}
        <code>policies/</code>, and change by environment; put the cursor on one to see what it did.
      </p>
    ) : null
  const never = counters.filter((counter) => counter.hits === 0).length
  return (
    <table className="counted">
      <caption>
        {counters.length} in this file
        {!traffic && ' · no request yet'}
        {traffic && never > 0 && (
          <>
            {' · '}
            <span className="tone-would">{never} never hit</span>
          </>
        )}
      </caption>
      <thead>
        <tr>
          <th scope="col">Policy</th>
          <th scope="col">Requests</th>
          <th scope="col">Stopped</th>
        </tr>
      </thead>
      <tbody>
        {counters.map((counter) => (
          <tr key={counter.line} data-here={counter.line === here}>
            <th scope="row" className="cut">
              <button
                type="button"
                className="link"
                onClick={() => void openFile(path, counter.line, columnOf(lines, counter.line))}
              >
                <span className="faint num">{counter.line}</span> {nameOf(counter)}
              </button>
            </th>
            <td>{requestsOf(counter.hits, traffic)}</td>
            <td className={counter.denials > 0 ? 'tone-deny' : counter.wouldDeny > 0 ? 'tone-would' : 'faint'}>
              {counter.denials > 0
                ? denialsOf(counter.denials)
                : counter.wouldDeny > 0
                  ? `${short(counter.wouldDeny)} ◐`
                  : '–'}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function requestsOf(hits: number, traffic: boolean) {
  if (hits > 0) return short(hits)
  return traffic ? <span className="tone-would">never hit</span> : <span className="faint">–</span>
}

function denialsOf(count: number): string {
  return count === 0 ? '–' : `${short(count)} ✕`
}

function columnOf(lines: readonly string[], line: number): number {
  return (lines[line - 1]?.search(/[^\s-]/) ?? 0) + 1
}

function nameOf(counter: LineCounter): string {
  const names = counter.policies.map(({ policy }) => instanceName(policy))
  return [...new Set(names)].join(', ')
}
