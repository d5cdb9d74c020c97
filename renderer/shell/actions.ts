import { useEffect, useRef } from 'react'
import { create } from 'zustand'
import { matchesShortcut } from '../ui/shortcut.ts'
import { tellFailure } from './notices.ts'

/**
 * Something that a person can do. Declared once: the command palette, tooltips, the keyboard, the dialog of shortcuts and
 * the native menu all take it from here.
 */
export interface Action {
  /** `traffic.resend`: screen and verb. */
  id: string
  title: string
  /** Heading in the palette and in the dialog of shortcuts. */
  group: string
  /** See `matchesShortcut`. Without a modifier it works while nobody types. */
  shortcut?: string
  /** More words to find it by. */
  keywords?: string
  /** Whether it can be done now; default: yes. Asked when the palette opens and when the key is pressed. */
  enabled?: () => boolean
  /** Not in the palette: moving about. */
  hidden?: boolean
  /** Also while somebody types in a field, though it has no modifier: Esc. */
  whileTyping?: boolean
  run(): unknown
}

interface Registry {
  actions: ReadonlyMap<string, Action>
}

export const useRegistry = create<Registry>(() => ({ actions: new Map() }))

/** Declares actions; the returned function takes them away again. */
export function registerActions(actions: readonly Action[]): () => void {
  useRegistry.setState(({ actions: known }) => {
    const next = new Map(known)
    for (const action of actions) next.set(action.id, action)
    return { actions: next }
  })
  return () =>
    useRegistry.setState(({ actions: known }) => {
      const next = new Map(known)
      for (const action of actions) if (next.get(action.id) === action) next.delete(action.id)
      return { actions: next }
    })
}

/** Declares actions while the component is shown. What `run` does may change with each render; which actions there are may not. */
export function useActions(actions: readonly Action[]): void {
  const latest = useRef(actions)
  latest.current = actions
  useEffect(() => {
    const find = (id: string) => latest.current.find((action) => action.id === id)
    return registerActions(
      latest.current.map((action) => ({
        ...action,
        enabled: () => find(action.id)?.enabled?.() ?? true,
        run: () => find(action.id)?.run(),
      })),
    )
  }, [])
}

/** Runs an action by its id; failures are shown. Nothing happens when there is none or it cannot be done now. */
export function runAction(id: string): void {
  const action = useRegistry.getState().actions.get(id)
  if (action && (action.enabled?.() ?? true)) run(action)
}

/** The shortcut of an action, for tooltips and buttons. */
export function useShortcut(id: string): string | undefined {
  return useRegistry(({ actions }) => actions.get(id)?.shortcut)
}

function run(action: Action): void {
  try {
    Promise.resolve(action.run()).catch(tellFailure)
  } catch (error) {
    tellFailure(error)
  }
}

/** Runs the actions by their keys. */
export function listenToKeys(target: Window): () => void {
  const listen = (event: KeyboardEvent) => {
    if (event.defaultPrevented || event.isComposing) return
    const typing = isTyping(event.target)
    for (const action of useRegistry.getState().actions.values()) {
      if (!action.shortcut || !matchesShortcut(action.shortcut, event)) continue
      if (typing && !/Mod\+|Alt\+/.test(action.shortcut) && !action.whileTyping) continue
      if (ownsKey(event) || !(action.enabled?.() ?? true)) continue
      event.preventDefault()
      run(action)
      return
    }
  }
  target.addEventListener('keydown', listen)
  return () => target.removeEventListener('keydown', listen)
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || target.matches('input, textarea, select, [role="textbox"]'))
  )
}

/** Enter alone presses the button that has the focus, arrows move within tabs, menus and dialogs: those keys are taken. */
function ownsKey(event: KeyboardEvent): boolean {
  if (!(event.target instanceof HTMLElement)) return false
  if (event.target.closest('[role="dialog"], [role="menu"]')) return true
  const { key } = event
  if (event.ctrlKey || event.metaKey || event.altKey) return false
  if (key === 'Enter' || key === ' ') return event.target.matches('button, a, summary, [role="tab"]')
  return key.startsWith('Arrow') && event.target.closest('[role="tablist"], [role="separator"], [role="tree"]') !== null
}

/** Actions by their heading, in the order in which the headings first appear. */
export function byGroup(actions: readonly Action[]): [group: string, members: Action[]][] {
  const groups = new Map<string, Action[]>()
  for (const action of actions) groups.set(action.group, [...(groups.get(action.group) ?? []), action])
  return [...groups]
}
