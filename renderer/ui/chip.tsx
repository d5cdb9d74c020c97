import type { ReactNode } from 'react'
import type { Tone } from '../../gateway-core/verdict.ts'
import './chip.css'

/** A short fact in a pill; a tone only where it carries a verdict. */
export function Chip({ tone, children, title }: { tone?: Tone; children: ReactNode; title?: string }) {
  return (
    <span className={tone && tone !== 'skip' ? `chip chip-${tone}` : 'chip'} title={title}>
      {children}
    </span>
  )
}
