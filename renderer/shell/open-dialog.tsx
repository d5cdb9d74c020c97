import { Dialog } from '../ui/dialog.tsx'
import { OpenChoices } from './open-choices.tsx'
import { useFront } from './windows.ts'
import { useWorkspace } from './workbench.ts'

/** Another workspace in this window. */
export function OpenDialog() {
  const { front, show } = useFront()
  const workspace = useWorkspace()
  return (
    <Dialog
      open={front === 'open' && workspace !== undefined}
      onClose={() => show(undefined)}
      title="Open a workspace"
      about={`It takes the place of ${workspace?.name ?? ''}; its gateway stops first.`}
      width={720}
    >
      <div style={{ marginTop: 14 }}>
        <OpenChoices onOpened={() => show(undefined)} />
      </div>
    </Dialog>
  )
}
