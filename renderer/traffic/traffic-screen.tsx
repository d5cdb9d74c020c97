import { useEffect, useRef } from 'react'
import { core } from '../core/core.ts'
import { useActions } from '../shell/actions.ts'
import { useNavigation } from '../shell/navigation.ts'
import { useWorkspace } from '../shell/workbench.ts'
import { QueryBar, type QueryBarHandle } from '../ui/query-bar.tsx'
import { SplitPane } from '../ui/split-pane.tsx'
import { dropCase } from './cases.ts'
import { ExchangePane } from './exchange-pane.tsx'
import { PastStatePane } from './past-state.tsx'
import { focusTable, takeTableFocus } from './table-focus.ts'
import { TimeSlider } from './time-slider.tsx'
import { useTime } from './time-store.ts'
import { FilesMenu, SavedMenu, TableMenu } from './toolbar.tsx'
import { trafficActions } from './traffic-actions.ts'
import { TrafficEmpty } from './traffic-empty.tsx'
import { select, selectId, setQuery, table, useTraffic } from './traffic-store.ts'
import { TrafficTable } from './traffic-table.tsx'
import './traffic-screen.css'

/** Every exchange as it comes, and why it was decided as it was. */
export function TrafficScreen() {
  const query = useTraffic((traffic) => traffic.query)
  const problem = useTraffic((traffic) => traffic.problem)
  const selected = useTraffic((traffic) => traffic.selected)
  const wanted = useNavigation((navigation) => navigation.trafficQuery)
  const looking = useTime((time) => time.at !== undefined)
  const bar = useRef<QueryBarHandle>(null)
  useActions(trafficActions({ focusQuery: () => bar.current?.focus() }))
  useEffect(() => {
    if (!wanted) return
    // Once: coming back later, one finds the query as one left it.
    useNavigation.setState({ trafficQuery: undefined })
    setQuery(wanted.text, 'now')
    focusTable()
  }, [wanted])

  const list = (
    <section className="pane" aria-label="Traffic">
      <div className="bar">
        <QueryBar
          ref={bar}
          value={query}
          placeholder="Filter: status:403 denied:rbac path~^/books, or any word"
          problem={problem}
          complete={(text, at) => core.call('traffic.complete', { text, at })}
          onChange={(text) => {
            takeTableFocus()
            setQuery(text)
          }}
          onEnter={() => {
            setQuery(query, 'now')
            focusTable()
          }}
          onEscape={() => {
            if (query !== '') setQuery('', 'now')
            else focusTable()
          }}
        />
        <SavedMenu />
        <FilesMenu />
        <TableMenu />
      </div>
      <TimeSlider />
      <SplitPane
        id="traffic-past"
        direction="vertical"
        minimum={[160, 120]}
        secondSize={32}
        first={
          <div className="pane">
            <TrafficList
              onOpen={() => {
                if (useTraffic.getState().selectedIndex < 0) select(0)
              }}
            />
          </div>
        }
        second={looking ? <PastStatePane /> : undefined}
      />
    </section>
  )
  return (
    <div className="traffic-screen" {...dropCase}>
      <SplitPane
        id="traffic"
        minimum={[420, 400]}
        secondSize={43}
        first={list}
        second={selected === undefined ? undefined : <ExchangePane id={selected} onClose={() => selectId(undefined)} />}
      />
    </div>
  )
}

function TrafficList({ onOpen }: { onOpen: () => void }) {
  const empty = useTraffic(() => table.length === 0)
  const search = useTraffic((traffic) => traffic.search)
  const searching = useTraffic((traffic) => traffic.searching)
  const recorded = useWorkspace(({ captures }) => (empty ? captures.exchanges : 0))!
  if (search === undefined) return <div className="grow" />
  if (empty && !searching) return <TrafficEmpty recorded={recorded} />
  return <TrafficTable onOpen={onOpen} />
}
