import { Suspense } from 'react'
import { OwnTrafficDialog } from '../own-traffic/own-traffic-dialog.tsx'
import { TooltipProvider } from '../ui/tooltip.tsx'
import { AboutDialog, ShortcutsDialog } from './help-dialogs.tsx'
import { ConnectionLost } from './connection-lost.tsx'
import { DialogGuard, FaultGuard } from './fault-guard.tsx'
import { Footer } from './footer.tsx'
import { Header } from './header.tsx'
import { screens, useNavigation } from './navigation.ts'
import { NoticeList } from './notice-list.tsx'
import { OpenDialog } from './open-dialog.tsx'
import { Palette } from './palette.tsx'
import { ProblemsDialog } from './problems-dialog.tsx'
import { Rail } from './rail.tsx'
import { screenEntries } from './screens.tsx'
import { Troubles } from './troubles.tsx'
import { Welcome } from './welcome.tsx'
import { useFront } from './windows.ts'
import { useWorkbench, useWorkspace } from './workbench.ts'
import './app.css'

/** The window: what is open, what runs, and one screen. */
export function App() {
  const known = useWorkbench(({ state }) => state !== undefined)
  const open = useWorkspace(() => true) ?? false
  const connected = useWorkbench(({ connection }) => connection.state === 'connected')
  const front = useFront((windows) => windows.front)
  return (
    <TooltipProvider delayDuration={350}>
      <FaultGuard what="The window">
        {!known ? <FirstConnection /> : open ? <Workspace /> : <Welcome />}
        {known && !connected && <ConnectionLost />}
      </FaultGuard>
      <DialogGuard front={front}>
        <Palette />
        <ShortcutsDialog />
        <AboutDialog />
        <OpenDialog />
        <ProblemsDialog />
        <OwnTrafficDialog />
      </DialogGuard>
      <NoticeList />
    </TooltipProvider>
  )
}

function Workspace() {
  const screen = useNavigation((navigation) => navigation.screen)
  const { title, Component } = screenEntries[screen]
  return (
    <div className="app">
      <Header />
      <Rail />
      <main className="app-main">
        <Troubles />
        <div className="app-screen">
          <FaultGuard key={screen} what={title}>
            <Suspense fallback={<div className="app-loading dim">Loading {title} …</div>}>
              <Component />
            </Suspense>
          </FaultGuard>
        </div>
      </main>
      <Footer />
    </div>
  )
}

/** Nothing is known yet: the empty frame of the window, as the page itself brings it, and after a moment what it waits for. */
function FirstConnection() {
  const { reason } = useWorkbench((workbench) => workbench.connection)
  return (
    <div className="app app-frame">
      <header className="header">
        <h1>Gatehouse</h1>
      </header>
      <nav className="rail" aria-label="Screens">
        {screens.map((screen) => (
          <span key={screen} className="rail-item">
            {screenEntries[screen].title}
          </span>
        ))}
      </nav>
      <main className="app-main">
        <div className="app-screen pane">
          <div className="bar" />
          <p className="app-first dim" role="status">
            {reason ? `${reason.charAt(0).toUpperCase()}${reason.slice(1)}.` : 'Connecting to the core …'}
          </p>
        </div>
      </main>
      <footer className="footer" />
    </div>
  )
}
