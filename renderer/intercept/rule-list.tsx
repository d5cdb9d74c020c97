import { Plus } from 'lucide-react'
import type { RuleRow } from '../../gateway-core/protocol/intercept.ts'
import { visible } from '../../gateway-core/visible.ts'
import { core } from '../core/core.ts'
import { useNavigation } from '../shell/navigation.ts'
import { tellFailure } from '../shell/notices.ts'
import { Button } from '../ui/button.tsx'
import { EmptyState } from '../ui/empty-state.tsx'
import { countText } from '../ui/format.ts'
import { Menu, MenuItem } from '../ui/menu.tsx'
import { useIntercept } from './intercept-store.ts'
import { newRule } from './rule-store.ts'
import { Switch } from './switch.tsx'

const kinds = [
  ['rewrite', 'Rewrite', 'change headers, URL or body'],
  ['mock', 'Mock', 'answer in the place of the upstream'],
  ['delay', 'Delay', 'answer later, or slower'],
  ['fault', 'Fault', 'reset, hang, 5xx, cut off'],
] as const

/** The rules of the workspace, in the order in which they run. */
export function RuleList() {
  const rules = useIntercept(({ state }) => state?.rules) ?? []
  const selected = useIntercept((intercept) => intercept.rule)
  return (
    <div className="held">
      <div className="held-head">
        <span className="dim">They run in this order, before breakpoints</span>
        <span className="grow" />
        <Menu
          align="end"
          trigger={
            <Button kind="quiet">
              <Plus aria-hidden="true" />
              New rule
            </Button>
          }
        >
          {kinds.map(([kind, title, hint]) => (
            <MenuItem key={kind} hint={hint} onSelect={() => void newRule(kind)}>
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
          {rules.map((rule) => (
            <Rule key={rule.name} rule={rule} chosen={rule.name === selected} />
          ))}
        </ul>
      )}
    </div>
  )
}

function Rule({ rule, chosen }: { rule: RuleRow; chosen: boolean }) {
  const { name, explain, enabled, hits } = rule
  const openTraffic = useNavigation((navigation) => navigation.openTraffic)
  return (
    <li className={`rule${chosen ? ' rule-chosen' : ''}${enabled ? '' : ' breakpoint-off'}`}>
      <Switch
        label={`Rule ${visible(name, 80)}`}
        checked={enabled}
        onChange={(next) => {
          core.call('intercept.ruleEnable', { name, enabled: next }).catch(tellFailure)
        }}
      />
      <button
        type="button"
        className="rule-open"
        aria-current={chosen}
        onClick={() => useIntercept.setState({ rule: name })}
      >
        <span className="rule-name cut">{visible(name, 120)}</span>
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
