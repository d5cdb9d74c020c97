import { X } from 'lucide-react'
import type { Coverage, PolicyCoverage } from '../../gateway-core/protocol/what-if.ts'
import { useShortcut } from '../shell/actions.ts'
import { useNavigation } from '../shell/navigation.ts'
import { Button } from '../ui/button.tsx'
import { countText, instanceName, plural } from '../ui/format.ts'
import { coverageOf, seenBranches } from './coverage.ts'
import { useCoverage } from './coverage-store.ts'
import { openFile } from './files.ts'
import { short } from './gutter.ts'
import './coverage.css'

/** Every policy of the workspace: how much of what it can answer recorded traffic made it answer. */
export function CoverageReport() {
  const { coverage, onlyNever } = useCoverage()
  const close = () => useCoverage.setState({ report: false })
  return (
    <section className="pane" aria-label="Coverage by recorded traffic">
      <div className="bar">
        <h2>Coverage</h2>
        <span className="faint cut grow">{coverage && plural(coverage.exchanges, 'exchange')}</span>
        <Button
          aria-pressed={onlyNever}
          kind="quiet"
          tip="Only policies that no recorded request reached"
          onClick={() => useCoverage.setState({ onlyNever: !onlyNever })}
        >
          Never hit
        </Button>
        <Button kind="quiet" label="Close the report" shortcut={useShortcut('policies.coverage')} onClick={close}>
          <X aria-hidden="true" />
        </Button>
      </div>
      {coverage && <Report coverage={coverage} onlyNever={onlyNever} />}
    </section>
  )
}

function Report({ coverage, onlyNever }: { coverage: Coverage; onlyNever: boolean }) {
  const { policies, judged, gone } = coverage
  const never = policies.filter(({ reached }) => reached === 0)
  const shown = onlyNever ? never : policies
  const byFile = new Map<string, PolicyCoverage[]>()
  for (const policy of shown) byFile.set(policy.file, [...(byFile.get(policy.file) ?? []), policy])
  return (
    <div className="scroll coverage-report">
      <p className="coverage-sum">
        <b className="num">{policies.length - never.length}</b> of <b className="num">{policies.length}</b> policies
        reached by {plural(judged, 'exchange')}
        {never.length > 0 && <span className="tone-would"> · {never.length} never hit</span>}
      </p>
      {[...byFile].map(([file, own]) => (
        <table key={file} className="coverage-table">
          <caption>{file}</caption>
          <thead>
            <tr>
              <th scope="col">Policy</th>
              <th scope="col">Answers seen</th>
              <th scope="col">Exchanges</th>
            </tr>
          </thead>
          <tbody>
            {own
              .sort((a, b) => a.line - b.line)
              .map((policy) => (
                <PolicyRow key={policy.policy} policy={policy} />
              ))}
          </tbody>
        </table>
      ))}
      {gone.length > 0 && !onlyNever && (
        <p className="coverage-never faint">
          Met by recorded traffic, and not there any more: {gone.map(({ policy }) => policy).join(', ')}
        </p>
      )}
    </div>
  )
}

function PolicyRow({ policy }: { policy: PolicyCoverage }) {
  const { file, line, reached, query } = policy
  const all = coverageOf([policy])
  const seen = seenBranches(all).length
  const openTraffic = useNavigation((navigation) => navigation.openTraffic)
  return (
    <tr>
      <th scope="row">
        <button type="button" className="link" title={policy.policy} onClick={() => void openFile(file, line)}>
          <span className="faint num">{line}</span> {instanceName(policy.policy)}
        </button>
      </th>
      <td title={`${seen} of ${all.branches.length} answers seen`}>
        <span className="coverage-bar" aria-hidden="true">
          <i style={{ width: `${(seen / Math.max(1, all.branches.length)) * 100}%` }} />
        </span>
        <span className="faint num">
          {seen}/{all.branches.length}
        </span>
      </td>
      <td>
        {reached === 0 ? (
          <span className="tone-would">never hit</span>
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
