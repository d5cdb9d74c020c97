import { contextBridge, ipcRenderer } from 'electron'
import { type CoreStatus, type DesktopBridge, portMessage } from '../gateway-core/protocol/desktop.ts'
import { channels } from './channels.ts'

/** The window's own `postMessage`: the one thing of the page that this script touches. */
declare const window: {
  readonly location: { readonly origin: string }
  postMessage(message: unknown, origin: string, transfer: readonly unknown[]): void
}

// Only a window of its own can hand a port to the page; it is never kept here.
ipcRenderer.on(channels.port, (event) => window.postMessage(portMessage, window.location.origin, event.ports))

const coreListeners = new Set<(status: CoreStatus) => void>()
const menuListeners = new Set<(action: string) => void>()
let lastStatus: CoreStatus | undefined

ipcRenderer.on(channels.core, (_event, status: CoreStatus) => {
  lastStatus = status
  for (const listener of coreListeners) listener(status)
})
ipcRenderer.on(channels.menu, (_event, action: string) => {
  for (const listener of menuListeners) listener(action)
})

const bridge: DesktopBridge = {
  platform: process.platform as DesktopBridge['platform'],
  requestPort: () => ipcRenderer.send(channels.connect),
  onCore(listener) {
    coreListeners.add(listener)
    if (lastStatus) listener(lastStatus)
    return () => void coreListeners.delete(listener)
  },
  restartCore: () => ipcRenderer.send(channels.restartCore),
  onCommand(listener) {
    menuListeners.add(listener)
    return () => void menuListeners.delete(listener)
  },
  pickFolder: () => ipcRenderer.invoke(channels.pickFolder) as Promise<string | undefined>,
  pickFile: (kinds) => ipcRenderer.invoke(channels.pickFile, kinds) as Promise<string | undefined>,
  saveFile: (name) => ipcRenderer.invoke(channels.saveFile, name) as Promise<string | undefined>,
  newWindow: (folder) => ipcRenderer.send(channels.newWindow, folder),
  setTheme: (theme) => ipcRenderer.send(channels.setTheme, theme),
}

contextBridge.exposeInMainWorld('gatehouse', Object.freeze(bridge))
