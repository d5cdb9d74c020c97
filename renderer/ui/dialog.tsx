import { Dialog as Radix } from 'radix-ui'
import type { ReactNode } from 'react'
import './dialog.css'

interface DialogProps {
  open: boolean
  onClose: () => void
  title: string
  /** One sentence below the title. */
  about?: ReactNode
  children: ReactNode
  width?: number
}

/** A question or a page in front of everything; Esc and a click beside it close it. */
export function Dialog({ open, onClose, title, about, children, width = 480 }: DialogProps) {
  return (
    <Radix.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Radix.Portal>
        <Radix.Overlay className="dialog-shade" />
        <Radix.Content
          className="dialog fade-in"
          style={{ width }}
          {...(about === undefined ? { 'aria-describedby': undefined } : {})}
        >
          <Radix.Title className="dialog-title">{title}</Radix.Title>
          {about !== undefined && <Radix.Description className="dialog-about">{about}</Radix.Description>}
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}
