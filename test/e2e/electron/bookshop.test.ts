import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { copySample, launch, type LaunchedApp, makeHome } from './launch.ts'

/** The desktop app on the bookshop: from the request to the line on the screen. */
let launched: LaunchedApp
let gateway: string
const { home, clean } = makeHome()

beforeAll(async () => {
  const folder = copySample(home)
  const file = join(folder, 'gatehouse.yaml')
  // Tests run side by side: each gateway takes a port that is free. And a copy has no key for the sample's secrets.
  const text = readFileSync(file, 'utf8').replace('127.0.0.1:8080', '127.0.0.1:0')
  writeFileSync(file, text.replace('${secret:mobile-app-key}', 'a-key-of-the-test-only'))
  launched = await launch(home, folder)
}, 90_000)
afterAll(async () => {
  await launched?.close()
  clean()
}, 20_000)

describe('the bookshop in the window', () => {
  it('is open, and its gateway runs', async () => {
    const address = launched.page.getByText(/127\.0\.0\.1:\d+/).first()
    await address.waitFor({ timeout: 15_000 })
    gateway = `http://${/127\.0\.0\.1:\d+/.exec(await address.innerText())![0]}`
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

  it('is there in both themes', async () => {
    const theme = () => launched.page.evaluate(() => document.documentElement.dataset['theme'])
    for (const colorScheme of ['dark', 'light'] as const) {
      await launched.page.emulateMedia({ colorScheme })
      await expect.poll(theme).toBe(colorScheme)
    }
  })
})
