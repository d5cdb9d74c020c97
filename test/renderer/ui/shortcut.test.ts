import { describe, expect, it } from 'vitest'
import { matchesShortcut, type Pressed, shortcutKeys } from '../../../renderer/ui/shortcut.ts'

const press = (key: string, more: Partial<Pressed> = {}): Pressed => ({
  key,
  code: '',
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  ...more,
})

describe('a shortcut', () => {
  it.each<[string, Pressed, boolean, boolean]>([
    ['Mod+K', press('k', { ctrlKey: true }), false, true],
    ['Mod+K', press('k', { metaKey: true }), true, true],
    ['Mod+K', press('k', { ctrlKey: true }), true, false],
    ['Mod+K', press('k'), false, false],
    ['Mod+Shift+C', press('C', { ctrlKey: true, shiftKey: true }), false, true],
    ['Mod+R', press('R', { ctrlKey: true, shiftKey: true }), false, false],
    ['Mod+Enter', press('Enter', { ctrlKey: true }), false, true],
    ['Mod+Enter', press('Enter', { ctrlKey: true, shiftKey: true }), false, false],
    ['Mod+Shift+Enter', press('Enter', { ctrlKey: true, shiftKey: true }), false, true],
    ['Mod+Shift+Enter', press('Enter', { ctrlKey: true }), false, false],
    ['Mod+Shift+Backspace', press('Backspace', { ctrlKey: true }), false, false],
    ['PageDown', press('PageDown', { shiftKey: true }), false, false],
    ['j ArrowDown', press('ArrowDown'), false, true],
    ['j ArrowDown', press('j', { ctrlKey: true }), false, false],
    ['?', press('?', { shiftKey: true }), false, true],
    ['?', press('?'), false, true],
    ['/', press('/', { shiftKey: true }), false, true],
    ['Alt+1', press('¡', { altKey: true, code: 'Digit1' }), true, true],
    ['Mod++', press('+', { ctrlKey: true }), false, true],
  ])('%s is pressed or not', (shortcut, pressed, mac, matches) => {
    expect(matchesShortcut(shortcut, pressed, mac)).toBe(matches)
  })

  it('is shown by its keys', () => {
    expect(shortcutKeys('Mod+Shift+C', false)).toEqual(['Ctrl', 'Shift', 'C'])
    expect(shortcutKeys('Mod+Shift+C', true)).toEqual(['⌘', '⇧', 'C'])
    expect(shortcutKeys('Mod++', false)).toEqual(['Ctrl', '+'])
    expect(shortcutKeys('j ArrowDown', false)).toEqual(['j'])
  })
})
