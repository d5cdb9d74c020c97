import type { ButtonHTMLAttributes, ReactNode, Ref } from 'react'
import { Keys } from './keys.tsx'
import { Tooltip } from './tooltip.tsx'
import './button.css'

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  /** `main`: the one step that leads on. `quiet`: no border until it is pointed at. */
  kind?: 'main' | 'quiet'
  /** Only an icon stands on it: `label` is its name. */
  label?: string
  /** Said on hover and focus, together with the shortcut. */
  tip?: ReactNode
  shortcut?: string | undefined
  /** Shows the keys on the button itself. */
  showKeys?: boolean
  ref?: Ref<HTMLButtonElement>
}

export function Button({ kind, label, tip, shortcut, showKeys, className, children, ...rest }: ButtonProps) {
  const classes = ['button', kind && `button-${kind}`, label && 'button-icon', className].filter(Boolean).join(' ')
  const button = (
    <button type="button" className={classes} aria-label={label} {...rest}>
      {children}
      {showKeys && shortcut && <Keys shortcut={shortcut} />}
    </button>
  )
  const said = tip ?? label
  return said === undefined ? (
    button
  ) : (
    <Tooltip text={said} shortcut={shortcut}>
      {button}
    </Tooltip>
  )
}
