import { X } from 'lucide-react'
import { type KeyboardEvent, useRef } from 'react'
import { isEdited } from './document.ts'
import { closeFile, openFile } from './files.ts'
import { nameOf } from './file-list.ts'
import { usePolicies } from './policies-store.ts'
import './document-tabs.css'

/** The open files. Arrows move between them, Delete or a middle click closes one. */
export function DocumentTabs() {
  const tabs = usePolicies((state) => state.tabs)
  const active = usePolicies((state) => state.active)
  const list = useRef<HTMLDivElement>(null)
  const onKeyDown = (event: KeyboardEvent, path: string, at: number) => {
    if (event.key === 'Delete') return closeFile(path)
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0
    if (step === 0) return
    event.preventDefault()
    const to = (at + step + tabs.length) % tabs.length
    void openFile(tabs[to]!)
    list.current?.querySelectorAll<HTMLElement>('[role="tab"]')[to]?.focus()
  }
  return (
    <div className="files-tabs" role="tablist" aria-label="Open files" ref={list}>
      {tabs.map((path, at) => (
        <Tab
          key={path}
          path={path}
          selected={path === active}
          ambiguous={tabs.some((other) => other !== path && nameOf(other) === nameOf(path))}
          onKeyDown={(event) => onKeyDown(event, path, at)}
        />
      ))}
    </div>
  )
}

function Tab(props: {
  path: string
  selected: boolean
  ambiguous: boolean
  onKeyDown: (event: KeyboardEvent) => void
}) {
  const { path, selected } = props
  const edited = usePolicies(({ documents }) => documents[path] !== undefined && isEdited(documents[path]!))
  return (
    <div className="files-tab" data-selected={selected}>
      <button
        type="button"
        role="tab"
        aria-selected={selected}
        tabIndex={selected ? 0 : -1}
        title={`${path}${edited ? ': edited, not saved' : ''}`}
        onClick={() => void openFile(path)}
        onAuxClick={(event) => event.button === 1 && closeFile(path)}
        onKeyDown={props.onKeyDown}
      >
        {props.ambiguous ? path : nameOf(path)}
        {edited && (
          <>
            <span className="tab-dot" aria-hidden="true">
              ●
            </span>
            <span className="only-read">, edited</span>
          </>
        )}
      </button>
      <button
        type="button"
        className="tab-close"
        tabIndex={-1}
        aria-hidden="true"
        title={`Close ${path}`}
        onClick={() => closeFile(path)}
      >
        <X aria-hidden="true" />
      </button>
    </div>
  )
}
