import type { OpenDocument } from './document.ts'
import { kindOf } from './file-list.ts'
import { usePolicies } from './policies-store.ts'
import { standingOf } from './standing.ts'
import { useWorkspace } from '../shell/workbench.ts'
import './status-line.css'

const looks = {
  edited: { tone: 'modify', mark: '◆' },
  conflict: { tone: 'deny', mark: '✕' },
  deleted: { tone: 'would', mark: '◐' },
  saving: { tone: 'skip', mark: '–' },
  'in-force': { tone: 'pass', mark: '●' },
  'last-good': { tone: 'would', mark: '◐' },
  saved: { tone: 'skip', mark: '–' },
}

/** Whether the text on the screen is what the gateway enforces, in words; and where the cursor is. */
export function StatusLine({ document }: { document: OpenDocument }) {
  const cursor = usePolicies((state) => state.cursor)
  const kind = usePolicies(({ tree }) => kindOf(tree, document.path))
  const applying = usePolicies((state) => document.path in state.applying)
  const workspace = useWorkspace()
  const { state, words } = standingOf(document, kind, workspace, applying)
  const { tone, mark } = looks[state]
  return (
    <div className="standing">
      <span className={`tone-${tone}`} aria-hidden="true">
        {mark}
      </span>
      <span role="status" data-standing={state}>
        {words}
      </span>
      {workspace?.revision && (
        <span className="faint">
          in force: revision <code>{workspace.revision.slice(0, 7)}</code>
          {workspace.environment ? ` · ${workspace.environment}` : ''}
        </span>
      )}
      <span className="grow" />
      <span className="faint num">
        {cursor.line}:{cursor.column}
      </span>
    </div>
  )
}
