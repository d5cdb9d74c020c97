/** Names of the messages between the main process and the preload script. There are no others. */
export const channels = {
  /** To the window. */
  port: 'gatehouse:port',
  core: 'gatehouse:core',
  menu: 'gatehouse:menu',
  /** From the window. */
  connect: 'gatehouse:connect',
  restartCore: 'gatehouse:restart-core',
  chooseFolder: 'gatehouse:choose-folder',
  chooseFile: 'gatehouse:choose-file',
  chooseNewFile: 'gatehouse:choose-new-file',
  openWindow: 'gatehouse:open-window',
  setTheme: 'gatehouse:set-theme',
  tellHeld: 'gatehouse:tell-held',
} as const
