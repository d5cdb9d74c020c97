import { Tooltip } from '../ui/tooltip.tsx'
import { useShortcut } from './actions.ts'
import { type Screen, screens, useNavigation } from './navigation.ts'
import { screenEntries } from './screens.tsx'
import { useWorkspace } from './workbench.ts'
import './rail.css'

/** The screens, each with the one number that says whether to go there. */
export function Rail() {
  return (
    <nav className="rail" aria-label="Screens">
      {screens.map((screen) => (
        <RailItem key={screen} screen={screen} />
      ))}
    </nav>
  )
}

function RailItem({ screen }: { screen: Screen }) {
  const { title, useNote } = screenEntries[screen]
  const workspace = useWorkspace()!
  const current = useNavigation((navigation) => navigation.screen)
  const go = useNavigation((navigation) => navigation.go)
  const shortcut = useShortcut(`view.${screen}`)
  // The entries never change, so this hook is called in every render or in none.
  const note = useNote?.(workspace)
  return (
    <Tooltip text={note ? `${title}: ${note.says}` : title} shortcut={shortcut}>
      <button
        type="button"
        className="rail-item"
        aria-current={current === screen ? 'page' : undefined}
        onClick={() => go(screen)}
      >
        {title}
        <span className="rail-note" aria-hidden="true">
          {note?.text}
        </span>
      </button>
    </Tooltip>
  )
}
