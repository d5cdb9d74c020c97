import type { Coverage, PolicyCoverage } from '../../gateway-core/protocol/what-if.ts'
import { countText, instanceName, plural, scopeName } from '../ui/format.ts'
import { coverageOf, outcomeTitle, seenBranches } from './coverage.ts'
import { short } from './gutter.ts'
import './coverage.css'

export interface CoverageTablesProps {
  coverage: Coverage
  onlyNever: boolean
  /** What reached the policies: `exchange`, `request`. */
  noun: string
  /** Who saw their answers: `recorded traffic`, `tests`. */
  seenBy: string
  openLine: (file: string, line: number) => void
  /** Shows what reached a policy, where that can be looked at. */
  openTraffic?: (query: string) => void
}

/** Every policy by its file: how much of what it can answer it was made to answer, and how often. */
export function CoverageTables({ coverage, onlyNever, noun, seenBy, openLine, openTraffic }: CoverageTablesProps) {
  const { policies, judged, gone } = coverage
  const never = policies.filter(({ reached }) => reached === 0)
  const shown = onlyNever ? never : policies
  const byFile = new Map<string, PolicyCoverage[]>()
  for (const policy of shown) byFile.set(policy.file, [...(byFile.get(policy.file) ?? []), policy])
  return (
    <div className="scroll coverage-report">
      <p className="coverage-sum">
        {judged === 0 ? (
          `No ${noun} came yet, so no policy was reached.`
        ) : (
          <>
            <b className="num">{policies.length - never.length}</b> of <b className="num">{policies.length}</b> policies
            reached by {plural(judged, noun)}
            {never.length > 0 && (
              <>
                {' · '}
                <span className="tone-would coverage-none">{never.length} never hit</span>
              </>
            )}
          </>
        )}
      </p>
      {onlyNever && never.length === 0 && <p className="coverage-never dim">Every policy was reached.</p>}
      {[...byFile].map(([file, own]) => (
        <table key={file} className="coverage-table">
          <caption>{file}</caption>
          <thead>
            <tr>
              <th scope="col">Policy</th>
              <th scope="col">Answers</th>
              <th scope="col">{noun === 'exchange' ? 'Exchanges' : 'Requests'}</th>
            </tr>
          </thead>
          <tbody>
            {own
              .sort((a, b) => a.line - b.line)
              .map((policy) => (
                <PolicyRow
                  key={policy.policy}
                  policy={policy}
                  traffic={judged > 0}
                  openLine={openLine}
                  openTraffic={openTraffic}
                />
              ))}
          </tbody>
        </table>
      ))}
      {gone.length > 0 && !onlyNever && (
        <p className="coverage-never faint">
          Met by {seenBy}, and not there any more: {gone.map(({ policy }) => policy).join(', ')}
        </p>
      )}
    </div>
  )
}

interface RowProps extends Pick<CoverageTablesProps, 'openLine'> {
  policy: PolicyCoverage
  /** Something came: what was not reached by it was never hit. */
  traffic: boolean
  openTraffic: CoverageTablesProps['openTraffic']
}

function PolicyRow({ policy, traffic, openLine, openTraffic }: RowProps) {
  const { file, line, reached, query } = policy
  const all = coverageOf([policy])
  const seen = seenBranches(all).length
  const never = all.branches
    .filter(({ exchanges }) => exchanges === 0)
    .map(({ outcome }) => outcomeTitle(outcome).title.toLowerCase())
    .join(', ')
  return (
    <tr>
      <th scope="row">
        <button type="button" className="link" title={policy.policy} onClick={() => openLine(file, line)}>
          <span className="faint num">{line}</span> {instanceName(policy.policy)}{' '}
          <span className="coverage-scope faint">{scopeName(policy.policy)}</span>
        </button>
      </th>
      <td title={`${seen} of ${all.branches.length} answers seen${never === '' ? '' : `; never: ${never}`}`}>
        <span className="coverage-bar" aria-hidden="true">
          <i style={{ width: `${(seen / Math.max(1, all.branches.length)) * 100}%` }} />
        </span>
        <span className="faint num">
          {seen}/{all.branches.length}
        </span>
      </td>
      <td>
        {reached === 0 ? (
          traffic ? (
            <span className="tone-would">never hit</span>
          ) : (
            <span className="faint">–</span>
          )
        ) : openTraffic === undefined ? (
          <span className="num">{short(reached)}</span>
        ) : (
          <button
            type="button"
            className="link num"
            aria-label={`Show ${countText(reached)} exchanges of ${policy.policy} in Traffic`}
            onClick={() => openTraffic(query)}
          >
            {short(reached)}
          </button>
        )}
      </td>
    </tr>
  )
}
