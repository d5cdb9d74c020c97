import { ExternalLink, Save, Trash2 } from 'lucide-react'
import { useEffect } from 'react'
import { visible } from '../../gateway-core/visible.ts'
import { runAction, useShortcut } from '../shell/actions.ts'
import { useNavigation } from '../shell/navigation.ts'
import { tellFailure } from '../shell/notices.ts'
import { Button } from '../ui/button.tsx'
import { EmptyState } from '../ui/empty-state.tsx'
import { openRule, removeRule, useRule, writeRule } from './rule-store.ts'

/** One rule as it stands in its file, with what it does in plain words. `name`: `''` is a new one. */
export function RuleEditor({ name }: { name: string | undefined }) {
  useEffect(() => {
    if (name !== undefined && name !== '') void openRule(name)
  }, [name])
  const draft = useRule((state) => state.draft)
  const openPolicy = useNavigation((navigation) => navigation.openPolicy)
  const save = useShortcut('intercept.saveRule')
  if (name === undefined || !draft) {
    return (
      <section className="pane" aria-label="Rule">
        <EmptyState title="Choose a rule, or write a new one">
          Each rule says here what it does in plain words, and each exchange that it touched says so in Traffic.
        </EmptyState>
      </section>
    )
  }
  const { text, saved, check, place } = draft
  const problems = check?.problems ?? []
  const failed = problems.some(({ severity }) => severity === 'error')
  return (
    <section className="pane held-editor" aria-label="Rule">
      <div className="bar">
        <h2 className="cut">{name === '' ? 'New rule' : visible(name, 120)}</h2>
        {place && (
          <Button kind="quiet" tip="Open its file" onClick={() => openPolicy(place.file, place.line)}>
            {visible(place.file, 80)}:{place.line}
            <ExternalLink aria-hidden="true" />
          </Button>
        )}
        <span className="grow" />
        <Button
          kind="quiet"
          label={name === '' ? 'Throw this draft away' : 'Take this rule out of its file'}
          onClick={() => void removeRule().catch(tellFailure)}
        >
          <Trash2 aria-hidden="true" />
        </Button>
        <Button
          kind="main"
          showKeys
          shortcut={save}
          disabled={failed || text === saved}
          onClick={() => runAction('intercept.saveRule')}
        >
          <Save aria-hidden="true" />
          Save
        </Button>
      </div>
      <div className="rule-says" role="status">
        {check?.explain !== undefined && !failed && visible(check.explain, 600)}
        {!check && <span className="dim">…</span>}
        {problems.length > 0 && (
          <ul className="rule-problems" aria-label="Problems">
            {problems.map((problem) => (
              <li
                key={`${problem.line}:${problem.column} ${problem.message}`}
                className={problem.severity === 'error' ? 'tone-deny' : 'tone-would'}
              >
                Line {problem.line}: {visible(problem.message, 300)}
                {problem.suggestion && <span className="dim"> — {visible(problem.suggestion, 300)}</span>}
              </li>
            ))}
          </ul>
        )}
      </div>
      <div className="held-parts">
        <textarea
          className="held-text rule-text"
          aria-label="The rule as YAML"
          aria-invalid={failed}
          spellCheck={false}
          autoComplete="off"
          wrap="off"
          value={text}
          onChange={(event) => writeRule(event.target.value)}
        />
      </div>
    </section>
  )
}
