import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Page } from '@playwright/test'

/**
 * Takes the pictures under `docs/pictures` from the real window, on a fresh copy of the bookshop with its sample traffic:
 * `npm run build && node build/pictures.ts`. The ports of the sample have to be free.
 */
const root = dirname(dirname(fileURLToPath(import.meta.url)))
const pictures = join(root, 'docs', 'pictures')
const size = { width: 1440, height: 900 }

const home = mkdtempSync(join(tmpdir(), 'gatehouse-pictures-'))
const app = join(home, 'gatehouse')
mkdirSync(app)
for (const part of ['node_modules', 'package.json']) symlinkSync(join(root, part), join(app, part))
cpSync(join(root, 'dist'), join(app, 'dist'), { recursive: true, filter: (from) => !from.includes('/dist/package') })
const own = /\/(?:\.gatehouse|secrets\.enc\.yaml)(?:\/|$)/
cpSync(join(root, 'samples'), join(app, 'samples'), { recursive: true, filter: (from) => !own.test(from) })
process.env['GATEHOUSE_APP'] = app
const { launch } = await import('../test/e2e/electron/launch.ts')

const launched = await launch(home, '--sample=bookshop')
try {
  const { page } = launched
  await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' })
  await launched.app.evaluate(
    ({ BrowserWindow }, bounds) => BrowserWindow.getAllWindows()[0]!.setContentBounds({ x: 0, y: 0, ...bounds }),
    size,
  )
  await page.getByRole('button', { name: 'Send sample traffic' }).click({ timeout: 30_000 })
  await page.getByText('20 requests sent').waitFor()
  await page.locator('.traffic-scroll[aria-rowcount="21"]').waitFor()
  await page.getByText('20 exchanges recorded').waitFor()
  await page.getByText('20 requests sent').waitFor({ state: 'detached' })

  await page.locator('.traffic-row', { hasText: 'Role not allowed' }).first().click()
  await page.getByText('Denied by rbac').waitFor()
  await take(page, 'traffic')

  await page.keyboard.press('o')
  await page.locator('.monaco-editor .view-lines', { hasText: 'reader: [GET]' }).waitFor({ timeout: 20_000 })
  await page.keyboard.press('Home')
  for (const _ of '- rbac: { allow: { reader: [GET') await page.keyboard.press('ArrowRight')
  await page.keyboard.type(', PATCH')
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: '1 newly allowed', exact: true }).waitFor({ timeout: 20_000 })
  await take(page, 'policies')
} finally {
  await launched.close()
  rmSync(home, { recursive: true, force: true, maxRetries: 5 })
}

async function take(page: Page, name: string): Promise<void> {
  // The pointer would light up what it stands on.
  await page.mouse.move(size.width / 2, size.height - 4)
  await page.evaluate(() => new Promise((done) => setTimeout(done, 300)))
  await page.screenshot({ path: join(pictures, `${name}.png`) })
  console.log(join('docs', 'pictures', `${name}.png`))
}
