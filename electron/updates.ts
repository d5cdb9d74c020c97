import { app, dialog } from 'electron'

/**
 * Looks for a newer version once, soon after the start: in the packaged app, at the address that it was packaged with or
 * that `GATEHOUSE_UPDATE_URL` names. `GATEHOUSE_UPDATES=off` looks for none. Nothing is loaded before the user agrees,
 * and a server that cannot be reached is no trouble worth a word.
 */
export async function lookForUpdates(env: Readonly<Record<string, string | undefined>> = process.env): Promise<void> {
  if (!app.isPackaged || env['GATEHOUSE_UPDATES'] === 'off') return
  const { autoUpdater } = await import('electron-updater')
  const address = env['GATEHOUSE_UPDATE_URL']
  if (address) autoUpdater.setFeedURL({ provider: 'generic', url: address })
  else if (!autoUpdater.isUpdaterActive()) return
  autoUpdater.autoDownload = false
  autoUpdater.autoInstallOnAppQuit = true
  autoUpdater.logger = null
  autoUpdater.on('error', () => undefined)
  autoUpdater.on('update-available', ({ version }) => void offer(version, () => void autoUpdater.downloadUpdate()))
  await autoUpdater.checkForUpdates().catch(() => undefined)
}

async function offer(version: string, accept: () => void): Promise<void> {
  const { response } = await dialog.showMessageBox({
    type: 'info',
    message: `Gatehouse ${version} is there.`,
    detail: 'It is loaded in the background and takes the place of this one when you quit.',
    buttons: ['Load it', 'Not now'],
    defaultId: 0,
    cancelId: 1,
  })
  if (response === 0) accept()
}
