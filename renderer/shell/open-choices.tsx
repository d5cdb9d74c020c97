import { BookOpen, Eye, FileCode2, FolderOpen, MonitorSmartphone } from 'lucide-react'
import { type FormEvent, type KeyboardEvent, type ReactNode, useEffect, useState } from 'react'
import type { Recent, WorkbenchState } from '../../gateway-core/protocol/types.ts'
import { core } from '../core/core.ts'
import { desktop } from '../core/desktop.ts'
import { Button } from '../ui/button.tsx'
import { agoText, sentence } from '../ui/format.ts'
import { Field } from '../ui/field.tsx'
import { showOwnTraffic } from '../own-traffic/own-traffic-actions.ts'
import { refusalOf } from './notices.ts'
import { useWorkbench } from './workbench.ts'
import './open-choices.css'

type Choice = 'observe' | 'openapi' | 'folder'

const kinds = [
  { id: 'observe', icon: <Eye />, title: 'A running API', about: 'Watch what passes.' },
  { id: 'openapi', icon: <FileCode2 />, title: 'An OpenAPI document', about: 'Routes and validation.' },
  { id: 'folder', icon: <FolderOpen />, title: 'A workspace folder', about: 'One that holds gatehouse.yaml.' },
] as const

const samples = [
  { name: 'bookshop', about: 'an API that trusts too much, behind a gateway that does not' },
  { name: 'minimal', about: 'the smallest workspace there is' },
] as const

/** What one may begin with: a URL, an OpenAPI document, a folder, a sample, or what was open before. */
export function OpenChoices({ onOpened }: { onOpened?: () => void }) {
  const [choice, setChoice] = useState<Choice>('observe')
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<string>()
  const begin = async (call: () => Promise<WorkbenchState>) => {
    setBusy(true)
    setError(undefined)
    try {
      useWorkbench.setState({ state: await call() })
      onOpened?.()
    } catch (failure) {
      const { what, todo } = refusalOf(failure)
      setError(sentence(todo ? `${what}: ${todo}` : what))
    } finally {
      setBusy(false)
    }
  }
  const choose = (next: Choice) => {
    setChoice(next)
    setError(undefined)
  }
  const form = { busy, error, begin }
  return (
    <div className="open">
      <div className="open-kinds" role="tablist" aria-label="What do you have?" onKeyDown={goAlong}>
        {kinds.map((kind) => (
          <Kind key={kind.id} {...kind} now={choice} onChoose={choose} />
        ))}
      </div>
      {choice === 'observe' && <ObserveForm {...form} />}
      {choice === 'openapi' && <OpenApiForm {...form} />}
      {choice === 'folder' && <FolderForm {...form} />}
      <div className="open-more">
        <Recents busy={busy} onOpen={(folder) => void begin(() => core.call('workbench.open', { folder }))} />
        <section>
          <h2>Or begin with a sample</h2>
          {samples.map(({ name, about }) => (
            <button
              key={name}
              type="button"
              className="open-line"
              disabled={busy}
              onClick={() => void begin(() => core.call('workbench.openSample', { name }))}
            >
              <BookOpen size={14} aria-hidden="true" />
              <span className="grow">
                <b>{name}</b> <span className="dim">{about}</span>
              </span>
            </button>
          ))}
        </section>
      </div>
    </div>
  )
}

/** The arrows go from one to the next; Enter chooses it, which leads into its form. */
function goAlong(event: KeyboardEvent<HTMLElement>): void {
  const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key]
  const tabs = [...event.currentTarget.querySelectorAll<HTMLElement>('[role="tab"]')]
  const at = tabs.findIndex((tab) => tab === event.target)
  if (by === undefined || at < 0) return
  event.preventDefault()
  tabs[(at + by + tabs.length) % tabs.length]!.focus()
}

function Kind(props: {
  id: Choice
  now: Choice
  onChoose: (choice: Choice) => void
  icon: ReactNode
  title: string
  about: string
}) {
  const chosen = props.id === props.now
  return (
    <button
      type="button"
      role="tab"
      aria-selected={chosen}
      tabIndex={chosen ? 0 : -1}
      className="open-kind"
      onClick={() => props.onChoose(props.id)}
    >
      <span className="open-icon" aria-hidden="true">
        {props.icon}
      </span>
      <span>
        <b>{props.title}</b>
        <span className="open-about">{props.about}</span>
      </span>
    </button>
  )
}

interface FormProps {
  busy: boolean
  error: string | undefined
  begin: (call: () => Promise<WorkbenchState>) => Promise<void>
}

/** A workspace for what one's own programs send, with the ways to send it. */
async function beginOwn(): Promise<WorkbenchState> {
  const state = await core.call('own.begin')
  // After whatever closes once a workspace is open.
  setTimeout(() => showOwnTraffic(), 0)
  return state
}

function ObserveForm({ busy, error, begin }: FormProps) {
  const [url, setUrl] = useState('')
  const submit = (event: FormEvent) => {
    event.preventDefault()
    void begin(() => core.call('workbench.observe', { url: url.trim() }))
  }
  return (
    <>
      <form className="open-form" onSubmit={submit}>
        <Field
          label="Address of the API"
          placeholder="http://localhost:3000"
          value={url}
          onChange={(event) => setUrl(event.target.value)}
          error={error}
          help="Send your requests to the gateway instead: each one appears here, with what a policy could say about it."
          autoFocus
        />
        <Button kind="main" type="submit" disabled={busy || url.trim() === ''}>
          Observe
        </Button>
      </form>
      <button type="button" className="open-line" disabled={busy} onClick={() => void begin(beginOwn)}>
        <MonitorSmartphone size={14} aria-hidden="true" />
        <span className="grow">
          <b>Or your own traffic</b>{' '}
          <span className="dim">what a program, a browser or a phone sends to any server</span>
        </span>
      </button>
    </>
  )
}

function OpenApiForm({ busy, error, begin }: FormProps) {
  const [document, setDocument] = useState('')
  const [upstream, setUpstream] = useState('')
  const submit = (event: FormEvent) => {
    event.preventDefault()
    void begin(() => core.call('workbench.openApi', { document: document.trim(), upstream: upstream.trim() }))
  }
  return (
    <form className="open-form open-form-two" onSubmit={submit}>
      <Field
        label={desktop ? 'OpenAPI document' : 'OpenAPI document (a path on the machine of the core)'}
        placeholder="/home/me/api/openapi.yaml"
        value={document}
        onChange={(event) => setDocument(event.target.value)}
        error={error}
        help="OpenAPI 3.0, 3.1 or Swagger 2.0, as YAML or JSON."
        autoFocus
      />
      {desktop && <ChooseButton pick={() => desktop!.chooseFile('openapi')} onPicked={setDocument} />}
      <Field
        label="Server behind it"
        placeholder="http://localhost:3000"
        value={upstream}
        onChange={(event) => setUpstream(event.target.value)}
        help="Where the gateway sends what passes."
      />
      <Button kind="main" type="submit" disabled={busy || document.trim() === '' || upstream.trim() === ''}>
        Make a workspace
      </Button>
    </form>
  )
}

function FolderForm({ busy, error, begin }: FormProps) {
  const [folder, setFolder] = useState('')
  const open = (path: string) => void begin(() => core.call('workbench.open', { folder: path }))
  return (
    <form
      className="open-form"
      onSubmit={(event) => {
        event.preventDefault()
        open(folder.trim())
      }}
    >
      <Field
        label={desktop ? 'Folder' : 'Folder (a path on the machine of the core)'}
        placeholder="/home/me/shop-gateway"
        value={folder}
        onChange={(event) => setFolder(event.target.value)}
        error={error}
        help="The folder that holds gatehouse.yaml."
        autoFocus
      />
      {desktop && <ChooseButton pick={() => desktop!.chooseFolder()} onPicked={open} />}
      <Button kind="main" type="submit" disabled={busy || folder.trim() === ''}>
        Open
      </Button>
    </form>
  )
}

function ChooseButton(props: { pick: () => Promise<string | null>; onPicked: (path: string) => void }) {
  return (
    <Button
      onClick={() => {
        void props.pick().then((path) => path !== null && props.onPicked(path))
      }}
    >
      Choose …
    </Button>
  )
}

function Recents({ busy, onOpen }: { busy: boolean; onOpen: (folder: string) => void }) {
  const [recents, setRecents] = useState<readonly Recent[]>([])
  useEffect(() => {
    core.call('workbench.recent').then(setRecents, () => setRecents([]))
  }, [])
  if (recents.length === 0) return null
  const now = Date.now()
  return (
    <section>
      <h2>Recent</h2>
      {recents.slice(0, 6).map(({ folder, name, openedAt, exists }) => (
        <button
          key={folder}
          type="button"
          className="open-line"
          disabled={busy || !exists}
          title={exists ? folder : `${folder} is gone`}
          onClick={() => onOpen(folder)}
        >
          <FolderOpen size={14} aria-hidden="true" />
          <span className="grow cut">
            <b>{name}</b> <span className="code dim">{folder}</span>
          </span>
          <span className="faint">{exists ? agoText(openedAt, now) : 'gone'}</span>
        </button>
      ))}
    </section>
  )
}
