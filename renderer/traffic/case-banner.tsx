import { useEffect, useState } from 'react'
import type { CaseState } from '../../gateway-core/protocol/cases.ts'
import { visible } from '../../gateway-core/visible.ts'
import { core } from '../core/core.ts'
import { tellFailure } from '../shell/notices.ts'
import { instanceName, plural } from '../ui/format.ts'
import { VerdictMark } from '../ui/verdict-mark.tsx'
import './case-banner.css'

/** Says that this exchange came in a file, from where, and whether it comes out the same here. */
export function CaseBanner({ id }: { id: string }) {
  const [state, setState] = useState<CaseState>()
  useEffect(() => {
    let current = true
    core.call('cases.state', { id }).then((found) => current && setState(found), tellFailure)
    return () => {
      current = false
    }
  }, [id])
  if (!state) return null
  const { workspace, environment, revision, engine, difference, taken, problem } = state
  return (
    <div className="case-banner" role="status">
      <div className="row">
        <b>A case, read-only</b>
        <span className="dim cut">
          {visible(workspace, 60)}
          {environment !== null && ` · ${visible(environment, 40)}`} · revision {visible(revision.slice(0, 7))}
        </span>
      </div>
      {engine.recorded !== engine.here && (
        <div className="tone-would">
          <span aria-hidden="true">◐ </span>
          Recorded by version {visible(engine.recorded, 30)}; this is {engine.here}, which may judge otherwise.
        </div>
      )}
      {problem !== undefined ? (
        <VerdictMark verdict="error">Not judged again, its files do not load here: {visible(problem, 300)}</VerdictMark>
      ) : difference ? (
        <VerdictMark verdict="deny">
          Judged again it differs at {visible(instanceName(difference.policy), 60)}, {difference.field}: recorded{' '}
          {visible(difference.recorded, 120)}, here {visible(difference.judged, 120)}
        </VerdictMark>
      ) : (
        <VerdictMark verdict="pass">Judged again: the same trace</VerdictMark>
      )}
      {taken > 0 && (
        <div className="faint">
          {plural(taken, 'step')} stood as recorded: what {taken === 1 ? 'it' : 'they'} read was sealed, or is not
          known.
        </div>
      )}
    </div>
  )
}
