import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { type Action, listenToKeys, registerActions } from '../../../renderer/shell/actions.ts'

/** As much of an element as the keyboard asks for: what it is, and what it stands in. */
class Element {
  readonly isContentEditable = false
  readonly #selectors: readonly string[]
  readonly #within: readonly string[]
  constructor(selectors: readonly string[], within: readonly string[] = []) {
    this.#selectors = selectors
    this.#within = within
  }
  matches = (selector: string) => selector.split(', ').some((one) => this.#selectors.includes(one))
  closest = (selector: string) =>
    this.matches(selector) || selector.split(', ').some((one) => this.#within.includes(one)) ? this : null
}

const page = new EventTarget()
const button = new Element(['button'])
const tab = new Element(['button', '[role="tab"]'], ['[role="tablist"]'])
const input = new Element(['input'])
const list = new Element([])
const inDialog = new Element(['button'], ['[role="dialog"]'])

let ran: string[] = []
let unregister = () => {}
let stop = () => {}
beforeAll(() => {
  vi.stubGlobal('HTMLElement', Element)
  stop = listenToKeys(page as unknown as Window)
})
afterEach(() => {
  ran = []
  unregister()
})
afterAll(() => {
  stop()
  vi.unstubAllGlobals()
})

function declare(...shortcuts: string[]): void {
  const actions = shortcuts.map(
    (shortcut): Action => ({ id: shortcut, title: shortcut, group: 'Test', shortcut, run: () => ran.push(shortcut) }),
  )
  unregister = registerActions(actions)
}

interface Keys {
  ctrlKey?: boolean
  shiftKey?: boolean
}

function press(target: Element, key: string, keys: Keys = {}): boolean {
  const event = new Event('keydown', { cancelable: true })
  const pressed = { key, code: '', ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...keys }
  Object.defineProperties(
    event,
    Object.fromEntries(Object.entries({ ...pressed, target }).map(([name, value]) => [name, { value }])),
  )
  return !page.dispatchEvent(event)
}

describe('a key', () => {
  it.each<[string, Element, string, Keys, string[]]>([
    ['Enter on a list', list, 'Enter', {}, ['Enter']],
    ['Enter on a button presses the button', button, 'Enter', {}, []],
    ['Enter on a tab shows the tab', tab, 'Enter', {}, []],
    ['Ctrl Enter on a button', button, 'Enter', { ctrlKey: true }, ['Mod+Enter']],
    ['Ctrl Enter on a tab', tab, 'Enter', { ctrlKey: true }, ['Mod+Enter']],
    ['Ctrl Enter while typing', input, 'Enter', { ctrlKey: true }, ['Mod+Enter']],
    ['Ctrl Shift Enter is not Ctrl Enter', list, 'Enter', { ctrlKey: true, shiftKey: true }, ['Mod+Shift+Enter']],
    ['Ctrl Enter in a dialog is the dialog’s', inDialog, 'Enter', { ctrlKey: true }, []],
    ['an arrow on a list', list, 'ArrowDown', {}, ['j ArrowDown']],
    ['an arrow among tabs moves among them', tab, 'ArrowDown', {}, []],
    ['a letter on a button', button, 'j', {}, ['j ArrowDown']],
    ['a letter while typing is typed', input, 'j', {}, []],
  ])('%s', (_what, target, key, keys, runs) => {
    // In the order in which the shorter would be met first.
    declare('Enter', 'Mod+Enter', 'Mod+Shift+Enter', 'j ArrowDown')
    expect(press(target, key, keys)).toBe(runs.length > 0)
    expect(ran).toEqual(runs)
  })
})
