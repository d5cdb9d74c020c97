import type { DesktopBridge } from '../../gateway-core/protocol/desktop.ts'

declare global {
  interface Window {
    /** Only in the desktop app. */
    readonly gatehouse?: DesktopBridge
  }
}

/** What the desktop app offers; undefined in a browser. */
export const desktop: DesktopBridge | undefined = window.gatehouse
