/** A key that was pressed, as the browser tells it. */
export interface Pressed {
  key: string
  code: string
  ctrlKey: boolean
  metaKey: boolean
  altKey: boolean
  shiftKey: boolean
}

export const isMac = typeof navigator !== 'undefined' && /mac/i.test(navigator.platform)

/**
 * Whether a shortcut was pressed. Written as `Mod+K`, `Alt+1`, `Shift+?`, `j`, `ArrowDown`; `Mod` is ⌘ on a Mac and Ctrl
 * elsewhere. Alternatives stand with a space between. Shift has to be pressed where it is written and only there, but for signs like
 * `?`: whether one is typed with Shift is up to the keyboard.
 */
export function matchesShortcut(shortcut: string, pressed: Pressed, mac = isMac): boolean {
  return shortcut.split(' ').some((one) => matchesOne(one, pressed, mac))
}

function matchesOne(shortcut: string, pressed: Pressed, mac: boolean): boolean {
  const parts = partsOf(shortcut)
  const key = parts.at(-1)!
  const wants = (name: string) => parts.slice(0, -1).includes(name)
  const mod = mac ? pressed.metaKey : pressed.ctrlKey
  const other = mac ? pressed.ctrlKey : pressed.metaKey
  if (mod !== wants('Mod') || other || pressed.altKey !== wants('Alt')) return false
  if (wants('Shift') !== pressed.shiftKey && (wants('Shift') || !isSign(key))) return false
  // With Alt a Mac types other characters: the digit is known by its place on the keyboard.
  if (wants('Alt') && /^\d$/.test(key)) return pressed.code === `Digit${key}`
  return pressed.key.toLowerCase() === key.toLowerCase()
}

const isSign = (key: string) => /^[^a-z0-9]$/i.test(key)

/** `Mod++` names the plus key. */
function partsOf(shortcut: string): string[] {
  return shortcut.endsWith('++') ? [...shortcut.slice(0, -2).split('+'), '+'] : shortcut.split('+')
}

const names: Readonly<Record<string, string>> = {
  ArrowDown: '↓',
  ArrowUp: '↑',
  ArrowLeft: '←',
  ArrowRight: '→',
  Escape: 'Esc',
  Enter: '↵',
}

/** The keys as they stand in tooltips: `['Ctrl', 'K']`; of alternatives the first. */
export function shortcutKeys(shortcut: string, mac = isMac): string[] {
  return partsOf(shortcut.split(' ')[0]!).map((key) => {
    if (key === 'Mod') return mac ? '⌘' : 'Ctrl'
    if (key === 'Alt' && mac) return '⌥'
    if (key === 'Shift' && mac) return '⇧'
    return names[key] ?? (key.length === 1 ? (shortcut.includes('+') ? key.toUpperCase() : key) : key)
  })
}
