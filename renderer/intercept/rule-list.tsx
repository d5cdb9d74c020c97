import { ArrowDown, ArrowUp, Plus } from 'lucide-react'
import { Fragment } from 'react'
import type { RuleRow } from '../../gateway-core/protocol/intercept.ts'
import { visible } from '../../gateway-core/visible.ts'
import { runAction, useShortcut } from '../shell/actions.ts'
import { useNavigation } from '../shell/navigation.ts'
import { tellFailure } from '../shell/notices.ts'
import { Button } from '../ui/button.tsx'
import { EmptyState } from '../ui/empty-state.tsx'
import { countText } from '../ui/format.ts'
import { Menu, MenuItem } from '../ui/menu.tsx'
import { useIntercept } from './intercept-store.ts'
import { ruleKinds } from './rule-fields.ts'
import { choose, focusRule, isChanged, newRule, toggleRule, useRules } from './rule-store.ts'
import { Switch } from './switch.tsx'

/** The rules of the workspace, in the order in which they run. */
export function RuleList() {
  const rules = useIntercept(({ state }) => state?.rules) ?? []
  const selected = useIntercept((intercept) => intercept.rule)
  const several = rules.some(({ file }) => file !== rules[0]!.file)
  return (
    <div className="held">
      <div className="held-head">
        <span className="dim">In this order, before breakpoints</span>
        <span className="grow" />
        <MoveButton step={-1} />
        <MoveButton step={1} />
        <Menu
          align="end"
          trigger={
            <Button kind="quiet">
              <Plus aria-hidden="true" />
              New rule
            </Button>
          }
        >
          {ruleKinds.map(({ id, title, hint }) => (
            <MenuItem key={id} hint={hint} onSelect={() => void newRule(id)}>
              {title}
            </MenuItem>
          ))}
        </Menu>
      </div>
      {rules.length === 0 ? (
        <EmptyState title="No rules yet">
          A rule changes, answers, delays or breaks what matches a query, for experiments and for tests of clients. It
          stands in a file of the workspace, so it can be shared and reviewed.
        </EmptyState>
      ) : (
        <ul className="rules scroll" aria-label="Rules">
          {rules.map((rule, at) => (
            <Fragment key={rule.name}>
              {several && rule.file !== rules[at - 1]?.file && (
                <li className="rule-file dim cut">{visible(rule.file, 80)}</li>
              )}
              <Rule rule={rule} chosen={rule.name === selected} />
            </Fragment>
          ))}
        </ul>
      )}
    </div>
  )
}

function MoveButton({ step }: { step: -1 | 1 }) {
  const id = step === -1 ? 'intercept.ruleUp' : 'intercept.ruleDown'
  const rules = useIntercept(({ state }) => state?.rules) ?? []
  const at = useIntercept(({ rule }) => rules.findIndex(({ name }) => name === rule))
  const shortcut = useShortcut(id)
  return (
    <Button
      kind="quiet"
      label={step === -1 ? 'Let this rule run earlier' : 'Let this rule run later'}
      shortcut={shortcut}
      disabled={at === -1 || !rules[at + step]}
      onClick={() => runAction(id)}
    >
      {step === -1 ? <ArrowUp aria-hidden="true" /> : <ArrowDown aria-hidden="true" />}
    </Button>
  )
}

function Rule({ rule, chosen }: { rule: RuleRow; chosen: boolean }) {
  const { name, explain, enabled, hits } = rule
  const changed = useRules(({ drafts }) => drafts[name] !== undefined && isChanged(drafts[name]))
  const openTraffic = useNavigation((navigation) => navigation.openTraffic)
  return (
    <li className={`rule${chosen ? ' rule-chosen' : ''}${enabled ? '' : ' breakpoint-off'}`}>
      <Switch
        label={`Rule ${visible(name, 80)}`}
        checked={enabled}
        onChange={() => void toggleRule(name).catch(tellFailure)}
      />
      <button
        type="button"
        className="rule-open"
        aria-current={chosen}
        onClick={({ detail }) => {
          choose(name)
          // By Enter: on into the rule.
          if (detail === 0) focusRule()
        }}
      >
        <span className="rule-name cut">
          {visible(name, 120)}
          {changed && <span className="tone-modify"> edited</span>}
        </span>
        <span className="dim rule-explain">{visible(explain, 400)}</span>
      </button>
      <button
        type="button"
        className="link num rule-hits"
        title="Exchanges that it touched: show them"
        onClick={() => openTraffic(`touched:${JSON.stringify(name)}`)}
      >
        {countText(hits)}×
      </button>
    </li>
  )
}
