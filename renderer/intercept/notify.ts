import { create } from 'zustand'
import { desktop } from '../core/desktop.ts'

const key = 'gatehouse notify held'

/** Whether the desktop says so when something is held while nobody looks. Only where a person asked for it. */
export const useNotify = create<{ on: boolean }>(() => ({ on: localStorage.getItem(key) === 'yes' }))

export async function setNotify(on: boolean): Promise<boolean> {
  const allowed = on && (desktop !== undefined || (await Notification.requestPermission()) === 'granted')
  localStorage.setItem(key, allowed ? 'yes' : 'no')
  useNotify.setState({ on: allowed })
  return allowed === on
}

let last: Notification | undefined

/** Says it once, until somebody looks. */
export function tellHeld(count: number): void {
  if (!useNotify.getState().on || document.hasFocus()) return
  if (desktop) {
    desktop.tellHeld(count)
    return
  }
  last?.close()
  last = new Notification('Gatehouse', {
    body: count === 1 ? 'A message is held at a breakpoint.' : `${count} messages are held at breakpoints.`,
    silent: true,
  })
}
