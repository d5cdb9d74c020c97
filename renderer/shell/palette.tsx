import { Command } from 'cmdk'
import { Dialog } from 'radix-ui'
import { type ReactNode, useState } from 'react'
import { Keys } from '../ui/keys.tsx'
import { type Action, runAction, useRegistry, byGroup } from './actions.ts'
import { useNavigation } from './navigation.ts'
import { ranked } from './palette-rank.ts'
import { useFront } from './windows.ts'
import './palette.css'

/** Every action, found by typing a few letters of it. */
export function Palette() {
  const { front, show } = useFront()
  const actions = useRegistry((registry) => registry.actions)
  const open = front === 'palette'
  return (
    <Dialog.Root open={open} onOpenChange={(next) => show(next ? 'palette' : undefined)}>
      <Dialog.Portal>
        <Dialog.Overlay className="palette-shade" />
        <Dialog.Content className="palette fade-in" aria-describedby={undefined}>
          <Dialog.Title className="only-read">Find anything</Dialog.Title>
          {open && <PaletteList actions={[...actions.values()]} onDone={() => show(undefined)} />}
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

function PaletteList({ actions, onDone }: { actions: readonly Action[]; onDone: () => void }) {
  const screen = useNavigation((navigation) => navigation.screen)
  const [typed, setTyped] = useState('')
  const own = ({ group }: Action) => Number(group.toLowerCase() === screen)
  const possible = actions.filter((action) => !action.hidden && (action.enabled?.() ?? true))
  possible.sort((one, other) => own(other) - own(one))
  const item = ({ id, title, shortcut }: Action, beside?: ReactNode) => (
    <Command.Item
      key={id}
      value={id}
      className="palette-item"
      onSelect={() => {
        onDone()
        // After the palette is gone, so that the focus goes where the action puts it.
        setTimeout(() => runAction(id), 0)
      }}
    >
      <span className="grow cut">{title}</span>
      {beside}
      {shortcut && <Keys shortcut={shortcut} />}
    </Command.Item>
  )
  return (
    <Command label="Find anything" loop shouldFilter={false}>
      <Command.Input
        className="palette-input"
        placeholder="What do you want to do?"
        value={typed}
        onValueChange={setTyped}
        autoFocus
      />
      <Command.List className="palette-list" label="Actions">
        <Command.Empty className="palette-empty">Nothing is called that.</Command.Empty>
        {typed.trim() === ''
          ? byGroup(possible).map(([group, members]) => (
              <Command.Group key={group} heading={group} className="palette-group">
                {members.map((action) => item(action))}
              </Command.Group>
            ))
          : ranked(possible, typed).map((action) => item(action, <span className="faint">{action.group}</span>))}
      </Command.List>
    </Command>
  )
}
