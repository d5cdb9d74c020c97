import { useState } from 'react'
import { applyFix } from './language.ts'
import { openFile } from './files.ts'
import { countProblems, replacementOf } from './problems.ts'
import { usePolicies } from './policies-store.ts'
import { useProblems } from './use-problems.ts'
import { Button } from '../ui/button.tsx'
import { sentence } from '../ui/format.ts'
import './problem-panel.css'

/** What is wrong in the texts as typed: where, why, and what to write instead. */
export function ProblemPanel() {
  const problems = useProblems()
  const [open, setOpen] = useState(true)
  return (
    <section className="problems" aria-label="Problems" data-open={open && problems.length > 0}>
      <button
        type="button"
        className="problems-head"
        aria-expanded={open}
        disabled={problems.length === 0}
        onClick={() => setOpen(!open)}
      >
        <h2>Problems</h2>
        <span className="faint num" role="status">
          {countProblems(problems)}
        </span>
      </button>
      {open && problems.length > 0 && (
        <ul className="problems-list">
          {problems.map((problem, index) => (
            <ProblemRow
              key={`${problem.file}:${problem.line}:${problem.column}:${problem.code}:${index}`}
              problem={problem}
            />
          ))}
        </ul>
      )}
    </section>
  )
}

type Problem = ReturnType<typeof useProblems>[number]

function ProblemRow({ problem }: { problem: Problem }) {
  const line = usePolicies(({ documents }) => documents[problem.file]?.text.split(/\r\n|\r|\n/)[problem.line - 1])
  const replacement = line === undefined ? undefined : replacementOf(problem, line)
  const error = problem.severity === 'error'
  return (
    <li className="problems-row">
      <span className={error ? 'tone-deny' : 'tone-would'}>
        <span aria-hidden="true">{error ? '✕' : '⚠'}</span>
        <span className="only-read">{problem.severity}</span>
      </span>
      <button
        type="button"
        className="problems-text"
        onClick={() => void openFile(problem.file, problem.line, problem.column)}
      >
        <span>{sentence(problem.message)}</span>
        {problem.suggestion && <span className="dim"> {sentence(problem.suggestion)}</span>}
      </button>
      <code className="faint num">
        {problem.file}:{problem.line}:{problem.column}
      </code>
      {replacement && (
        <Button
          tip={`Write "${replacement.text}" instead`}
          onClick={() => {
            void openFile(problem.file, problem.line, problem.column).then(() => applyFix(problem.file, problem))
          }}
        >
          Fix
        </Button>
      )}
    </li>
  )
}
