import { Suspense } from 'react'
import { TooltipProvider } from '../ui/tooltip.tsx'
import { AboutDialog, ShortcutsDialog } from './help-dialogs.tsx'
import { ConnectionLost } from './connection-lost.tsx'
import { Footer } from './footer.tsx'
import { Header } from './header.tsx'
import { useNavigation } from './navigation.ts'
import { NoticeList } from './notice-list.tsx'
import { OpenDialog } from './open-dialog.tsx'
import { Palette } from './palette.tsx'
import { ProblemsDialog } from './problems-dialog.tsx'
import { Rail } from './rail.tsx'
import { screenEntries } from './screens.tsx'
import { Troubles } from './troubles.tsx'
import { Welcome } from './welcome.tsx'
import { useWorkbench } from './workbench.ts'
import './app.css'

/** The window: what is open, what runs, and one screen. */
export function App() {
  const state = useWorkbench((workbench) => workbench.state)
  const connection = useWorkbench((workbench) => workbench.connection)
  return (
    <TooltipProvider delayDuration={350}>
      {state === undefined ? <FirstConnection /> : state.workspace === null ? <Welcome /> : <Workspace />}
      {state !== undefined && connection.state !== 'connected' && <ConnectionLost />}
      <Palette />
      <ShortcutsDialog />
      <AboutDialog />
      <OpenDialog />
      <ProblemsDialog />
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
          <Suspense fallback={<div className="app-loading dim">Loading {title} …</div>}>
            <Component key={screen} />
          </Suspense>
        </div>
      </main>
      <Footer />
    </div>
  )
}

/** Nothing is known yet: shown only when that takes longer than a moment, or when the core refuses the page. */
function FirstConnection() {
  const { reason } = useWorkbench((workbench) => workbench.connection)
  return (
    <main className="app-first">
      <h1>Gatehouse</h1>
      <p className="dim" role="status">
        {reason ? `${reason.charAt(0).toUpperCase()}${reason.slice(1)}.` : 'Connecting to the core …'}
      </p>
    </main>
  )
}
