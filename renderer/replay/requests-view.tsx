import { FileUp, Plus, X } from 'lucide-react'
import { visible } from '../../gateway-core/visible.ts'
import type { ReplayItem } from '../../gateway-core/protocol/replay.ts'
import { runAction, useShortcut } from '../shell/actions.ts'
import { tellFailure } from '../shell/notices.ts'
import { Button } from '../ui/button.tsx'
import { EmptyState } from '../ui/empty-state.tsx'
import { Menu, MenuItem } from '../ui/menu.tsx'
import { SplitPane } from '../ui/split-pane.tsx'
import { AnswerPane } from './answer-pane.tsx'
import { RequestEditor } from './request-editor.tsx'
import { openEntry, removeEntry, statusTone, useReplay } from './replay-store.ts'

/** What was kept, the request that is edited, and what came back. */
export function RequestsView() {
  const entry = useReplay((replay) => replay.entry)
  const list = useReplay((replay) => replay.list)
  const none = list !== undefined && list.history.length === 0 && list.files.length === 0
  if (none && !entry) return <NoRequests />
  const work = entry ? (
    <SplitPane
      id="replay-answer"
      minimum={[380, 360]}
      secondSize={50}
      first={<RequestEditor />}
      second={<AnswerPane />}
    />
  ) : (
    <NothingOpen />
  )
  return <SplitPane id="replay-list" minimum={[180, 740]} secondSize={82} first={<RequestList />} second={work} />
}

function NothingOpen() {
  return (
    <section className="pane" aria-label="Request">
      <EmptyState
        title="No request is open"
        action={
          <Button kind="main" onClick={() => runAction('replay.new')} shortcut={useShortcut('replay.new')} showKeys>
            New request
          </Button>
        }
      >
        Choose one on the left, or begin a new one.
      </EmptyState>
    </section>
  )
}

function NoRequests() {
  return (
    <EmptyState
      title="Send a request again, changed"
      action={
        <>
          <Button kind="main" onClick={() => runAction('replay.new')} shortcut={useShortcut('replay.new')} showKeys>
            New request
          </Button>
          <Button onClick={() => runAction('replay.import')}>Import …</Button>
          <Button onClick={() => runAction('replay.operation')}>From the API …</Button>
        </>
      }
    >
      Select an exchange in Traffic and press Ctrl+Shift+R: it opens here as it was sent, byte for byte. Change it, send
      it through the gateway, straight to the upstream, or to two environments at once, and compare what comes back.
      Every run is kept, encrypted, in this workspace; requests for the team stand in <code>requests/*.http</code>.
    </EmptyState>
  )
}

function RequestList() {
  const list = useReplay((replay) => replay.list)
  const open = useReplay((replay) => replay.entry?.id)
  return (
    <section className="pane" aria-label="Requests">
      <div className="bar">
        <h2>Requests</h2>
        <span className="grow" />
        <Menu
          align="end"
          trigger={
            <Button label="New request">
              <Plus aria-hidden="true" />
            </Button>
          }
        >
          <MenuItem onSelect={() => runAction('replay.new')} shortcut={useShortcut('replay.new')}>
            Empty request
          </MenuItem>
          <MenuItem onSelect={() => runAction('replay.operation')}>From an operation of the API …</MenuItem>
        </Menu>
        <Button
          label="Import requests"
          shortcut={useShortcut('replay.import')}
          onClick={() => runAction('replay.import')}
        >
          <FileUp aria-hidden="true" />
        </Button>
      </div>
      <div className="scroll replay-list">
        {list?.files.map(({ path, items, problem }) => (
          <section key={path} aria-label={path}>
            <h3 className="replay-folder" title={path}>
              {path.replace(/^requests\//, '').replace(/\.http$/, '')}
            </h3>
            {problem && (
              <p className="replay-problem">
                line {problem.line}: {visible(problem.what, 200)}
              </p>
            )}
            <Items items={items} open={open} />
          </section>
        ))}
        {list && list.history.length > 0 && (
          <section aria-label="History">
            <h3 className="replay-folder">History</h3>
            <Items items={list.history} open={open} removable />
          </section>
        )}
      </div>
    </section>
  )
}

function Items(props: { items: readonly ReplayItem[]; open: string | undefined; removable?: boolean }) {
  return (
    <ul className="replay-items">
      {props.items.map(({ id, name, method, status, url }) => (
        <li key={id} className="replay-item" data-open={id === props.open || undefined}>
          <button
            type="button"
            className="replay-item-open"
            aria-current={id === props.open}
            title={visible(`${method} ${url}`, 400)}
            onClick={() => void openEntry(id)}
            onKeyDown={moveByArrows}
          >
            <span className="replay-method">{visible(method, 10)}</span>
            <span className="cut grow">{visible(nameOf(name, method), 120)}</span>
            {status !== undefined && status > 0 && <span className={statusTone(status)}>{status}</span>}
          </button>
          {props.removable && (
            <Button
              kind="quiet"
              className="replay-item-remove"
              label={`Remove ${visible(name, 60)}`}
              onClick={() => void removeEntry(id).catch(tellFailure)}
            >
              <X aria-hidden="true" />
            </Button>
          )}
        </li>
      ))}
    </ul>
  )
}

/** The method stands in a column of its own. */
function nameOf(name: string, method: string): string {
  return name.startsWith(`${method} `) ? name.slice(method.length + 1) : name
}

/** Up and down go from request to request. */
function moveByArrows(event: React.KeyboardEvent<HTMLButtonElement>): void {
  const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
  if (step === 0) return
  const all = [...document.querySelectorAll<HTMLButtonElement>('.replay-item-open')]
  const next = all[all.indexOf(event.currentTarget) + step]
  if (!next) return
  event.preventDefault()
  event.stopPropagation()
  next.focus()
}
