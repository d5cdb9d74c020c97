import type { Problem } from '../../gateway-core/protocol/types.ts'
import { sentence } from '../ui/format.ts'
import './problem-list.css'

/** Problems of the workspace's files; each leads to its line. */
export function ProblemList(props: { problems: readonly Problem[]; onOpen: (problem: Problem) => void }) {
  return (
    <ul className="problems">
      {props.problems.map((problem) => (
        <li key={`${problem.file}:${problem.line}:${problem.column}:${problem.code}:${problem.message}`}>
          <button type="button" className="problem" onClick={() => props.onOpen(problem)}>
            <span className={problem.severity === 'error' ? 'tone-deny' : 'tone-would'}>
              <span aria-hidden="true">{problem.severity === 'error' ? '✕' : '⚠'}</span>
              <span className="only-read">{problem.severity}: </span>
            </span>
            <span className="grow">
              {sentence(problem.message)}
              {problem.suggestion && <span className="dim"> {sentence(problem.suggestion)}</span>}
            </span>
            <span className="code problem-place">
              {problem.file}:{problem.line}
            </span>
          </button>
        </li>
      ))}
    </ul>
  )
}
