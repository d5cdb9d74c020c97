import { BrowserWindow, dialog, MessageChannelMain, nativeTheme, screen } from 'electron'
import type { CoreStatus, MenuCommand } from '../gateway-core/protocol/desktop.ts'
import { appOrigin } from './app-protocol.ts'
import { channels } from './channels.ts'
import type { CoreEvents, CoreLink } from './core-link.ts'
import type { Opening } from './launch-arguments.ts'
import { webPreferences } from './security.ts'
import { smallest, type WindowStates } from './window-state.ts'

export interface WorkbenchWindowOptions {
  opening: Opening
  preload: string
  states: WindowStates
  startCore(events: CoreEvents): CoreLink
  closed(): void
}

/** Milliseconds of quiet after which a moved window is remembered. */
const rememberAfterMs = 300

/** A page that crashed is loaded again, but not more often than this within the window (ms). */
const mostPageCrashes = 3
const pageCrashWindowMs = 30_000

/** One window with a core of its own: a workspace that crashes or hangs takes no other along. */
export class WorkbenchWindow {
  readonly window: BrowserWindow
  readonly core: CoreLink
  readonly #options: WorkbenchWindowOptions
  #folder: string | null
  #remember: ReturnType<typeof setTimeout> | undefined

  constructor(options: WorkbenchWindowOptions) {
    const { opening, states } = options
    this.#options = options
    this.#folder = opening.kind === 'folder' ? opening.folder : null
    // The core takes longest, so it starts first, and runs while the window is made and the page loads.
    this.core = options.startCore({
      status: (status) => this.#tellStatus(status),
      workspace: (folder, name) => this.#show(folder, name),
    })
    const displays = screen.getAllDisplays().map(({ workArea }) => workArea)
    const state = states.get(this.#folder, displays)
    this.window = new BrowserWindow({
      ...state.bounds,
      minWidth: smallest.width,
      minHeight: smallest.height,
      show: false,
      title: 'Gatehouse',
      backgroundColor: nativeTheme.shouldUseDarkColors ? '#0e1116' : '#f5f6f8',
      autoHideMenuBar: process.platform !== 'darwin',
      webPreferences: webPreferences(options.preload),
    })
    if (state.maximized) this.window.maximize()
    if (state.fullScreen) this.window.setFullScreen(true)
    this.#listen(state.zoom)
    // The page paints its empty frame before it knows anything else.
    const page = opening.kind === 'welcome' ? `${appOrigin}/#welcome` : `${appOrigin}/`
    void this.window.loadURL(page).catch(() => undefined)
  }

  /** The folder of the workspace that is open here. */
  get folder(): string | null {
    return this.#folder
  }

  /** Makes a channel between page and core. */
  connect(): void {
    const { port1, port2 } = new MessageChannelMain()
    this.core.connect(port1)
    this.window.webContents.postMessage(channels.port, null, [port2])
  }

  /** Asks the page to do what a menu item says. */
  run(command: MenuCommand): void {
    this.window.webContents.send(channels.menu, command)
  }

  focus(): void {
    if (this.window.isMinimized()) this.window.restore()
    this.window.show()
    this.window.focus()
  }

  #listen(zoom: number): void {
    const { window } = this
    window.once('ready-to-show', () => window.show())
    // Once: a page that is loaded again keeps the zoom that it was given since.
    window.webContents.once('did-finish-load', () => window.webContents.setZoomLevel(zoom))
    window.webContents.on('did-finish-load', () => this.#tellStatus(this.core.status))
    // The page does not name the window: which workspace is open does.
    window.on('page-title-updated', (event) => event.preventDefault())
    const soon = () => {
      clearTimeout(this.#remember)
      this.#remember = setTimeout(() => this.#keepState(), rememberAfterMs)
    }
    window.on('resize', soon)
    window.on('move', soon)
    window.on('close', () => this.#keepState())
    window.on('closed', () => {
      clearTimeout(this.#remember)
      this.#options.closed()
    })
    let lately = 0
    window.webContents.on('render-process-gone', (_event, { reason }) => {
      if (reason === 'clean-exit' || window.isDestroyed()) return
      // A page that dies again and again would only burn the processor.
      if (++lately > mostPageCrashes) return void this.#askAfterCrashes(reason)
      setTimeout(() => (lately -= 1), pageCrashWindowMs).unref()
      window.webContents.reload()
    })
  }

  /** Nobody should sit before an empty window and not know why. */
  async #askAfterCrashes(reason: string): Promise<void> {
    const { response } = await dialog.showMessageBox(this.window, {
      type: 'error',
      message: 'The page of this window crashed several times in a row.',
      detail: `The reason that the system gives: ${reason}. The gateway goes on meanwhile.`,
      buttons: ['Load it again', 'Close the window'],
      defaultId: 0,
      cancelId: 0,
    })
    if (this.window.isDestroyed()) return
    if (response === 0) this.window.webContents.reload()
    else this.window.close()
  }

  #keepState(): void {
    const { window } = this
    if (window.isDestroyed() || window.isMinimized()) return
    this.#options.states.set(this.#folder, {
      bounds: window.getNormalBounds(),
      maximized: window.isMaximized(),
      fullScreen: window.isFullScreen(),
      zoom: window.webContents.getZoomLevel(),
    })
  }

  #show(folder: string | null, name: string | null): void {
    this.#folder = folder
    if (this.window.isDestroyed()) return
    this.window.setTitle(name === null ? 'Gatehouse' : `${name} — Gatehouse`)
    if (process.platform === 'darwin' && folder !== null) this.window.setRepresentedFilename(folder)
  }

  #tellStatus(status: CoreStatus): void {
    if (!this.window.isDestroyed()) this.window.webContents.send(channels.core, status)
  }
}
