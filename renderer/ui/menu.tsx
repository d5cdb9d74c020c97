import { DropdownMenu } from 'radix-ui'
import type { KeyboardEvent, ReactElement, ReactNode } from 'react'
import { layers } from './layers.ts'
import { Keys } from './keys.tsx'
import './menu.css'

/** A menu that opens below its trigger; arrows, letters and Esc work as everywhere. */
export function Menu(props: {
  trigger: ReactElement
  children: ReactNode
  align?: 'start' | 'end'
  /** Whether it is open, where an action opens it too. */
  open?: boolean
  onOpen?: (open: boolean) => void
}) {
  const { open, onOpen } = props
  return (
    <DropdownMenu.Root modal={false} {...(open !== undefined && { open })} {...(onOpen && { onOpenChange: onOpen })}>
      <DropdownMenu.Trigger asChild>{props.trigger}</DropdownMenu.Trigger>
      <DropdownMenu.Portal container={layers()}>
        <DropdownMenu.Content
          className="menu fade-in"
          align={props.align ?? 'start'}
          sideOffset={4}
          collisionPadding={8}
        >
          {props.children}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  )
}

interface ItemProps {
  children: ReactNode
  onSelect: () => void
  hint?: ReactNode
  shortcut?: string | undefined
  disabled?: boolean
}

export function MenuItem({ children, onSelect, hint, shortcut, disabled }: ItemProps) {
  return (
    <DropdownMenu.Item className="menu-item" onSelect={onSelect} disabled={disabled ?? false}>
      <span className="grow cut">{children}</span>
      {hint !== undefined && <span className="faint">{hint}</span>}
      {shortcut && <Keys shortcut={shortcut} />}
    </DropdownMenu.Item>
  )
}

/** One of several, with a mark at the one that holds. */
export function MenuChoice(
  props: ItemProps & { checked: boolean; keepOpen?: boolean; onKeyDown?: (event: KeyboardEvent) => void },
) {
  return (
    <DropdownMenu.CheckboxItem
      className="menu-item menu-choice"
      checked={props.checked}
      {...(props.onKeyDown && { onKeyDown: props.onKeyDown })}
      onSelect={(event) => {
        if (props.keepOpen) event.preventDefault()
        props.onSelect()
      }}
    >
      <span className="menu-check" aria-hidden="true">
        {props.checked ? '✓' : ''}
      </span>
      <span className="grow cut">{props.children}</span>
      {props.hint !== undefined && <span className="faint">{props.hint}</span>}
    </DropdownMenu.CheckboxItem>
  )
}

export function MenuLabel({ children }: { children: ReactNode }) {
  return <DropdownMenu.Label className="menu-label">{children}</DropdownMenu.Label>
}

export function MenuLine() {
  return <DropdownMenu.Separator className="menu-line" />
}
