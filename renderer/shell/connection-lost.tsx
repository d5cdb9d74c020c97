import { core } from '../core/core.ts'
import { desktop } from '../core/desktop.ts'
import { Button } from '../ui/button.tsx'
import { useWorkbench } from './workbench.ts'
import './connection-lost.css'

/** The core cannot be reached: what is shown is old. It goes by itself once the core answers again. */
export function ConnectionLost() {
  const { reason } = useWorkbench((workbench) => workbench.connection)
  return (
    <div className="lost fade-in" role="alert">
      <span className="tone-would" aria-hidden="true">
        ⚠
      </span>
      <span className="grow">
        <b>The connection to the core is lost</b>
        {reason ? ` (${reason})` : ''}. What you see is as it was; trying again …
      </span>
      <Button onClick={() => core.reconnect()}>Try now</Button>
      {desktop && <Button onClick={() => desktop!.restartCore()}>Restart the core</Button>}
    </div>
  )
}
