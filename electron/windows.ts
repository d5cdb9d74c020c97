import { randomUUID } from 'node:crypto'
import { realpathSync } from 'node:fs'
import { app, BrowserWindow, safeStorage, utilityProcess } from 'electron'
import { join } from 'node:path'
import { copyKey } from './copy-key.ts'
import { AttachedCore } from './core-attach.ts'
import type { CoreEvents, CoreLink } from './core-link.ts'
import { CoreProcess } from './core-process.ts'
import { Keychain } from './keychain.ts'
import type { Opening } from './launch-arguments.ts'
import type { AppPaths } from './paths.ts'
import { WindowStates } from './window-state.ts'
import { WorkbenchWindow } from './workbench-window.ts'

/** All windows of the app: each has its workspace and its core. */
export class Windows {
  readonly #paths: AppPaths
  readonly #states: WindowStates
  readonly #keychain: Keychain
  readonly #open = new Set<WorkbenchWindow>()
  /** Cores that are still ending after their window closed. */
  readonly #ending = new Set<Promise<void>>()

  constructor(paths: AppPaths) {
    this.#paths = paths
    this.#states = new WindowStates(join(paths.userData, 'windows.json'))
    this.#keychain = new Keychain(safeStorage, join(paths.userData, 'keys'))
  }

  /** Opens a window, or brings the one to the front that shows this workspace already. */
  open(opening: Opening): WorkbenchWindow {
    const known = opening.kind === 'folder' ? this.#showing(opening.folder) : undefined
    if (known) {
      known.focus()
      return known
    }
    const window = new WorkbenchWindow({
      opening,
      preload: this.#paths.preload,
      states: this.#states,
      startCore: (events) => this.#startCore(opening, events),
      closed: () => {
        this.#open.delete(window)
        const ending = window.core.stop().finally(() => this.#ending.delete(ending))
        this.#ending.add(ending)
      },
    })
    this.#open.add(window)
    return window
  }

  /** The window of a page, by its contents. */
  of(contents: { id: number }): WorkbenchWindow | undefined {
    return [...this.#open].find(({ window }) => window.webContents.id === contents.id)
  }

  /** The window that has the focus, else any. */
  get current(): WorkbenchWindow | undefined {
    const focused = BrowserWindow.getFocusedWindow()
    return [...this.#open].find(({ window }) => window === focused) ?? [...this.#open].at(-1)
  }

  /** Offers the key of the workspace in front for the clipboard. */
  copyKey(): void {
    const window = this.current
    if (window) void copyKey(window, (folder) => this.#keychain.kept(folder))
  }

  /** Resolves when every core of a closed window has ended. */
  async settled(): Promise<void> {
    await Promise.all(this.#ending)
  }

  #showing(folder: string): WorkbenchWindow | undefined {
    const wanted = real(folder)
    return [...this.#open].find((window) => window.folder !== null && real(window.folder) === wanted)
  }

  #startCore(opening: Opening, events: CoreEvents): CoreLink {
    if (opening.kind === 'attach') return new AttachedCore({ url: opening.url, token: opening.token, events })
    const { coreProcess, samples } = this.#paths
    return new CoreProcess({
      fork: () =>
        utilityProcess.fork(coreProcess, [], {
          serviceName: `Gatehouse core ${randomUUID().slice(0, 8)}`,
          stdio: 'pipe',
          env: { ...process.env, GATEHOUSE_VERSION: app.getVersion() },
        }),
      start: {
        kind: 'start',
        open: openingOf(opening),
        samples,
        node: process.env['GATEHOUSE_NODE'] ?? null,
      },
      events,
      keyFor: (folder) => this.#keychain.keyFor(folder),
    })
  }
}

function openingOf(opening: Opening): { folder: string } | { sample: string } | null {
  if (opening.kind === 'folder') return { folder: opening.folder }
  return opening.kind === 'sample' ? { sample: opening.sample } : null
}

function real(folder: string): string {
  try {
    return realpathSync(folder)
  } catch {
    return folder
  }
}
