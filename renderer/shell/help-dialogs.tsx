import { desktop } from '../core/desktop.ts'
import { Dialog } from '../ui/dialog.tsx'
import { Keys } from '../ui/keys.tsx'
import { byGroup, useRegistry } from './actions.ts'
import { useFront } from './windows.ts'
import { useWorkbench } from './workbench.ts'
import './help-dialogs.css'

/** Every key, by group. */
export function ShortcutsDialog() {
  const { front, show } = useFront()
  const actions = useRegistry((registry) => registry.actions)
  const groups = byGroup([...actions.values()].filter(({ shortcut }) => shortcut !== undefined))
  const zoom = [
    ['Larger', 'Mod++'],
    ['Smaller', 'Mod+-'],
    ['As it was', 'Mod+0'],
  ] as const
  return (
    <Dialog open={front === 'shortcuts'} onClose={() => show(undefined)} title="Keyboard shortcuts" width={640}>
      {/* Focus has to be able to come in: the list is longer than a small window. */}
      <div className="shortcuts" role="region" aria-label="Keys by group" tabIndex={0}>
        {groups.map(([group, members]) => (
          <section key={group}>
            <h3>{group}</h3>
            <dl>
              {members.map(({ id, title, shortcut }) => (
                <Shortcut key={id} title={title} keys={shortcut!.split(' ')} />
              ))}
            </dl>
          </section>
        ))}
        {!desktop && (
          <section>
            <h3>Zoom (of the browser)</h3>
            <dl>
              {zoom.map(([title, keys]) => (
                <Shortcut key={title} title={title} keys={[keys]} />
              ))}
            </dl>
          </section>
        )}
      </div>
    </Dialog>
  )
}

function Shortcut({ title, keys }: { title: string; keys: readonly string[] }) {
  return (
    <div className="shortcut">
      <dt>{title}</dt>
      <dd>
        {keys.map((one) => (
          <Keys key={one} shortcut={one} />
        ))}
      </dd>
    </div>
  )
}

export function AboutDialog() {
  const { front, show } = useFront()
  const version = useWorkbench(({ state }) => state?.version)
  return (
    <Dialog
      open={front === 'about'}
      onClose={() => show(undefined)}
      title="Gatehouse"
      about={`Version ${version ?? 'unknown'}`}
      width={420}
    >
      <p className="about-text">
        The workbench for API gateway security policies: see what every policy decides and why, change it, prove it,
        ship it. Licensed under Apache 2.0.
      </p>
    </Dialog>
  )
}
