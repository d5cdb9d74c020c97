import { join } from 'node:path'
import { app, nativeTheme, protocol, session } from 'electron'
import { userFolders } from '../gateway-core/workbench/user-folders.ts'
import { registerAppScheme, serveAppPages } from './app-protocol.ts'
import { keptTheme } from './kept-theme.ts'
import { LaunchProblem, type Opening, ownWords, readArguments } from './launch-arguments.ts'
import { installMenu } from './menu.ts'
import { appPaths } from './paths.ts'
import { answerRequests } from './requests.ts'
import { hardenPages, hardenSession } from './security.ts'
import { lookForUpdates } from './updates.ts'
import { Windows } from './windows.ts'

/** Milliseconds after the first window before updates are looked for: the start comes first. */
const updatesAfterMs = 10_000

/** The desktop app: no policy is judged here. It makes windows, gives each a core, and guards both. */
function start(opening: Opening): void {
  // Beside the lists that the command line keeps, and not among them.
  if (!app.commandLine.hasSwitch('user-data-dir')) app.setPath('userData', join(userFolders().config, 'desktop'))
  // One app for all windows: a second start tells the first one what to open.
  if (!app.requestSingleInstanceLock({ opening })) {
    app.quit()
    return
  }
  registerAppScheme(protocol)
  hardenPages(app)
  // Chromium has no sandbox for root (containers, tests): there it is switched off on the command line, and stays off.
  if (!app.commandLine.hasSwitch('no-sandbox')) app.enableSandbox()
  app.setAboutPanelOptions({ applicationName: 'Gatehouse', applicationVersion: app.getVersion() })

  let windows: Windows | undefined
  app.on('second-instance', (_event, _argv, _cwd, data) => {
    windows?.open((data as { opening: Opening }).opening)
  })
  app.on('activate', () => {
    if (windows && !windows.current) windows.open({ kind: 'welcome' })
  })
  app.on('window-all-closed', () => {
    if (process.platform !== 'darwin') app.quit()
  })
  let settled = false
  app.on('will-quit', (event) => {
    if (settled || !windows) return
    event.preventDefault()
    void windows.settled().finally(() => {
      settled = true
      // Not inside this very event: Electron would not hear it.
      setImmediate(() => app.quit())
    })
  })
  void app.whenReady().then(() => {
    hardenSession(session.defaultSession)
    const paths = appPaths(__dirname)
    const themeFile = join(paths.userData, 'theme')
    nativeTheme.themeSource = keptTheme(themeFile)
    serveAppPages(protocol, paths.renderer)
    windows = new Windows(paths)
    answerRequests(windows, themeFile)
    windows.open(opening)
    installMenu(windows)
    setTimeout(() => void lookForUpdates(), updatesAfterMs).unref()
  })
}

try {
  start(readArguments(ownWords(process.argv, process.defaultApp ?? false), process.env['INIT_CWD'] ?? process.cwd()))
} catch (error) {
  if (!(error instanceof LaunchProblem)) throw error
  console.error(error.message)
  app.exit(2)
}
