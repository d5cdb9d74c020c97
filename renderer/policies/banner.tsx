import type { ReactNode } from 'react'
import { Button } from '../ui/button.tsx'
import type { OpenDocument } from './document.ts'
import { isEdited } from './document.ts'
import { closeNotice, discardEdits, resolve, saveFile } from './files.ts'
import { nameOf } from './file-list.ts'
import { usePolicies } from './policies-store.ts'
import { useWorkspace } from '../shell/workbench.ts'
import './banner.css'

/** What happened to the text without anyone typing, and what can be done about it. */
export function Banner({ document }: { document: OpenDocument }) {
  const comparing = usePolicies((state) => state.compare)
  const { path } = document
  const name = <code>{nameOf(path)}</code>
  const compare = (what: 'saved' | 'conflict') => usePolicies.setState({ compare: what })
  if (document.conflict) {
    return (
      <Bar
        tone="deny"
        mark="✕"
        text={<>{name} was changed on disk in lines that you edited too. Nothing is lost: choose what stays.</>}
      >
        {comparing !== 'conflict' && (
          <Button kind="main" onClick={() => compare('conflict')}>
            Compare
          </Button>
        )}
        <Button onClick={() => resolve(path, 'mine')} tip="Your text stays; saving writes it over the other">
          Keep mine
        </Button>
        <Button onClick={() => resolve(path, 'theirs')} tip="The text on disk comes here; Ctrl+Z brings yours back">
          Take the one on disk
        </Button>
      </Bar>
    )
  }
  if (document.deleted) {
    return (
      <Bar tone="would" mark="◐" text={<>{name} is gone from disk. The text is still here.</>}>
        <Button kind="main" onClick={() => void saveFile(path)}>
          Write it again
        </Button>
      </Bar>
    )
  }
  switch (document.notice) {
    case 'restored':
      return (
        <Bar tone="modify" mark="◆" text={<>Text that was not saved is back, as it was when the window went away.</>}>
          <Button onClick={() => compare('saved')}>Compare with saved</Button>
          <Button onClick={() => discardEdits(path)}>Discard it</Button>
          <Button onClick={() => closeNotice(path)}>Keep editing</Button>
        </Bar>
      )
    case 'merged':
      return (
        <Bar
          tone="modify"
          mark="◆"
          text={<>{name} was changed on disk. Both edits are in the text now; save to write it.</>}
        >
          {isEdited(document) && <Button onClick={() => compare('saved')}>Compare with disk</Button>}
          <Button onClick={() => closeNotice(path)}>Close</Button>
        </Bar>
      )
    case 'reloaded':
      return (
        <Bar tone="modify" mark="◆" text={<>{name} was changed on disk and is shown as it is there.</>}>
          <Button onClick={() => closeNotice(path)}>Close</Button>
        </Bar>
      )
    default:
      return document.readOnly && nameOf(path) === 'secrets.enc.yaml' ? <SecretsBar /> : null
  }
}

function SecretsBar() {
  const folder = useWorkspace((workspace) => workspace.folder)
  const command = `gatehouse secret set <name> --workspace ${folder ?? '.'}`
  return (
    <Bar
      tone="modify"
      mark="◆"
      text={
        <>
          Values are sealed and not edited here. Set one in a terminal: <code>{command}</code>, and write{' '}
          <code>{'${secret:name}'}</code> where it is used.
        </>
      }
    >
      {null}
    </Bar>
  )
}

function Bar(props: { tone: 'deny' | 'would' | 'modify'; mark: string; text: ReactNode; children: ReactNode }) {
  return (
    <div className={`banner banner-${props.tone}`} role={props.tone === 'deny' ? 'alert' : 'status'}>
      <span className={`tone-${props.tone}`} aria-hidden="true">
        {props.mark}
      </span>
      <span className="grow">{props.text}</span>
      {props.children}
    </div>
  )
}
