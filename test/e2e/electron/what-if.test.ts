import { readFileSync } from 'node:fs'
import { expect as expectPage } from '@playwright/test'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { copyBookshop, gatewayOf, launch, type LaunchedApp, makeHome, sampleKey } from './launch.ts'

/** The desktop app judges the past in a thread of its own, and answers in the window. */
let launched: LaunchedApp
let line: number
const { home, clean } = makeHome()

beforeAll(async () => {
  const { folder, file } = copyBookshop(home)
  const text = readFileSync(file, 'utf8')
  line = 1 + text.split('\n').findIndex((one) => one.includes('reader: [GET], editor: [GET, PATCH]'))
  launched = await launch(home, folder)
}, 90_000)
afterAll(async () => {
  await launched?.close()
  clean()
}, 20_000)

it('an edit says in the window what recorded traffic would meet, and leads to its line', async () => {
  const { page } = launched
  const gateway = await gatewayOf(page)
  const headers = { 'X-API-Key': sampleKey, 'Content-Type': 'application/json' }
  const answer = await fetch(`${gateway}/books/1`, { method: 'PATCH', headers, body: '{"priceCents":499}' })
  expect(answer.status).toBe(403)
  await page.getByRole('row').filter({ hasText: 'Role not allowed' }).first().waitFor()

  await page.keyboard.press('Alt+2')
  await page.locator('.code-text .view-line').first().waitFor()
  await page.locator('.code-text .monaco-editor textarea').first().focus()
  await page.keyboard.press('ControlOrMeta+Home')
  for (let at = 1; at < line; at++) await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Home')
  for (let at = 0; at < '- rbac: { allow: { reader: [GET'.length; at++) await page.keyboard.press('ArrowRight')
  await page.keyboard.type(', PATCH')
  const strip = page.getByRole('region', { name: 'What if', exact: true })
  await expectPage(strip.getByRole('button', { name: '1 newly allowed' })).toBeVisible({ timeout: 10_000 })

  await page.keyboard.press('ControlOrMeta+Shift+Y')
  const pane = page.getByRole('region', { name: /^What if: / })
  await expectPage(pane.locator('.blame-hunk')).toContainText('reader: [GET, PATCH]', { timeout: 10_000 })
  await page.keyboard.press('o')
  await expectPage(page.locator('.standing')).toContainText(`${line}:1`)
}, 60_000)
