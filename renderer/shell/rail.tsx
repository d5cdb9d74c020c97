import { countText } from '../ui/format.ts'
import { Tooltip } from '../ui/tooltip.tsx'
import { useRegistry } from './actions.ts'
import { type Screen, useNavigation } from './navigation.ts'
import { useWorkbench, useWorkspace } from './workbench.ts'
import './rail.css'

/** The screens, each with the one number that says whether to go there. */
export function Rail() {
  const workspace = useWorkspace()!
  const unsaved = useWorkbench((workbench) => workbench.unsaved)
  const problems = workspace.problems.length
  return (
    <nav className="rail" aria-label="Screens">
      <RailItem
        screen="traffic"
        title="Traffic"
        note={countText(workspace.captures.exchanges)}
        says="exchanges recorded"
      />
      <RailItem
        screen="policies"
        title="Policies"
        note={unsaved.length > 0 ? '●' : problems > 0 ? `${problems} ⚠` : ''}
        says={unsaved.length > 0 ? 'edits are not saved' : problems > 0 ? 'problems' : ''}
      />
    </nav>
  )
}

function RailItem(props: { screen: Screen; title: string; note: string; says: string }) {
  const { screen, title, note, says } = props
  const current = useNavigation((navigation) => navigation.screen)
  const go = useNavigation((navigation) => navigation.go)
  const shortcut = useRegistry(({ actions }) => actions.get(`view.${screen}`)?.shortcut)
  return (
    <Tooltip
      text={note === '' ? title : `${title}: ${note === '●' ? '' : `${note.replace(' ⚠', '')} `}${says}`}
      shortcut={shortcut}
    >
      <button
        type="button"
        className="rail-item"
        aria-current={current === screen ? 'page' : undefined}
        onClick={() => go(screen)}
      >
        {title}
        <span className="rail-note" aria-hidden="true">
          {note}
        </span>
      </button>
    </Tooltip>
  )
}
