import { lazy, Suspense } from 'react'
import { useFront } from '../shell/windows.ts'
import { useWorkspace } from '../shell/workbench.ts'
import { Dialog } from '../ui/dialog.tsx'

const OwnTrafficPanel = lazy(async () => ({ default: (await import('./own-traffic-panel.tsx')).OwnTrafficPanel }))

/** One's own programs, browsers and devices, seen on their way to any server. */
export function OwnTrafficDialog() {
  const { front, show } = useFront()
  const isOpen = useWorkspace(() => true) ?? false
  const open = front === 'own' && isOpen
  return (
    <Dialog
      open={open}
      onClose={() => show(undefined)}
      title="Your own traffic"
      about="What your programs, browsers and devices send through this proxy appears in Traffic. Where a route names the host, its policies judge it; everything else passes."
      width={760}
    >
      {open && (
        <Suspense fallback={<div className="dim">Loading …</div>}>
          <OwnTrafficPanel />
        </Suspense>
      )}
    </Dialog>
  )
}
