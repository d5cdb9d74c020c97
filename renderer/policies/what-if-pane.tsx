import { X } from 'lucide-react'
import { useEffect, useRef } from 'react'
import type { WhatIfList } from '../../gateway-core/protocol/what-if.ts'
import { useShortcut } from '../shell/actions.ts'
import { Button } from '../ui/button.tsx'
import { countText } from '../ui/format.ts'
import { SplitPane } from '../ui/split-pane.tsx'
import { currentEditor } from './code-editor.tsx'
import { WhatIfCompare } from './what-if-compare.tsx'
import { kindLooks } from './what-if.ts'
import { openKind } from './what-if-live.ts'
import { ExchangesList } from './what-if-list.tsx'
import { useWhatIf } from './what-if-store.ts'
import { WhatIfWhen } from './what-if-when.tsx'
import './what-if-pane.css'

/** What is behind a count: the exchanges on the left, the chosen one under both versions on the right. */
export function WhatIfPane({ kind }: { kind: WhatIfList }) {
  const pane = useRef<HTMLElement>(null)
  const state = useWhatIf((whatIf) => whatIf.state)
  const count = useWhatIf((whatIf) => whatIf.counts?.[kind]) ?? 0
  const { title, tone, mark, says } = kindLooks[kind]
  useEffect(() => {
    pane.current?.querySelector<HTMLElement>('.what-if-list')?.focus()
  }, [kind])
  const close = () => {
    openKind(undefined)
    currentEditor()?.focus()
  }
  return (
    <section
      ref={pane}
      className="pane what-if-pane"
      aria-label={`What if: ${title}`}
      data-stale={state === 'waiting' || state === 'problem'}
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || event.defaultPrevented) return
        event.preventDefault()
        close()
      }}
    >
      <div className="bar">
        <h2>
          <span className={`tone-${tone}`} aria-hidden="true">
            {mark}{' '}
          </span>
          <span className="num">{countText(count)}</span> {title}
        </h2>
        <span className="faint cut grow">{says}</span>
        {count > 0 && <WhatIfWhen kind={kind} />}
        <Button kind="quiet" label="Close, back to the text" shortcut={useShortcut('whatIf.close')} onClick={close}>
          <X aria-hidden="true" />
        </Button>
      </div>
      {count === 0 ? (
        <p className="what-if-none dim">No exchange is {title} by this text any more.</p>
      ) : (
        <SplitPane
          id="what-if"
          minimum={[300, 420]}
          secondSize={62}
          first={
            <ExchangesList
              key={kind}
              kind={kind}
              onEnter={() => pane.current?.querySelector<HTMLElement>('.compare button')?.focus()}
              onLeave={close}
            />
          }
          second={<WhatIfCompare />}
        />
      )}
    </section>
  )
}
