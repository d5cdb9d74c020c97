/**
 * What the desktop app adds around the protocol: what its window may ask of the main process, and what the main process
 * and the core process say to each other. Calls and events of the workbench travel over ports, never through here.
 */

/** The core of a window, as the main process sees it. */
export interface CoreStatus {
  state: 'starting' | 'running' | 'restarting' | 'failed'
  /** Why the last one ended, in words; absent while all is well. */
  reason?: string
  /** How many times it was started again since the window opened. */
  restarts: number
}

/** What a menu item asks the window to do: the id of one of its actions. */
export type MenuCommand =
  | 'file.open'
  | 'file.save'
  | 'file.importHar'
  | 'file.exportHar'
  | 'view.palette'
  | 'view.traffic'
  | 'view.policies'
  | 'view.intercept'
  | 'view.replay'
  | 'view.tests'
  | 'view.problems'
  | 'gateway.toggle'
  | 'help.shortcuts'
  | 'help.about'

export type Theme = 'dark' | 'light' | 'system'

/**
 * `window.gatehouse` in the desktop app; absent in a browser. Everything that a page of the app may ask of the system.
 * `connect` asks for a port to the core: it arrives as a `message` event of the window itself, whose data is
 * `portMessage` and whose first port speaks the protocol. A core that was started anew needs a new port.
 */
export interface DesktopBridge {
  readonly platform: 'linux' | 'darwin' | 'win32'
  connect(): void
  /** Calls at once with what is known, then on each change. Returns a function that stops that. */
  onCore(listener: (status: CoreStatus) => void): () => void
  onMenu(listener: (command: MenuCommand) => void): () => void
  /** Starts a core that gave up, or one that hangs, again. */
  restartCore(): void
  /** The system's dialogs; null when they were dismissed. */
  chooseFolder(): Promise<string | null>
  chooseFile(kind: 'har' | 'openapi'): Promise<string | null>
  chooseNewFile(kind: 'har' | 'case'): Promise<string | null>
  /** Another window, on this workspace or on the welcome screen. A workspace that has a window comes to the front. */
  openWindow(folder?: string): void
  /** So that native parts (menus, dialogs, the frame) look like the page. */
  setTheme(theme: Theme): void
  /** Larger (1), smaller (-1), or as it was (0). Kept with the window. */
  zoom(step: 1 | 0 | -1): void
  /** A notification of the desktop: so many messages are held. Only where a person asked for it. */
  tellHeld(count: number): void
}

/** Data of the window message that carries the port. */
export const portMessage = 'gatehouse:port'

/** What the main process tells the core process. A `connect` carries one port. */
export type ToCore =
  | {
      kind: 'start'
      /** The workspace to open: a folder, a sample by name, or nothing for the welcome screen. */
      open: { folder: string } | { sample: string } | null
      /** Folder of the samples: they run where they stand, so it can be written to. */
      samples: string
      /** A Node that runs TypeScript, for the services of samples; null where the app knows none. */
      node: string | null
    }
  | { kind: 'connect' }
  /** Answer to `key`: the workspace key (32 bytes, base64) out of the system's keychain; null when it keeps none. With a `problem` the workspace must not be opened. */
  | { kind: 'key'; folder: string; key: string | null; problem?: string }
  /** Let open exchanges finish, write what has to be kept, then exit. */
  | { kind: 'stop' }

/** What the core process tells the main process. */
export type FromCore =
  | { kind: 'ready' }
  /** Which workspace is open now (null: none): for the title, the list of recent ones, and one window per workspace. */
  | { kind: 'workspace'; folder: string | null; name: string | null }
  /** Before a workspace is opened. The main process answers with `key`. */
  | { kind: 'key'; folder: string }
