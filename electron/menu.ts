import { Menu, type MenuItemConstructorOptions } from 'electron'
import type { MenuCommand } from '../gateway-core/protocol/desktop.ts'
import type { Windows } from './windows.ts'

/**
 * The native menu. What the system knows (copy, zoom, quit) are roles; what the workbench knows are its own actions, by
 * their ids, run in the window that has the focus. Shortcuts of actions are the page's: they are not registered twice.
 */
export function installMenu(windows: Windows): void {
  Menu.setApplicationMenu(Menu.buildFromTemplate(menuTemplate(process.platform, windows)))
}

/** Exported for its tests. */
export function menuTemplate(
  platform: string,
  windows: Pick<Windows, 'open' | 'current' | 'copyKey'>,
): MenuItemConstructorOptions[] {
  const action = (label: string, id: MenuCommand, shown?: string): MenuItemConstructorOptions => ({
    id,
    label,
    ...(shown && { accelerator: shown, registerAccelerator: false }),
    click: () => windows.current?.run(id),
  })
  const line: MenuItemConstructorOptions = { type: 'separator' }
  const mac = platform === 'darwin'
  return [
    ...(mac ? [{ role: 'appMenu' as const }] : []),
    {
      label: '&File',
      submenu: [
        {
          label: 'New Window',
          accelerator: 'CmdOrCtrl+Shift+N',
          click: () => void windows.open({ kind: 'welcome' }),
        },
        action('Open Workspace…', 'file.open', 'CmdOrCtrl+O'),
        line,
        action('Save', 'file.save', 'CmdOrCtrl+S'),
        line,
        action('Import HAR…', 'file.importHar'),
        action('Export HAR…', 'file.exportHar'),
        line,
        { id: 'copy-key', label: 'Copy Workspace Key…', click: () => windows.copyKey() },
        line,
        { role: 'close' },
        ...(mac ? [] : [{ role: 'quit' as const }]),
      ],
    },
    { role: 'editMenu' },
    {
      label: '&View',
      submenu: [
        action('Command Palette', 'view.palette', 'CmdOrCtrl+K'),
        line,
        action('Traffic', 'view.traffic'),
        action('Policies', 'view.policies'),
        action('Intercept', 'view.intercept'),
        action('Replay', 'view.replay'),
        action('Tests', 'view.tests'),
        action('Problems', 'view.problems', 'CmdOrCtrl+Shift+M'),
        line,
        { role: 'resetZoom' },
        { role: 'zoomIn' },
        { role: 'zoomOut' },
        line,
        { role: 'togglefullscreen' },
        { role: 'toggleDevTools' },
      ],
    },
    {
      label: '&Gateway',
      submenu: [
        action('Start or Stop', 'gateway.toggle'),
        line,
        { id: 'restart-core', label: 'Restart the Core', click: () => windows.current?.core.restart() },
      ],
    },
    { role: 'windowMenu' },
    {
      role: 'help',
      submenu: [action('Keyboard Shortcuts', 'help.shortcuts'), action('About Gatehouse', 'help.about')],
    },
  ]
}
