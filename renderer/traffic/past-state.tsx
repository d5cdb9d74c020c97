import { X } from 'lucide-react'
import type { PastEntry, PastState } from '../../gateway-core/protocol/what-if.ts'
import { visible } from '../../gateway-core/visible.ts'
import { runAction, useShortcut } from '../shell/actions.ts'
import { useNavigation } from '../shell/navigation.ts'
import { Button } from '../ui/button.tsx'
import { countText, dateText, instanceName, plural, scopeName } from '../ui/format.ts'
import { resetText } from './time-places.ts'
import { useTime } from './time-store.ts'
import { setQuery } from './traffic-store.ts'

/** What every limiter, quota and session held at the moment that is looked at. */
export function PastStatePane() {
  const { at, state, problem } = useTime()
  const shortcut = useShortcut('traffic.now')
  if (at === undefined) return null
  return (
    <section
      className="pane past"
      aria-label="State at a moment"
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || event.defaultPrevented) return
        event.preventDefault()
        runAction('traffic.now')
      }}
    >
      <div className="bar">
        <h2 className="num">{dateText(at)}</h2>
        <span className="faint cut grow" role="status" aria-busy={state?.time !== at}>
          {state && state.time !== at && 'counting… · '}
          {state && `${plural(state.entries.length, 'counter')} held something`}
          {state && allUnsure(state) && ', counted from the first recorded exchange on'}
        </span>
        <Button tip="Only what had come by then" onClick={() => setQuery(`time<=${Math.ceil(at)}`, 'now')}>
          Traffic until then
        </Button>
        <Button kind="quiet" label="Close, back to now" shortcut={shortcut} onClick={() => runAction('traffic.now')}>
          <X aria-hidden="true" />
        </Button>
      </div>
      <div className="scroll">
        {problem ? (
          <p className="past-note" role="alert">
            <span className="tone-deny" aria-hidden="true">
              ✕{' '}
            </span>
            {problem.what}
            {problem.todo && ` — ${problem.todo}`}
          </p>
        ) : state ? (
          <Entries state={state} />
        ) : (
          <p className="past-note faint">Counting up to this moment…</p>
        )}
      </div>
    </section>
  )
}

/** Nothing is known of what was counted before the capture began. */
function allUnsure({ entries, warming }: PastState): boolean {
  return entries.length > 0 && entries.every(({ policy }) => warming.includes(policy))
}

function Entries({ state }: { state: PastState }) {
  const { entries, time, warming } = state
  if (entries.length === 0) {
    return <p className="past-note dim">No limiter, quota or session held anything at this moment.</p>
  }
  const unsure = new Set(allUnsure(state) ? [] : warming)
  const sorted = [...entries].sort((a, b) => share(b) - share(a) || (a.policy < b.policy ? -1 : 1))
  return (
    <table className="past-table">
      <thead>
        <tr>
          <th scope="col">Policy</th>
          <th scope="col">Counted by</th>
          <th scope="col" className="past-used">
            Used
          </th>
          <th scope="col" className="past-reset right">
            Forgotten in
          </th>
        </tr>
      </thead>
      <tbody>
        {sorted.map((entry) => (
          <Entry key={`${entry.policy} ${entry.key}`} entry={entry} time={time} unsure={unsure.has(entry.policy)} />
        ))}
      </tbody>
    </table>
  )
}

function share({ used, limit }: PastEntry): number {
  return used === undefined || limit === undefined || limit === 0 ? -1 : used / limit
}

function Entry({ entry, time, unsure }: { entry: PastEntry; time: number; unsure: boolean }) {
  const { policy, key, file, line } = entry
  const openPolicy = useNavigation((navigation) => navigation.openPolicy)
  return (
    <tr>
      <td title={policy}>
        {file !== undefined && line !== undefined ? (
          <button type="button" className="link" onClick={() => openPolicy(file, line)}>
            {visible(instanceName(policy), 60)}
          </button>
        ) : (
          visible(instanceName(policy), 60)
        )}{' '}
        <span className="faint">{visible(scopeName(policy), 80)}</span>
        {unsure && (
          <span className="tone-would" title="Its beginning was not recorded: it counts from the first exchange on.">
            {' '}
            ~
          </span>
        )}
      </td>
      <td title={key}>
        <code>{visible(key, 120)}</code>
      </td>
      <td>
        <Used entry={entry} />
      </td>
      <td className="right">{resetText(entry.expiresAt - time)}</td>
    </tr>
  )
}

function Used({ entry }: { entry: PastEntry }) {
  const { used, limit, holds } = entry
  if (used === undefined) return <span className="dim">{visible(holds, 80)}</span>
  const part = limit === undefined || limit === 0 ? 0 : Math.min(1, used / limit)
  return (
    <>
      {limit !== undefined && (
        <span className="past-gauge" data-full={used >= limit} aria-hidden="true">
          <i style={{ width: `${part * 100}%` }} />
        </span>
      )}
      {countText(Math.round(used * 10) / 10)}
      {limit !== undefined && <span className="faint"> of {countText(limit)}</span>}
    </>
  )
}
