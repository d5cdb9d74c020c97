import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { copySample, launch, type LaunchedApp, makeHome } from './launch.ts'

let launched: LaunchedApp
const { home, clean } = makeHome()

beforeAll(async () => {
  const folder = copySample(home)
  const file = join(folder, 'gatehouse.yaml')
  const text = readFileSync(file, 'utf8').replace('127.0.0.1:8080', '127.0.0.1:0')
  writeFileSync(file, text.replace('${secret:mobile-app-key}', 'a-key-of-the-test-only'))
  launched = await launch(home, folder)
}, 90_000)
afterAll(async () => {
  await launched?.close()
  clean()
}, 20_000)

it('a denied request is opened, given a key and sent again, by keyboard', async () => {
  const { page } = launched
  const address = page.getByText(/127\.0\.0\.1:\d+/).first()
  await address.waitFor({ timeout: 15_000 })
  const gateway = `http://${/127\.0\.0\.1:\d+/.exec(await address.innerText())![0]}`
  expect((await fetch(`${gateway}/books/1`)).status).toBe(401)
  await page.locator('.traffic-row', { hasText: '/books/1' }).first().click()
  await page.getByRole('tab', { name: 'Decisions' }).waitFor()
  await page.keyboard.press('Control+Shift+R')
  await page.getByLabel('URL').waitFor()
  await page.keyboard.press('Control+Enter')
  const response = page.getByRole('region', { name: 'Response' })
  await response.locator('.chip', { hasText: '401' }).waitFor()
  await page.getByLabel('Name of a new field').focus()
  await page.keyboard.type('X-API-Key')
  await page.keyboard.press('Tab')
  await page.keyboard.type('a-key-of-the-test-only')
  await page.keyboard.press('Control+Enter')
  // The key is right: what is missing now is only the upstream.
  await response.locator('.chip', { hasText: '502' }).waitFor({ timeout: 15_000 })
  expect(await page.getByLabel('Value of X-API-Key').inputValue()).toMatch(/^⟦sealed:/)
  expect(await page.locator('body').innerText()).not.toContain('a-key-of-the-test-only')
})
