import { Copy, ExternalLink, FolderInput, Save, Trash2, Undo2 } from 'lucide-react'
import { useEffect } from 'react'
import type { Problem } from '../../gateway-core/protocol/types.ts'
import { visible } from '../../gateway-core/visible.ts'
import { runAction, useShortcut } from '../shell/actions.ts'
import { useNavigation } from '../shell/navigation.ts'
import { tellFailure } from '../shell/notices.ts'
import { Button } from '../ui/button.tsx'
import { EmptyState } from '../ui/empty-state.tsx'
import { Segments } from '../ui/tabs.tsx'
import { RuleForm } from './rule-form.tsx'
import {
  fillRule,
  isChanged,
  openRule,
  removeRule,
  revertRule,
  type RuleDraft,
  takeFocus,
  useRules,
  writeRule,
} from './rule-store.ts'
import './rule-form.css'

/** One rule as a form or as it stands in its file, with what it does in plain words. `name`: `''` is a new one. */
export function RuleEditor({ name }: { name: string | undefined }) {
  useEffect(() => {
    if (name !== undefined && name !== '') void openRule(name)
  }, [name])
  const draft = useRules(({ drafts }) => (name === undefined ? undefined : drafts[name]))
  const look = useRules((rules) => rules.look)
  const shows = draft !== undefined && (look === 'text' || draft.value !== undefined)
  useEffect(() => {
    if (shows) takeFocus()
  }, [shows])
  if (name === undefined || !draft) {
    return (
      <section className="pane" aria-label="Rule">
        <EmptyState title="Choose a rule, or make a new one">
          Each rule says here what it does in plain words, and each exchange that it touched says so in Traffic.
        </EmptyState>
      </section>
    )
  }
  const { text, value, check } = draft
  const problems = check?.problems ?? []
  const failed = problems.some(({ severity }) => severity === 'error')
  return (
    <section className="pane held-editor" aria-label="Rule">
      <Bar name={name} draft={draft} failed={failed} />
      <Says
        explain={failed ? undefined : check?.explain}
        problems={problems}
        waits={!check}
        lines={look === 'text' || value === undefined}
      />
      {look === 'form' && value !== undefined && (
        <RuleForm key={name} value={value} queryProblem={queryProblem(problems)} onChange={fillRule} />
      )}
      {look === 'form' && value === undefined && check && (
        <p className="rule-hint dim">
          The text cannot be read, so there is no form of it.{' '}
          <button type="button" className="link" onClick={() => useRules.setState({ look: 'text' })}>
            Mend the text
          </button>
        </p>
      )}
      {look === 'text' && (
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
      )}
    </section>
  )
}

function Bar({ name, draft, failed }: { name: string; draft: RuleDraft; failed: boolean }) {
  const { place } = draft
  const look = useRules((rules) => rules.look)
  const openPolicy = useNavigation((navigation) => navigation.openPolicy)
  const [copy, save] = [useShortcut('intercept.duplicateRule'), useShortcut('intercept.saveRule')]
  const changed = isChanged(draft)
  return (
    <div className="bar">
      <h2 className="cut">{name === '' ? 'New rule' : visible(name, 120)}</h2>
      {place && (
        <Button kind="quiet" tip="Open its file" onClick={() => openPolicy(place.file, place.line)}>
          {visible(place.file, 80)}:{place.line}
          <ExternalLink aria-hidden="true" />
        </Button>
      )}
      <span className="grow" />
      <Segments
        label="How the rule is edited"
        value={look}
        onChange={(next) => useRules.setState({ look: next })}
        options={[
          { id: 'form', title: 'Form' },
          { id: 'text', title: 'Text', tip: 'As it stands in its file' },
        ]}
      />
      {changed && name !== '' && (
        <Button kind="quiet" label="Back to what stands in the file" onClick={revertRule}>
          <Undo2 aria-hidden="true" />
        </Button>
      )}
      {name !== '' && (
        <Button kind="quiet" label="Move it to another file" onClick={() => runAction('intercept.moveRuleTo')}>
          <FolderInput aria-hidden="true" />
        </Button>
      )}
      {name !== '' && (
        <Button
          kind="quiet"
          label="Make a copy behind it"
          shortcut={copy}
          onClick={() => runAction('intercept.duplicateRule')}
        >
          <Copy aria-hidden="true" />
        </Button>
      )}
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
        disabled={failed || !changed}
        onClick={() => runAction('intercept.saveRule')}
      >
        <Save aria-hidden="true" />
        Save
      </Button>
    </div>
  )
}

function Says(props: {
  explain: string | undefined
  problems: readonly Problem[]
  waits: boolean
  /** Lines of the text are what one sees. */
  lines: boolean
}) {
  const { explain, problems, waits, lines } = props
  return (
    <div className="rule-says" role="status">
      {explain !== undefined && visible(explain, 600)}
      {waits && <span className="dim">…</span>}
      {problems.length > 0 && (
        <ul className="rule-problems" aria-label="Problems">
          {problems.map(({ line, column, message, severity, suggestion }) => (
            <li key={`${line}:${column} ${message}`} className={severity === 'error' ? 'tone-deny' : 'tone-would'}>
              {lines && `Line ${line}: `}
              {visible(message, 300)}
              {suggestion && <span className="dim"> — {visible(suggestion, 300)}</span>}
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

function queryProblem(problems: readonly Problem[]): string | undefined {
  const found = problems.find(({ code, message }) => code === 'BAD_EXPRESSION' && message.startsWith('"match"'))
  return found && visible(found.message, 200)
}
