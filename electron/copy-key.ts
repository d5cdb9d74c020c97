import { clipboard, dialog } from 'electron'
import type { KeychainAnswer } from './keychain.ts'
import type { WorkbenchWindow } from './workbench-window.ts'

/** Puts the key of a workspace into the clipboard, after asking: with it, the command line opens what the app sealed. */
export async function copyKey({ window, folder }: WorkbenchWindow, kept: (folder: string) => Promise<KeychainAnswer>) {
  const tell = (message: string, detail: string) => dialog.showMessageBox(window, { type: 'info', message, detail })
  if (folder === null) return tell('No workspace is open in this window.', 'Open one first.')
  const { key, problem } = await kept(folder)
  if (problem !== undefined) return tell('The key cannot be read.', problem)
  if (key === null) {
    const detail = "It is not in the system's keychain: it stands in GATEHOUSE_KEY, or in the file .gatehouse/key."
    return tell('The key of this workspace is where the command line finds it.', detail)
  }
  const { response } = await dialog.showMessageBox(window, {
    type: 'warning',
    message: 'Copy the key of this workspace?',
    detail: 'Whoever has it can open the secrets in its captures. Set GATEHOUSE_KEY to it for the command line.',
    buttons: ['Copy', 'Cancel'],
    defaultId: 1,
    cancelId: 1,
  })
  if (response === 0) void clipboard.writeText(key)
  return undefined
}
