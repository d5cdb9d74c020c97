import { dialog, ipcMain, type IpcMainEvent, nativeTheme, Notification } from 'electron'
import { channels } from './channels.ts'
import { isTheme, keepTheme } from './kept-theme.ts'
import { isTrustedSender } from './security.ts'
import type { Windows } from './windows.ts'
import type { WorkbenchWindow } from './workbench-window.ts'

/** Answers what a page may ask of the system. Each message is checked: who sends it, and what it holds. */
export function answerRequests(windows: Windows, themeFile: string): void {
  const windowOf = (event: Pick<IpcMainEvent, 'sender' | 'senderFrame'>): WorkbenchWindow | undefined =>
    isTrustedSender(event) ? windows.of(event.sender) : undefined

  const hear = (channel: string, run: (from: WorkbenchWindow, value: unknown) => void) =>
    ipcMain.on(channel, (event, value: unknown) => {
      const from = windowOf(event)
      if (from) run(from, value)
    })
  const answer = (channel: string, run: (from: WorkbenchWindow, value: unknown) => Promise<string | null>) =>
    ipcMain.handle(channel, (event, value: unknown) => {
      const from = windowOf(event)
      if (!from) throw new Error('not a page of this app')
      return run(from, value)
    })

  hear(channels.connect, (from) => from.connect())
  hear(channels.restartCore, (from) => from.core.restart())
  hear(channels.openWindow, (_from, folder) => {
    if (folder === undefined) windows.open({ kind: 'welcome' })
    else if (typeof folder === 'string' && folder !== '') windows.open({ kind: 'folder', folder })
  })
  hear(channels.setTheme, (_from, theme) => {
    if (!isTheme(theme)) return
    nativeTheme.themeSource = theme
    keepTheme(themeFile, theme)
  })
  let told: Notification | undefined
  hear(channels.tellHeld, ({ window }, count) => {
    if (typeof count !== 'number' || !Number.isSafeInteger(count) || count < 1 || !Notification.isSupported()) return
    told?.close()
    const body = count === 1 ? 'A message is held at a breakpoint.' : `${count} messages are held at breakpoints.`
    told = new Notification({ title: 'Gatehouse', body, silent: true })
    told.on('click', () => window.show())
    told.show()
  })
  answer(channels.chooseFolder, async ({ window }) => {
    const { filePaths } = await dialog.showOpenDialog(window, {
      title: 'Open workspace',
      properties: ['openDirectory', 'createDirectory'],
    })
    return filePaths[0] ?? null
  })
  answer(channels.chooseFile, async ({ window }, kind) => {
    if (!isFileKind(kind)) return null
    const { title, filters } = fileKinds[kind]
    const { filePaths } = await dialog.showOpenDialog(window, { title, filters, properties: ['openFile'] })
    return filePaths[0] ?? null
  })
  answer(channels.chooseNewFile, async ({ window }, kind) => {
    if (kind !== 'har' && kind !== 'case') return null
    const { filePath } = await dialog.showSaveDialog(window, newFiles[kind])
    return filePath || null
  })
}

const fileKinds = {
  har: { title: 'Import HAR', filters: [{ name: 'HTTP archive', extensions: ['har', 'json'] }] },
  openapi: { title: 'Open an OpenAPI document', filters: [{ name: 'OpenAPI', extensions: ['yaml', 'yml', 'json'] }] },
}

const newFiles = {
  har: { title: 'Export HAR', defaultPath: 'traffic.har', filters: fileKinds.har.filters },
  case: {
    title: 'Export a case',
    defaultPath: 'exchange.gatehouse-case.json',
    filters: [{ name: 'Gatehouse case', extensions: ['json'] }],
  },
}

function isFileKind(value: unknown): value is keyof typeof fileKinds {
  return typeof value === 'string' && Object.hasOwn(fileKinds, value)
}
