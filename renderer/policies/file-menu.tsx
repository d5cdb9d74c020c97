import { ContextMenu } from 'radix-ui'
import type { ReactElement } from 'react'
import { layers } from '../ui/layers.ts'
import { Keys } from '../ui/keys.tsx'
import type { FileRow } from './file-list.ts'
import { openFile } from './files.ts'
import { usePolicies } from './policies-store.ts'
import '../ui/menu.css'

/** What can be done with the row of the tree that was clicked with the other button, or that has the focus. */
export function FileMenu({ row, children }: { row: FileRow | undefined; children: ReactElement }) {
  const ask = (dialog: 'new' | 'rename' | 'delete') => usePolicies.setState({ dialog, subject: row?.path })
  const file = row !== undefined && !row.folder
  const own = file && row.kind !== 'workspace'
  return (
    <ContextMenu.Root modal={false}>
      <ContextMenu.Trigger asChild>{children}</ContextMenu.Trigger>
      <ContextMenu.Portal container={layers()}>
        <ContextMenu.Content className="menu fade-in" collisionPadding={8}>
          <Item onSelect={() => file && void openFile(row.path)} disabled={!file} shortcut="Enter">
            Open
          </Item>
          <Item onSelect={() => ask('new')}>New file here…</Item>
          <ContextMenu.Separator className="menu-line" />
          <Item onSelect={() => ask('rename')} disabled={!own} shortcut="F2">
            Rename…
          </Item>
          <Item onSelect={() => ask('delete')} disabled={!own} shortcut="Delete">
            Delete…
          </Item>
        </ContextMenu.Content>
      </ContextMenu.Portal>
    </ContextMenu.Root>
  )
}

function Item(props: { children: string; onSelect: () => void; disabled?: boolean; shortcut?: string }) {
  return (
    <ContextMenu.Item className="menu-item" disabled={props.disabled ?? false} onSelect={props.onSelect}>
      <span className="grow cut">{props.children}</span>
      {props.shortcut && <Keys shortcut={props.shortcut} />}
    </ContextMenu.Item>
  )
}
