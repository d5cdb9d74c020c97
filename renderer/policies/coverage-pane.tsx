import { X } from 'lucide-react'
import { type ReactNode, useRef } from 'react'
import type { Coverage } from '../../gateway-core/protocol/what-if.ts'
import { runAction, useShortcut } from '../shell/actions.ts'
import { useBorrowedFocus } from '../ui/borrowed-focus.ts'
import { Button } from '../ui/button.tsx'
import { CoverageTables, type CoverageTablesProps } from './coverage-tables.tsx'

interface CoveragePaneProps extends Omit<CoverageTablesProps, 'coverage' | 'onlyNever'> {
  /** Its name, for those who hear it. */
  label: string
  about?: string
  /** It was opened just now: the focus goes into it. */
  opened: boolean
  coverage: Coverage | null | undefined
  onlyNever: boolean
  onOnlyNever: (only: boolean) => void
  neverTip: string
  /** Id of the action that shows and hides it. */
  action: string
  children?: ReactNode
}

/** How much of the policies was exercised, in the place of something else until it is closed. */
export function CoveragePane(props: CoveragePaneProps) {
  const { label, about, opened, coverage, onlyNever, onOnlyNever, neverTip, action, children, ...tables } = props
  const pane = useRef<HTMLElement>(null)
  useBorrowedFocus(pane, opened)
  return (
    <section ref={pane} className="pane coverage-pane" aria-label={label} tabIndex={-1}>
      <div className="bar">
        <h2>Coverage</h2>
        <span className="faint cut grow">{about}</span>
        <Button aria-pressed={onlyNever} kind="quiet" tip={neverTip} onClick={() => onOnlyNever(!onlyNever)}>
          Never hit
        </Button>
        <Button kind="quiet" label="Close the report" shortcut={useShortcut(action)} onClick={() => runAction(action)}>
          <X aria-hidden="true" />
        </Button>
      </div>
      {coverage === undefined && (
        <p className="coverage-wait faint" role="status">
          Counting …
        </p>
      )}
      {coverage && <CoverageTables coverage={coverage} onlyNever={onlyNever} {...tables} />}
      {children}
    </section>
  )
}
