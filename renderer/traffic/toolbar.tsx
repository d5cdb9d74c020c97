import { Bookmark, Columns3, FileJson2 } from 'lucide-react'
import { type KeyboardEvent, useEffect, useState } from 'react'
import type { SavedQuery } from '../../gateway-core/protocol/types.ts'
import { core } from '../core/core.ts'
import { runAction, useShortcut } from '../shell/actions.ts'
import { tellDone, tellFailure } from '../shell/notices.ts'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { Field } from '../ui/field.tsx'
import { Menu, MenuChoice, MenuItem, MenuLabel, MenuLine } from '../ui/menu.tsx'
import { columns, useColumns } from './columns.tsx'
import { useWidths } from './column-widths.ts'
import { showing, useToolbar } from './toolbar-store.ts'
import { setQuery, useTraffic } from './traffic-store.ts'

/** Queries that were kept under a name. */
export function SavedMenu() {
  const [saved, setSaved] = useState<readonly SavedQuery[]>([])
  const open = useToolbar((toolbar) => toolbar.open)
  const [removing, setRemoving] = useState(false)
  const query = useTraffic((traffic) => traffic.query)
  useEffect(() => {
    if (open === 'saved') core.call('traffic.savedQueries').then(setSaved, tellFailure)
  }, [open])
  const change = (call: Promise<readonly SavedQuery[]>, said: string) => {
    call.then((next) => {
      setSaved(next)
      tellDone(said)
    }, tellFailure)
  }
  return (
    <>
      <Menu
        align="end"
        open={open === 'saved'}
        onOpen={showing('saved')}
        trigger={
          <Button label="Saved queries">
            <Bookmark aria-hidden="true" />
          </Button>
        }
      >
        <MenuItem disabled={query === ''} onSelect={() => runAction('traffic.saveQuery')}>
          Save this query …
        </MenuItem>
        {saved.length > 0 && (
          <>
            <MenuLine />
            <MenuLabel>Saved</MenuLabel>
            {saved.map(({ name, query: text }) => (
              <MenuItem
                key={name}
                hint={<span className="code">{text.length > 40 ? `${text.slice(0, 39)}…` : text}</span>}
                onSelect={() => setQuery(text, 'now')}
              >
                {name}
              </MenuItem>
            ))}
            <MenuLine />
            <MenuItem onSelect={() => setRemoving(true)}>Forget a query …</MenuItem>
          </>
        )}
      </Menu>
      {open === 'naming' && (
        <NameDialog
          query={query}
          onClose={() => showing('naming')(false)}
          onSave={(name) => {
            showing('naming')(false)
            change(core.call('traffic.saveQuery', { name, query }), 'Query saved')
          }}
        />
      )}
      <Dialog open={removing} onClose={() => setRemoving(false)} title="Forget a query">
        {saved.map(({ name, query: text }) => (
          <div key={name} className="row" style={{ height: 32 }}>
            <span className="grow cut">
              {name} <span className="code faint">{text}</span>
            </span>
            <Button onClick={() => change(core.call('traffic.deleteQuery', { name }), 'Query forgotten')}>
              Forget
            </Button>
          </div>
        ))}
      </Dialog>
    </>
  )
}

function NameDialog(props: { query: string; onClose: () => void; onSave: (name: string) => void }) {
  const [name, setName] = useState('')
  return (
    <Dialog open onClose={props.onClose} title="Save this query" about={<code>{props.query}</code>} width={420}>
      <form
        style={{ marginTop: 12 }}
        onSubmit={(event) => {
          event.preventDefault()
          if (name.trim() !== '') props.onSave(name.trim())
        }}
      >
        <Field label="Name" value={name} onChange={(event) => setName(event.target.value)} maxLength={60} autoFocus />
        <div className="dialog-actions">
          <Button onClick={props.onClose}>Cancel</Button>
          <Button kind="main" type="submit" disabled={name.trim() === ''}>
            Save
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

/** HAR in and out, and sample traffic. */
export function FilesMenu() {
  return (
    <Menu
      align="end"
      trigger={
        <Button label="HAR files and sample traffic">
          <FileJson2 aria-hidden="true" />
        </Button>
      }
    >
      <MenuItem onSelect={() => runAction('traffic.exportHar')}>Save the shown exchanges as HAR …</MenuItem>
      <MenuItem onSelect={() => runAction('traffic.importHar')}>Read exchanges from a HAR file …</MenuItem>
      <MenuLine />
      <MenuItem onSelect={() => runAction('traffic.sample')} shortcut={useShortcut('traffic.sample')}>
        Send sample traffic
      </MenuItem>
    </Menu>
  )
}

/** Which columns are shown, and how wide: the arrows do what dragging an edge does. */
export function TableMenu() {
  const open = useToolbar((toolbar) => toolbar.open === 'columns')
  const { ids, toggle } = useColumns()
  const { widths, setWidth, forget } = useWidths()
  const widen = (id: string, width: number | undefined) => (event: KeyboardEvent) => {
    const by = { ArrowLeft: -10, ArrowRight: 10 }[event.key]
    if (by === undefined || width === undefined || !ids.includes(id)) return
    event.preventDefault()
    setWidth(id, (widths[id] ?? width) + by)
  }
  return (
    <Menu
      align="end"
      open={open}
      onOpen={showing('columns')}
      trigger={
        <Button label="Columns">
          <Columns3 aria-hidden="true" />
        </Button>
      }
    >
      <MenuLabel>Columns; ← → make one narrower or wider</MenuLabel>
      {columns.map(({ id, title, width }) => (
        <MenuChoice
          key={id}
          checked={ids.includes(id)}
          keepOpen
          onSelect={() => toggle(id)}
          onKeyDown={widen(id, width)}
          {...(widths[id] !== undefined && { hint: `${widths[id]} px` })}
        >
          {title}
        </MenuChoice>
      ))}
      <MenuLine />
      <MenuItem onSelect={() => forget()} disabled={Object.keys(widths).length === 0}>
        Usual widths
      </MenuItem>
    </Menu>
  )
}
