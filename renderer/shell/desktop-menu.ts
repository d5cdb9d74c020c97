import { core } from '../core/core.ts'
import { desktop } from '../core/desktop.ts'
import { runAction } from './actions.ts'
import { useTheme } from './preferences.ts'
import { useNotices } from './notices.ts'
import { useWorkbench } from './workbench.ts'

/** Menu commands that are called otherwise here. */
const actionOf: Readonly<Record<string, string>> = {
  'file.save': 'policies.save',
  'file.importHar': 'traffic.importHar',
  'file.exportHar': 'traffic.exportHar',
}

/** Ties the page to the desktop app around it: native menus, the core's restarts, the theme of native parts. */
export function followDesktop(): void {
  if (!desktop) return
  desktop.onMenu((command) => {
    if (command === 'gateway.toggle') {
      const running = useWorkbench.getState().state?.workspace?.gateway.state === 'running'
      runAction(running ? 'gateway.stop' : 'gateway.start')
    } else runAction(actionOf[command] ?? command)
  })
  desktop.setTheme(useTheme.getState().theme)
  useTheme.subscribe(({ theme }) => desktop!.setTheme(theme))
  let restarts = 0
  desktop.onCore(({ state, reason, restarts: now }) => {
    const isBack = state === 'running' && now > restarts
    if (state === 'failed') {
      const what = 'The core stopped and could not be started again'
      useNotices.getState().tell({ what: reason ? `${what}: ${reason}` : what, where: 'core', severity: 'error' })
    } else if (isBack) {
      const why = reason ? `Because ${reason.replace(/\.$/, '')}. ` : ''
      useNotices.getState().tell({
        what: 'The core was started again',
        todo: `${why}Connections that were open were closed; what was recorded is kept.`,
        where: 'core',
        severity: 'warning',
      })
    }
    if (isBack) core.reconnect()
    restarts = now
  })
}
