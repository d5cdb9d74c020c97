import { X } from 'lucide-react'
import type { BreakpointRow } from '../../gateway-core/protocol/intercept.ts'
import { visible } from '../../gateway-core/visible.ts'
import { Button } from '../ui/button.tsx'
import { countText } from '../ui/format.ts'
import { limitText } from './breakpoint-bar.tsx'
import { changeBreakpoint, removeBreakpoint, useBar } from './breakpoints.ts'
import { useIntercept } from './intercept-store.ts'
import { Switch } from './switch.tsx'

const sides = {
  request: 'requests',
  response: 'responses',
  both: 'requests and responses',
  messages: 'messages',
} as const

/** The breakpoints, each with what it held and what it cannot know. */
export function BreakpointList() {
  const breakpoints = useIntercept(({ state }) => state?.breakpoints)
  if (!breakpoints || breakpoints.length === 0) return null
  return (
    <ul className="breakpoints" aria-label="Breakpoints">
      {breakpoints.map((one) => (
        <Breakpoint key={one.id} breakpoint={one} />
      ))}
    </ul>
  )
}

function Breakpoint({ breakpoint }: { breakpoint: BreakpointRow }) {
  const { id, query, on, once, enabled, seconds, hits, unseen } = breakpoint
  const changing = useBar((bar) => bar.changing === id)
  const name = query === '' ? 'everything' : query
  return (
    <li className={enabled ? undefined : 'breakpoint-off'}>
      <Switch
        label={`Hold ${visible(name, 80)}`}
        checked={enabled}
        onChange={(next) => void changeBreakpoint(id, { enabled: next })}
      />
      <button
        type="button"
        className="code cut breakpoint-query"
        title={`${visible(name, 400)}: change it`}
        aria-pressed={changing}
        onClick={() => useBar.setState({ query, on, once, seconds, changing: id })}
      >
        {visible(name, 400)}
      </button>
      <span className="dim">
        {sides[on]}
        {once && ', only the next'}
        {`, at most ${limitText(seconds)}`}
      </span>
      <Unknown breakpoint={breakpoint} />
      {unseen > 0 && (
        <span className="tone-would" title="Without a screen nothing is held: nobody could let it go">
          {countText(unseen)} passed while no screen was open
        </span>
      )}
      <span className="grow" />
      <span className="num dim" title="Messages that it held">
        {countText(hits)}×
      </span>
      <Button
        kind="quiet"
        label={`Remove the breakpoint ${visible(name, 80)}`}
        onClick={() => void removeBreakpoint(id)}
      >
        <X aria-hidden="true" />
      </Button>
    </li>
  )
}

/** A query may ask for what is only known later: there it does not match, and one has to know. */
function Unknown({ breakpoint: { unknown } }: { breakpoint: BreakpointRow }) {
  const parts = Object.entries(unknown).map(([side, names]) => `${names.join(', ')} on ${side}s`)
  if (parts.length === 0) return null
  return (
    <span className="tone-would cut" title="It is known only later, so this part of the query does not match there.">
      not known yet, so no match: {parts.join('; ')}
    </span>
  )
}
