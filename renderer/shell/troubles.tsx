import type { ReactNode } from 'react'
import { Button } from '../ui/button.tsx'
import { plural } from '../ui/format.ts'
import { runAction } from './actions.ts'
import { useWorkspace } from './workbench.ts'
import './troubles.css'

/** What keeps the gateway from doing what the files say. Each line goes by itself once its cause is mended. */
export function Troubles() {
  const gateway = useWorkspace((workspace) => workspace.gateway)
  const lastGood = useWorkspace((workspace) => workspace.lastGood)
  const revision = useWorkspace((workspace) => workspace.revision)
  const problems = useWorkspace((workspace) => workspace.problems)
  if (!gateway || !problems) return null
  const errors = problems.filter(({ severity }) => severity === 'error').length
  return (
    <>
      {gateway.state === 'failed' && (
        <Trouble
          action={
            errors > 0 ? (
              <Button onClick={() => runAction('view.problems')}>Show {plural(errors, 'error')}</Button>
            ) : (
              <Button onClick={() => runAction('gateway.start')}>Try again</Button>
            )
          }
        >
          <b>The gateway does not run:</b> {gateway.reason ?? 'it could not be started'}
        </Trouble>
      )}
      {lastGood && (
        <Trouble action={<Button onClick={() => runAction('view.problems')}>Show {plural(errors, 'error')}</Button>}>
          <b>The files do not load.</b> The last good revision <span className="code">{revision?.slice(0, 7)}</span>{' '}
          stays in force until they do.
        </Trouble>
      )}
    </>
  )
}

function Trouble({ children, action }: { children: ReactNode; action: ReactNode }) {
  return (
    <div className="trouble" role="alert">
      <span className="tone-deny" aria-hidden="true">
        ✕
      </span>
      <span className="grow">{children}</span>
      {action}
    </div>
  )
}
