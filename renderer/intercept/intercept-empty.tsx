import { EmptyState } from '../ui/empty-state.tsx'
import { Button } from '../ui/button.tsx'
import { runAction } from '../shell/actions.ts'
import { addBreakpoint } from './breakpoints.ts'
import { useIntercept } from './intercept-store.ts'

/** Nothing is in the editor: what this screen is for, and how it begins. */
export function InterceptEmpty() {
  const state = useIntercept((intercept) => intercept.state)
  const held = state?.held ?? 0
  if (held > 0) {
    return (
      <section className="pane" aria-label="Held message">
        <EmptyState title="Choose a message">Each waits until you let it go, or until its time is over.</EmptyState>
      </section>
    )
  }
  const waiting = state?.breakpoints.some(({ enabled }) => enabled) ?? false
  return (
    <section className="pane" aria-label="Held message">
      {waiting ? (
        <EmptyState title="Waiting for a match">
          The next message that matches stops here before anything is routed or judged. Until then everything passes,
          and you can do something else: the header counts what is held, on every screen.
        </EmptyState>
      ) : (
        <EmptyState
          title="Stop a message in flight"
          action={
            <>
              <Button
                kind="main"
                onClick={() => void addBreakpoint({ query: '', on: 'request', once: true, seconds: 60 })}
              >
                Hold the next request
              </Button>
              <Button onClick={() => runAction('intercept.newRule')}>Write a rule</Button>
            </>
          }
        >
          A breakpoint holds what matches a query: look at it, change method, URL, headers or body, then let it go on,
          answer it yourself, or drop it. What you changed is routed and judged like any other request. A rule does such
          things by itself, without code.
        </EmptyState>
      )}
    </section>
  )
}
