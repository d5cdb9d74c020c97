import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { keepTheme, keptTheme } from '../../electron/kept-theme.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-theme-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

it('gives back what was kept', () => {
  const file = join(folder, 'desktop', 'theme')
  expect(keptTheme(file)).toBe('system')
  keepTheme(file, 'light')
  expect(keptTheme(file)).toBe('light')
  keepTheme(file, 'system')
  expect(keptTheme(file)).toBe('system')
})

it.each(['', 'blue', '\0\0'])('takes an unreadable file for no choice: %j', (text) => {
  const file = join(folder, 'theme')
  writeFileSync(file, text)
  expect(keptTheme(file)).toBe('system')
})

it('does without a disk', () => {
  writeFileSync(join(folder, 'file'), '')
  keepTheme(join(folder, 'file', 'theme'), 'dark')
  expect(keptTheme(join(folder, 'file', 'theme'))).toBe('system')
})
