import { useEffect, useId } from 'react'
import { useActions } from '../shell/actions.ts'
import { EmptyState } from '../ui/empty-state.tsx'
import { SplitPane } from '../ui/split-pane.tsx'
import { Segments } from '../ui/tabs.tsx'
import { TokenMake } from './token-make.tsx'
import { TokenReportView } from './token-report.tsx'
import { TokenTrial } from './token-trial.tsx'
import { loadLab, mint, paste, tryTokens, useTokens } from './token-store.ts'
import './token-lab.css'

/** Tokens taken apart, made, broken and tried. Nothing pasted here leaves the machine. */
export function TokenLab() {
  useEffect(() => void loadLab(), [])
  useActions([
    { id: 'tokens.mint', title: 'Make a token', group: 'Tokens', shortcut: 'Mod+Shift+Enter', run: mint },
    { id: 'tokens.try', title: 'Try broken tokens', group: 'Tokens', run: tryTokens },
  ])
  return (
    <SplitPane
      id="tokens"
      direction="vertical"
      secondSize={45}
      minimum={[220, 120]}
      first={<SplitPane id="tokens-top" secondSize={55} first={<Source />} second={<Reports />} />}
      second={<TokenTrial />}
    />
  )
}

function Source() {
  const { side, pasted } = useTokens()
  const id = useId()
  return (
    <section className="pane" aria-label="Token">
      <div className="bar">
        <h2>Token</h2>
        <Segments
          label="Where the token comes from"
          value={side}
          onChange={(next) => useTokens.setState({ side: next })}
          options={[
            { id: 'read', title: 'Read one' },
            { id: 'make', title: 'Make one' },
          ]}
        />
      </div>
      <div className="scroll token-source">
        {side === 'make' ? (
          <TokenMake />
        ) : (
          <>
            <label htmlFor={id} className="token-label">
              Paste a token; it does not leave this machine
            </label>
            <textarea
              id={id}
              className="token-paste"
              spellCheck={false}
              autoComplete="off"
              placeholder="eyJhbGciOi…"
              value={pasted}
              onChange={(event) => paste(event.target.value)}
            />
          </>
        )}
      </div>
    </section>
  )
}

function Reports() {
  const { shown, failure } = useTokens()
  return (
    <section className="pane" aria-label="What it says">
      <div className="bar">
        <h2>What it says</h2>
      </div>
      <div className="scroll token-source" aria-live="polite">
        {failure !== undefined && <p className="tone-deny">{failure}</p>}
        {shown.map((one, at) => (
          <TokenReportView key={at} shown={one} />
        ))}
        {shown.length === 0 && failure === undefined && (
          <EmptyState title="No token yet">
            Paste one, make one, or choose “Read its tokens” on a request in Traffic: header, claims, times, and which
            policy would take it.
          </EmptyState>
        )}
      </div>
    </section>
  )
}
