import { useRef } from 'react'
import { core } from '../core/core.ts'
import { QueryBar } from '../ui/query-bar.tsx'
import { Segments } from '../ui/tabs.tsx'
import { DelayFields, FaultFields } from './rule-form-delay.tsx'
import { MockFields } from './rule-form-mock.tsx'
import { RewriteFields } from './rule-form-rewrite.tsx'
import { kindOf, percentOf, type RuleValue, ruleKinds, shareOf, textOf, withKey, withKind } from './rule-fields.ts'
import { Line, Lines, TextInput } from './rule-inputs.tsx'

interface RuleFormProps {
  value: RuleValue
  /** Why its query cannot be read. */
  queryProblem: string | undefined
  onChange: (value: RuleValue) => void
}

/** A rule to be filled in: which exchanges, and what happens to them. The text of its file follows. */
export function RuleForm({ value, queryProblem, onChange }: RuleFormProps) {
  const kind = kindOf(value)
  // Going to another kind and back should not lose what was filled in.
  const before = useRef<RuleValue>({})
  const set = (key: string, next: unknown) => onChange(withKey(value, key, next))
  return (
    <form className="rule-form scroll" aria-label="Rule" onSubmit={(event) => event.preventDefault()}>
      <Line title="Name">
        {(id) => <TextInput id={id} value={textOf(value['name'])} onChange={(text) => set('name', text)} />}
      </Line>
      <Lines title="Exchanges">
        <QueryBar
          label="Which exchanges"
          value={textOf(value['match'])}
          placeholder="method:GET path~^/books; nothing here means every exchange"
          problem={queryProblem === undefined ? undefined : { message: queryProblem, offset: -1 }}
          complete={(text, at) => core.call('traffic.complete', { text, at })}
          onChange={(text) => set('match', text === '' ? undefined : text)}
          onEnter={() => undefined}
          onEscape={() => undefined}
        />
      </Lines>
      <Line title="Of those">
        {(id) => (
          <span className="row">
            <TextInput
              id={id}
              short
              value={value['share'] === undefined ? '100' : percentOf(value['share'])}
              onChange={(text) => set('share', shareOf(text))}
            />
            <span className="dim">%, drawn by chance</span>
          </span>
        )}
      </Line>
      <Lines title="What happens">
        <Segments
          label="What happens"
          value={kind ?? 'none'}
          onChange={(next) => {
            if (next === 'none') return
            before.current = { ...before.current, ...value }
            onChange(withKind(value, next, before.current))
          }}
          options={ruleKinds.map(({ id, title, hint }) => ({ id, title, tip: hint }))}
        />
      </Lines>
      {kind === 'rewrite' && <RewriteFields value={value['rewrite']} onChange={(next) => set('rewrite', next)} />}
      {kind === 'mock' && <MockFields value={value['mock']} onChange={(next) => set('mock', next)} />}
      {kind === 'delay' && <DelayFields value={value['delay']} onChange={(next) => set('delay', next)} />}
      {kind === 'fault' && <FaultFields value={value['fault']} onChange={(next) => set('fault', next)} />}
    </form>
  )
}
