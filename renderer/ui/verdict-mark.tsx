import type { ReactNode } from 'react'
import { verdictLook } from '../../gateway-core/verdict.ts'
import './verdict-mark.css'

/**
 * A verdict: its mark in its colour, then what stands with it. Screen readers get the verdict in words; `children` stay
 * the visible text, by default the word itself.
 */
export function VerdictMark({ verdict, children, title }: { verdict: string; children?: ReactNode; title?: string }) {
  const { tone, mark, word } = verdictLook(verdict)
  return (
    <span className={`verdict tone-${tone}`} title={title}>
      <span className="verdict-sign" aria-hidden="true">
        {mark}
      </span>
      {children === undefined ? (
        <span className="cut">{word}</span>
      ) : (
        <>
          {!(typeof children === 'string' && children.includes(word)) && <span className="only-read">{word}: </span>}
          <span className="cut">{children}</span>
        </>
      )}
    </span>
  )
}
