import { useNavigation } from '../shell/navigation.ts'
import { plural } from '../ui/format.ts'
import { VerdictMark } from '../ui/verdict-mark.tsx'
import { answersText, type LineCoverage, outcomeTitle, seenBranches } from './coverage.ts'
import { short } from './gutter.ts'
import './coverage.css'

/** What a policy can answer, and how often recorded traffic made it answer so. A count leads to exactly these exchanges. */
export function CoverageBranches({ coverage }: { coverage: LineCoverage }) {
  const most = Math.max(1, ...coverage.branches.map(({ exchanges }) => exchanges))
  const never = coverage.branches.filter(({ exchanges }) => exchanges === 0)
  return (
    <section className="coverage-branches" aria-label="Answers to recorded traffic">
      <h3>
        Recorded traffic <span className="faint">{answersText(coverage)}</span>
      </h3>
      <ul>
        {seenBranches(coverage).map(({ outcome, exchanges, query }) => {
          const { verdict, title } = outcomeTitle(outcome)
          return (
            <li key={outcome}>
              <button
                type="button"
                className="coverage-branch"
                title={`Show these ${short(exchanges)} in Traffic: ${query}`}
                onClick={() => useNavigation.getState().openTraffic(query)}
              >
                <VerdictMark verdict={verdict}>{title}</VerdictMark>
                <span className="coverage-bar" aria-hidden="true">
                  <i style={{ width: `max(2px, ${(exchanges / most) * 100}%)` }} />
                </span>
                <span className="num">{short(exchanges)}</span>
              </button>
            </li>
          )
        })}
      </ul>
      {never.length > 0 && (
        <details className="coverage-never">
          <summary>
            <span className="tone-would">{plural(never.length, 'answer')} never given</span>
          </summary>
          <p className="faint">{never.map(({ outcome }) => outcomeTitle(outcome).title.toLowerCase()).join(', ')}</p>
        </details>
      )}
    </section>
  )
}
