import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { copyBookshop, gatewayOf, launch, type LaunchedApp, makeHome } from './launch.ts'

/** The desktop app on the bookshop: from the request to the line on the screen. */
let launched: LaunchedApp
let gateway: string
const { home, clean } = makeHome()

beforeAll(async () => {
  launched = await launch(home, copyBookshop(home).folder)
}, 90_000)
afterAll(async () => {
  await launched?.close()
  clean()
}, 20_000)

describe('the bookshop in the window', () => {
  it('is open, and its gateway runs', async () => {
    gateway = await gatewayOf(launched.page)
    expect((await fetch(`${gateway}/nowhere`)).status).toBe(404)
  })

  it('shows requests as they come, with who decided and why', async () => {
    expect((await fetch(`${gateway}/books`, { method: 'POST', body: '{}' })).status).toBe(401)
    const row = launched.page.getByRole('row').filter({ hasText: '/books' }).first()
    await row.waitFor({ timeout: 10_000 })
    expect(await row.innerText()).toMatch(/401/)
    expect(await row.innerText()).toMatch(/any-of|jwt-auth|key-auth/)
  })

  it('shows what a request holds as text, never as a page', async () => {
    await fetch(`${gateway}/books?q=${encodeURIComponent('<img src=x onerror="document.title=1"><b>bold</b>')}`)
    const row = launched.page.getByRole('row').filter({ hasText: 'onerror' }).first()
    await row.waitFor({ timeout: 10_000 })
    expect(await row.locator('img, b').count()).toBe(0)
  })

  it('makes a test of a denied request by a key, and names the line that breaks it', async () => {
    const { page } = launched
    await page.locator('.traffic-row', { hasText: 'POST' }).first().click()
    await page.getByRole('tab', { name: 'Decisions' }).waitFor()
    await page.keyboard.press('Control+m')
    await page.getByText('Test written: POST /books is denied by jwt-auth').waitFor({ timeout: 10_000 })
    const screens = await page.locator('.rail-item').allInnerTexts()
    await page.keyboard.press(`Alt+${screens.findIndex((text) => text.startsWith('Tests')) + 1}`)
    const count = page.getByRole('region', { name: 'Tests' }).getByRole('status')
    await count.getByText('25 passed').waitFor({ timeout: 15_000 })
    const file = join(home, 'bookshop', 'gatehouse.yaml')
    const text = readFileSync(file, 'utf8')
    writeFileSync(
      file,
      text.replace('- path: /books\n        methods: [GET, POST]', '- path: /books\n        methods: [GET]'),
    )
    await count.getByText('1 failed').waitFor({ timeout: 15_000 })
    await page.locator('.tests-row', { hasText: 'POST /books is denied by jwt-auth' }).click()
    const failure = page.locator('.test-failure').first()
    await failure.waitFor({ timeout: 10_000 })
    expect(await failure.innerText()).toMatch(/tests\/catalogue\.yaml:\d+\s+expected\s+\S+\s+got/)
    writeFileSync(file, text)
    await count.getByText('25 passed').waitFor({ timeout: 15_000 })
  }, 60_000)

  it('is there in both themes', async () => {
    const theme = () => launched.page.evaluate(() => document.documentElement.dataset['theme'])
    for (const colorScheme of ['dark', 'light'] as const) {
      await launched.page.emulateMedia({ colorScheme })
      await expect.poll(theme).toBe(colorScheme)
    }
  })
})
