import '@fontsource-variable/inter'
import '@fontsource-variable/jetbrains-mono'
import './ui/tokens.css'
import './ui/base.css'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { followIntercept } from './intercept/intercept-store.ts'
import { registerOwnTrafficActions } from './own-traffic/own-traffic-actions.ts'
import { followOwnTraffic } from './own-traffic/own-traffic-store.ts'
import { App } from './shell/app.tsx'
import { listenToKeys } from './shell/actions.ts'
import { registerShellActions } from './shell/shell-actions.ts'
import { followDesktop } from './shell/desktop-menu.ts'
import { followParts } from './shell/parts.ts'
import { followTraffic } from './traffic/traffic-store.ts'
import { followTheme } from './shell/preferences.ts'
import { followCore } from './shell/workbench.ts'

followTheme()
followCore()
registerShellActions()
registerOwnTrafficActions()
followOwnTraffic()
followTraffic()
followIntercept()
followDesktop()
listenToKeys(window)
followParts(window)
createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <App />
  </StrictMode>,
)
