import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Theme } from '../gateway-core/protocol/desktop.ts'

/** The theme that was chosen last, so that a window has its colour before its page runs. Anything unreadable is `system`. */
export function keptTheme(file: string): Theme {
  try {
    const kept = readFileSync(file, 'utf8').trim()
    return isTheme(kept) ? kept : 'system'
  } catch {
    return 'system'
  }
}

/** Keeps it for the next start; a disk that takes nothing costs no more than a flash. */
export function keepTheme(file: string, theme: Theme): void {
  if (keptTheme(file) === theme) return
  try {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, `${theme}\n`)
  } catch {
    // The page has the choice too.
  }
}

export function isTheme(value: unknown): value is Theme {
  return value === 'dark' || value === 'light' || value === 'system'
}
