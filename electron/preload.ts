import { contextBridge, ipcRenderer, webFrame } from 'electron'
import { type CoreStatus, type DesktopBridge, type MenuCommand, portMessage } from '../gateway-core/protocol/desktop.ts'
import { channels } from './channels.ts'

/** The window's own `postMessage`: the one thing of the page that this script touches. */
declare const window: {
  readonly location: { readonly origin: string }
  postMessage(message: unknown, origin: string, transfer: readonly unknown[]): void
}

// Only a window of its own can hand a port to the page; it is never kept here.
ipcRenderer.on(channels.port, (event) => window.postMessage(portMessage, window.location.origin, event.ports))

const coreListeners = new Set<(status: CoreStatus) => void>()
const menuListeners = new Set<(command: MenuCommand) => void>()
let lastStatus: CoreStatus | undefined

ipcRenderer.on(channels.core, (_event, status: CoreStatus) => {
  lastStatus = status
  for (const listener of coreListeners) listener(status)
})
ipcRenderer.on(channels.menu, (_event, command: MenuCommand) => {
  for (const listener of menuListeners) listener(command)
})

const bridge: DesktopBridge = {
  platform: process.platform as DesktopBridge['platform'],
  connect: () => ipcRenderer.send(channels.connect),
  onCore(listener) {
    coreListeners.add(listener)
    if (lastStatus) listener(lastStatus)
    return () => void coreListeners.delete(listener)
  },
  restartCore: () => ipcRenderer.send(channels.restartCore),
  onMenu(listener) {
    menuListeners.add(listener)
    return () => void menuListeners.delete(listener)
  },
  chooseFolder: () => ipcRenderer.invoke(channels.chooseFolder) as Promise<string | null>,
  chooseFile: (kind) => ipcRenderer.invoke(channels.chooseFile, kind) as Promise<string | null>,
  chooseNewFile: (kind) => ipcRenderer.invoke(channels.chooseNewFile, kind) as Promise<string | null>,
  openWindow: (folder) => ipcRenderer.send(channels.openWindow, folder),
  setTheme: (theme) => ipcRenderer.send(channels.setTheme, theme),
  zoom: (step) => webFrame.setZoomLevel(step === 0 ? 0 : webFrame.getZoomLevel() + Math.sign(step) * 0.5),
  tellHeld: (count) => ipcRenderer.send(channels.tellHeld, count),
}

contextBridge.exposeInMainWorld('gatehouse', Object.freeze(bridge))
