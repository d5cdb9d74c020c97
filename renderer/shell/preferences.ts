import { create } from 'zustand'

export type Theme = 'dark' | 'light' | 'system'

const themeKey = 'gatehouse theme'

/** The theme that was chosen; `system` follows the desktop. */
export const useTheme = create<{ theme: Theme; setTheme(theme: Theme): void }>((set) => ({
  theme: readTheme(),
  setTheme(theme) {
    localStorage.setItem(themeKey, theme)
    set({ theme })
  },
}))

function readTheme(): Theme {
  const kept = localStorage.getItem(themeKey)
  return kept === 'dark' || kept === 'light' ? kept : 'system'
}

/** Whether the page is light now. */
export function isLight(theme: Theme): boolean {
  return theme === 'light' || (theme === 'system' && matchMedia('(prefers-color-scheme: light)').matches)
}

/** Keeps `data-theme` of the page as it was chosen, also when the desktop changes its own. */
export function followTheme(): void {
  const apply = () => {
    document.documentElement.dataset['theme'] = isLight(useTheme.getState().theme) ? 'light' : 'dark'
  }
  apply()
  useTheme.subscribe(apply)
  matchMedia('(prefers-color-scheme: light)').addEventListener('change', apply)
}
