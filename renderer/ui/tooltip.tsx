import { Tooltip as Radix } from 'radix-ui'
import type { ReactElement, ReactNode } from 'react'
import { layers } from './layers.ts'
import { Keys } from './keys.tsx'
import './tooltip.css'

/** What a control does and which key does it, on hover and on focus. */
export function Tooltip(props: { text: ReactNode; shortcut?: string | undefined; children: ReactElement }) {
  return (
    <Radix.Root>
      <Radix.Trigger asChild>{props.children}</Radix.Trigger>
      <Radix.Portal container={layers()}>
        <Radix.Content className="tooltip fade-in" sideOffset={5} collisionPadding={8}>
          <span>{props.text}</span>
          {props.shortcut && <Keys shortcut={props.shortcut} />}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}

export const TooltipProvider = Radix.Provider
