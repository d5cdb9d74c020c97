import type { ReactNode } from 'react'
import { verdictLook } from './verdict.ts'
import './verdict-mark.css'

/**
 * A verdict: its mark in its colour, then what stands with it. Screen readers get the verdict in words; `children` stay
 * the visible text, by default the word itself.
 */
export function VerdictMark({ verdict, children, plain }: { verdict: string; children?: ReactNode; plain?: boolean }) {
  const { tone, mark, word } = verdictLook(verdict)
  return (
    <span className={`verdict tone-${tone}`}>
      <span className="verdict-sign" aria-hidden="true">
        {mark}
      </span>
      {children === undefined ? (
        <span className="cut">{word}</span>
      ) : (
        <>
          <span className="only-read">{word}: </span>
          <span className={plain ? 'cut verdict-plain' : 'cut'}>{children}</span>
        </>
      )}
    </span>
  )
}
