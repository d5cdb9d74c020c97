import { Bell, Hand } from 'lucide-react'
import { type Ref, useState } from 'react'
import { core } from '../core/core.ts'
import { tellDone } from '../shell/notices.ts'
import { Button } from '../ui/button.tsx'
import { Menu, MenuChoice, MenuLabel, MenuLine } from '../ui/menu.tsx'
import { QueryBar, type QueryBarHandle } from '../ui/query-bar.tsx'
import { Segments } from '../ui/tabs.tsx'
import { addBreakpoint, emptyBar, type QueryProblem, useBar } from './breakpoints.ts'
import { setNotify, useNotify } from './notify.ts'

const limits = [10, 30, 60, 300, 1800]

/** Says what to hold. */
export function BreakpointBar({ ref }: { ref: Ref<QueryBarHandle> }) {
  const { query, on, once, seconds, changing } = useBar()
  const set = useBar.setState
  const notify = useNotify(({ on: asked }) => asked)
  const [problem, setProblem] = useState<QueryProblem>()
  const write = (text: string) => {
    set({ query: text })
    setProblem(undefined)
  }
  const leave = () => {
    if (changing !== undefined) set(emptyBar)
    write('')
  }
  const add = async () => {
    const wrong = await addBreakpoint({ query, on, once, seconds }, changing)
    if (!wrong) leave()
    else if (wrong.message !== '') setProblem(wrong)
  }
  return (
    <div className="bar intercept-bar">
      <QueryBar
        ref={ref}
        value={query}
        placeholder="Hold what matches: method:POST path~^/books; nothing here holds everything"
        problem={problem}
        complete={(text, at) => core.call('traffic.complete', { text, at })}
        onChange={write}
        onEnter={() => void add()}
        onEscape={leave}
      />
      <Segments
        label="Where it stops"
        value={on}
        onChange={(next) => set({ on: next })}
        options={[
          { id: 'request', title: 'Requests', tip: 'Before they are routed and judged' },
          { id: 'response', title: 'Responses', tip: 'After the upstream answered, before they are judged' },
          { id: 'both', title: 'Both' },
          { id: 'messages', title: 'Messages', tip: 'Single messages of WebSockets and event streams' },
        ]}
      />
      <Menu
        align="end"
        trigger={
          <Button tip="How long a message is held at most, and how often">
            {once ? 'next only' : 'each'} · {limitText(seconds)}
          </Button>
        }
      >
        <MenuLabel>Hold</MenuLabel>
        <MenuChoice checked={!once} onSelect={() => set({ once: false })}>
          Every match
        </MenuChoice>
        <MenuChoice checked={once} onSelect={() => set({ once: true })}>
          Only the next match
        </MenuChoice>
        <MenuLine />
        <MenuLabel>At most, then it goes on unchanged</MenuLabel>
        {limits.map((one) => (
          <MenuChoice key={one} checked={one === seconds} onSelect={() => set({ seconds: one })}>
            {limitText(one)}
          </MenuChoice>
        ))}
      </Menu>
      <Button kind="main" onClick={() => void add()}>
        <Hand aria-hidden="true" />
        {changing === undefined ? 'Hold' : 'Change'}
      </Button>
      <Button
        kind="quiet"
        label={
          notify ? 'Stop telling the desktop what is held' : 'Tell the desktop when something is held and nobody looks'
        }
        aria-pressed={notify}
        onClick={() =>
          void setNotify(!notify).then((done) =>
            tellDone(
              done ? (notify ? 'No notifications' : 'Notifications are on') : 'The system does not allow notifications',
            ),
          )
        }
      >
        <Bell aria-hidden="true" />
      </Button>
    </div>
  )
}

export function limitText(seconds: number): string {
  return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`
}
