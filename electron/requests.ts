import { dialog, ipcMain, type IpcMainEvent, nativeTheme } from 'electron'
import type { FileKind, Theme } from '../gateway-core/protocol/desktop.ts'
import { channels } from './channels.ts'
import { isTrustedSender } from './security.ts'
import type { Windows } from './windows.ts'
import type { WorkbenchWindow } from './workbench-window.ts'

/** Answers what a page may ask of the system. Each message is checked: who sends it, and what it holds. */
export function answerRequests(windows: Windows): void {
  const windowOf = (event: Pick<IpcMainEvent, 'sender' | 'senderFrame'>): WorkbenchWindow | undefined =>
    isTrustedSender(event) ? windows.of(event.sender) : undefined

  const hear = (channel: string, run: (from: WorkbenchWindow, value: unknown) => void) =>
    ipcMain.on(channel, (event, value: unknown) => {
      const from = windowOf(event)
      if (from) run(from, value)
    })
  const answer = (channel: string, run: (from: WorkbenchWindow, value: unknown) => Promise<string | undefined>) =>
    ipcMain.handle(channel, (event, value: unknown) => {
      const from = windowOf(event)
      if (!from) throw new Error('not a page of this app')
      return run(from, value)
    })

  hear(channels.connect, (from) => from.connect())
  hear(channels.restartCore, (from) => from.core.restart())
  hear(channels.newWindow, (_from, folder) => {
    if (folder === undefined) windows.open({ kind: 'welcome' })
    else if (typeof folder === 'string' && folder !== '') windows.open({ kind: 'folder', folder })
  })
  hear(channels.setTheme, (_from, theme) => {
    if (isTheme(theme)) nativeTheme.themeSource = theme
  })
  answer(channels.pickFolder, async ({ window }) => {
    const { filePaths } = await dialog.showOpenDialog(window, {
      title: 'Open workspace',
      properties: ['openDirectory', 'createDirectory'],
    })
    return filePaths[0]
  })
  answer(channels.pickFile, async ({ window }, kinds) => {
    const filters = fileKinds(kinds)
    const { filePaths } = await dialog.showOpenDialog(window, { properties: ['openFile'], filters })
    return filePaths[0]
  })
  answer(channels.saveFile, async ({ window }, name) => {
    const defaultPath = typeof name === 'string' ? name.replaceAll(/[\\/:*?"<>|\0]/g, '-').slice(0, 200) : 'capture.har'
    const { filePath } = await dialog.showSaveDialog(window, { defaultPath })
    return filePath === '' ? undefined : filePath
  })
}

function isTheme(value: unknown): value is Theme {
  return value === 'dark' || value === 'light' || value === 'system'
}

/** What a page names as kinds of files, as far as it is that. Exported for its tests. */
export function fileKinds(value: unknown): { name: string; extensions: string[] }[] {
  if (!Array.isArray(value)) return []
  return (value as Partial<FileKind>[]).slice(0, 10).flatMap((kind) => {
    const { name, extensions } = kind ?? {}
    if (typeof name !== 'string' || !Array.isArray(extensions)) return []
    const plain = extensions.filter((one): one is string => typeof one === 'string' && /^[A-Za-z0-9*]{1,10}$/.test(one))
    return plain.length === 0 ? [] : [{ name: name.slice(0, 60), extensions: plain }]
  })
}
