import { useEffect, useRef } from 'react'
import { useActions } from '../shell/actions.ts'
import { countText, plural } from '../ui/format.ts'
import type { QueryBarHandle } from '../ui/query-bar.tsx'
import { SplitPane } from '../ui/split-pane.tsx'
import { Tabs } from '../ui/tabs.tsx'
import { BreakpointBar } from './breakpoint-bar.tsx'
import { BreakpointList } from './breakpoint-list.tsx'
import { HeldEditor } from './held-editor.tsx'
import { HeldList } from './held-list.tsx'
import { interceptActions } from './intercept-actions.ts'
import { useIntercept } from './intercept-store.ts'
import { RuleEditor } from './rule-editor.tsx'
import { RuleList } from './rule-list.tsx'
import { MoveRuleDialog } from './move-rule-dialog.tsx'
import { InjectDialog } from './inject-dialog.tsx'
import { InterceptEmpty } from './intercept-empty.tsx'
import './intercept.css'

/** Requests and responses that wait, to be looked at, changed, answered or dropped; and rules that do so by themselves. */
export function InterceptScreen() {
  const bar = useRef<QueryBarHandle>(null)
  useActions(interceptActions({ focusQuery: () => bar.current?.focus() }))
  const state = useIntercept((intercept) => intercept.state)
  const view = useIntercept((intercept) => intercept.view)
  const message = useIntercept((intercept) => intercept.message)
  const rule = useIntercept((intercept) => intercept.rule)
  const selected = useIntercept((intercept) => intercept.selected)
  useEffect(() => {
    // What is held is looked at at once, but the focus stays where it is.
    if (useIntercept.getState().selected === undefined) useIntercept.setState({ version: 0 })
  }, [])
  const held = state?.held ?? 0
  const rules = state?.rules.length ?? 0
  const left = (
    <section className="pane" aria-label="Held messages and rules">
      <Tabs
        label="What the list shows"
        value={view}
        onChange={(next) => useIntercept.setState({ view: next })}
        tabs={[
          { id: 'held', title: 'Held', ...(held > 0 && { note: countText(held) }) },
          { id: 'rules', title: 'Rules', ...(rules > 0 && { note: countText(rules) }) },
        ]}
      >
        {view === 'held' ? <HeldList /> : <RuleList />}
      </Tabs>
    </section>
  )
  const right =
    view === 'rules' ? (
      <RuleEditor key={rule ?? '-'} name={rule} />
    ) : message && selected === message.id ? (
      <HeldEditor message={message} />
    ) : (
      <InterceptEmpty />
    )
  return (
    <div className="intercept">
      <BreakpointBar ref={bar} />
      <BreakpointList />
      {state && (state.breakpoints.some(({ enabled }) => enabled) || state.rules.some(({ enabled }) => enabled)) && (
        <p className="intercept-passed dim" role="status">
          What does not match passes: <b className="num">{plural(state.passed, 'message')}</b> since breakpoints or
          rules last changed.
        </p>
      )}
      <InjectDialog />
      <MoveRuleDialog />
      <div className="intercept-work">
        <SplitPane id="intercept" minimum={[300, 420]} secondSize={62} first={left} second={right} />
      </div>
    </div>
  )
}
