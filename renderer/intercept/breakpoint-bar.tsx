import { Bell, Hand } from 'lucide-react'
import { type Ref, useState } from 'react'
import { core } from '../core/core.ts'
import { tellDone } from '../shell/notices.ts'
import { Button } from '../ui/button.tsx'
import { Menu, MenuChoice, MenuLabel, MenuLine } from '../ui/menu.tsx'
import { QueryBar, type QueryBarHandle } from '../ui/query-bar.tsx'
import { Segments } from '../ui/tabs.tsx'
import { addBreakpoint, type NewBreakpoint, type QueryProblem } from './breakpoints.ts'
import { setNotify, useNotify } from './notify.ts'

const limits = [10, 30, 60, 300, 1800]

/** Says what to hold. */
export function BreakpointBar({ ref }: { ref: Ref<QueryBarHandle> }) {
  const [query, setQuery] = useState('')
  const [on, setOn] = useState<NewBreakpoint['on']>('request')
  const [once, setOnce] = useState(false)
  const [seconds, setSeconds] = useState(60)
  const notify = useNotify(({ on: asked }) => asked)
  const [problem, setProblem] = useState<QueryProblem>()
  const write = (text: string) => {
    setQuery(text)
    setProblem(undefined)
  }
  const add = async () => {
    const wrong = await addBreakpoint({ query, on, once, seconds })
    if (!wrong) write('')
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
        onEscape={() => write('')}
      />
      <Segments
        label="Where it stops"
        value={on}
        onChange={setOn}
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
        <MenuChoice checked={!once} onSelect={() => setOnce(false)}>
          Every match
        </MenuChoice>
        <MenuChoice checked={once} onSelect={() => setOnce(true)}>
          Only the next match
        </MenuChoice>
        <MenuLine />
        <MenuLabel>At most, then it goes on unchanged</MenuLabel>
        {limits.map((one) => (
          <MenuChoice key={one} checked={one === seconds} onSelect={() => setSeconds(one)}>
            {limitText(one)}
          </MenuChoice>
        ))}
      </Menu>
      <Button kind="main" onClick={() => void add()}>
        <Hand aria-hidden="true" />
        Hold
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
