/** What the preload script of the desktop window gives to the page as `window.gatehouse`; absent in a browser. */
export interface ElectronBridge {
  /**
   * Asks for a new port to the core. It arrives as a `message` event of the window from its own origin, whose data is
   * `gatehouse-port` and whose first port is it.
   */
  requestPort(): void
  /** Opens the system's dialog; resolves to the path, or to nothing when it was left. */
  pickFolder?(): Promise<string | undefined>
  pickFile?(kinds: readonly { name: string; extensions: readonly string[] }[]): Promise<string | undefined>
  saveFile?(name: string): Promise<string | undefined>
  /** A command of the native menu, by the id of the action that it runs. The returned function stops listening. */
  onCommand?(listener: (action: string) => void): () => void
  /** Opens one more window. */
  newWindow?(): void
}

declare global {
  interface Window {
    readonly gatehouse?: ElectronBridge
  }
}

/** The message by which the port comes. */
export const portMessage = 'gatehouse-port'
