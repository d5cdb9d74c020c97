import type { App, IpcMainEvent, IpcMainInvokeEvent, Session, WebContents, WebPreferences } from 'electron'
import { appOrigin } from './app-protocol.ts'

/** How every window is made. The defaults of today are written out: a default that changes must not change us. */
export function webPreferences(preload: string): WebPreferences {
  return {
    preload,
    sandbox: true,
    contextIsolation: true,
    nodeIntegration: false,
    nodeIntegrationInWorker: false,
    nodeIntegrationInSubFrames: false,
    webSecurity: true,
    allowRunningInsecureContent: false,
    webviewTag: false,
    navigateOnDragDrop: false,
    experimentalFeatures: false,
    plugins: false,
    spellcheck: false,
    disableBlinkFeatures: 'Auxclick',
  }
}

/** Every page that ever comes to be, of whatever kind: it stays where it is, opens nothing and embeds nothing. */
export function hardenPages(app: App): void {
  app.on('web-contents-created', (_event, contents) => {
    harden(contents)
  })
}

function harden(contents: WebContents): void {
  contents.setWindowOpenHandler(() => ({ action: 'deny' }))
  contents.on('will-navigate', (event, url) => {
    if (!isStartPage(url)) event.preventDefault()
  })
  contents.on('will-frame-navigate', (event) => {
    if (!event.isMainFrame || !isStartPage(event.url)) event.preventDefault()
  })
  contents.on('will-redirect', (event) => event.preventDefault())
  contents.on('will-attach-webview', (event) => event.preventDefault())
}

/** The one page there is: it may load itself again. */
function isStartPage(url: string): boolean {
  return url === `${appOrigin}/` || url.startsWith(`${appOrigin}/#`)
}

/** What pages may ask of the system: to write the clipboard (copy as curl). Nothing else, and nothing remote is loaded. */
export function hardenSession(session: Session): void {
  session.setPermissionRequestHandler((_contents, permission, decide) => decide(isGranted(permission)))
  session.setPermissionCheckHandler((_contents, permission) => isGranted(permission))
  session.setDevicePermissionHandler(() => false)
  session.webRequest.onBeforeRequest((details, decide) => decide({ cancel: !isLocal(details.url) }))
  session.on('will-download', (event) => event.preventDefault())
}

function isGranted(permission: string): boolean {
  return permission === 'clipboard-sanitized-write'
}

/** The app's own pages, what they make themselves, and the developer tools. */
function isLocal(url: string): boolean {
  return url.startsWith(`${appOrigin}/`) || /^(?:data|blob|devtools|chrome-extension):/.test(url)
}

/** Whether an address is a page of the app. */
export function isOwnPage(url: string): boolean {
  return url.startsWith(`${appOrigin}/`)
}

/** Whether a message comes from the top frame of a page of the app: anything else is not answered. */
export function isTrustedSender(event: Pick<IpcMainEvent | IpcMainInvokeEvent, 'senderFrame' | 'sender'>): boolean {
  const { senderFrame, sender } = event
  if (!senderFrame || senderFrame !== sender.mainFrame) return false
  return isOwnPage(senderFrame.url)
}
