import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openWithTraffic, openWorkbench, type Workbench } from './launch.ts'

let workbench: Workbench
beforeAll(async () => {
  workbench = await openWithTraffic()
}, 60_000)
afterAll(() => workbench?.close(), 20_000)

describe('the shell', () => {
  it('has its frame and its theme before anything of it runs, and says what it waits for', async () => {
    const { context, page } = workbench
    const early = await context.newPage()
    await early.addInitScript(() => localStorage.setItem('gatehouse theme', 'light'))
    await early.route(/\/assets\/index-.*\.js$/, (route) => route.abort())
    await early.goto(page.url())
    await early.getByRole('heading', { name: 'Gatehouse' }).waitFor()
    expect(await early.evaluate(() => document.documentElement.dataset['theme'])).toBe('light')
    expect((await early.locator('.rail').boundingBox())!.width).toBe((await page.locator('.rail').boundingBox())!.width)
    await early.unroute(/\/assets\/index-.*\.js$/)
    await early.routeWebSocket(/\/rpc$/, () => undefined)
    await early.reload()
    await early.getByText('Connecting to the core').waitFor()
    await early.evaluate(() => localStorage.removeItem('gatehouse theme'))
    await early.close()
  })

  it('finds any command by a few letters', async () => {
    const { page } = workbench
    await page.keyboard.press('Control+k')
    await page.keyboard.type('light th')
    await page.keyboard.press('Enter')
    await page.waitForFunction(() => document.documentElement.dataset['theme'] === 'light')
    await page.keyboard.press('Control+k')
    await page.keyboard.type('theme of the sys')
    await page.keyboard.press('Enter')
    await page.waitForFunction(() => document.documentElement.dataset['theme'] === 'dark')
    await page.keyboard.press('Control+k')
    await page.keyboard.type('go to t')
    const first = page.getByRole('option').first()
    expect(await first.textContent()).toContain('Go to Tests')
    expect(await first.getAttribute('aria-selected')).toBe('true')
    await page.keyboard.press('ArrowDown')
    expect(await page.locator('[role="option"][aria-selected="true"]').textContent()).toContain('Go to Traffic')
    await page.keyboard.press('Escape')
  })

  it('stops and starts the gateway', async () => {
    const { page } = workbench
    await page.getByRole('button', { name: 'Stop the gateway' }).click()
    await page.locator('.header-address', { hasText: 'stopped' }).waitFor()
    await page.getByRole('button', { name: 'Start the gateway' }).click()
    await page.locator('.header-address', { hasText: '127.0.0.1' }).waitFor()
    expect((await fetch(`${await workbench.gateway()}/health`)).status).toBe(200)
  })

  it('says which environment is active, and switches it', async () => {
    const { page } = workbench
    await page.getByRole('button', { name: 'Environment local' }).click()
    await page.getByRole('menuitemcheckbox', { name: 'staging' }).click()
    await page.getByRole('button', { name: 'Environment staging' }).waitFor()
    await page.keyboard.press('Control+k')
    await page.keyboard.type('environment local')
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Environment local' }).waitFor()
  })

  it('shows what keeps the files from loading where one looks, and takes it away when it is mended', async () => {
    const { page, folder } = workbench
    const file = join(folder, 'gatehouse.yaml')
    const good = readFileSync(file, 'utf8')
    writeFileSync(file, good.replace('policies:', 'polices:'))
    const trouble = page.getByRole('alert').filter({ hasText: 'The files do not load' })
    await trouble.waitFor()
    await trouble.getByRole('button').click()
    await page.getByRole('dialog').getByText('policies').first().waitFor()
    await page.keyboard.press('Escape')
    writeFileSync(file, good)
    await trouble.waitFor({ state: 'detached' })
    await page.getByText('no problems').waitFor()
  }, 20_000)

  it('leads from the number of denials to the denials', async () => {
    const { page } = workbench
    await page.locator('.header-denied').click()
    expect(await page.getByRole('combobox', { name: 'Query' }).inputValue()).toBe('verdict:deny time>-1m')
    await page.getByRole('combobox', { name: 'Query' }).fill('')
  })

  it('goes on when one screen breaks, says so there, and shows it again', async () => {
    const { page } = workbench
    // A preload that is aborted may leave its import waiting; a module that throws ends at once.
    const broken = { contentType: 'text/javascript', body: 'throw new Error("the screen broke")' }
    await page.route(/\/assets\/tests-screen-.*\.js$/, (route) => route.fulfill(broken))
    // A page that was loaded before the route began may wait for a module for ever.
    await page.reload()
    await page.locator('.traffic-row').first().waitFor()
    await page.keyboard.press('Alt+5')
    const fault = page.getByRole('alert').filter({ hasText: 'Tests cannot be shown' })
    await fault.getByText('the screen broke').waitFor()
    await page.keyboard.press('Alt+1')
    await page.locator('.traffic-row').first().waitFor()
    await page.keyboard.press('Alt+5')
    await fault.waitFor()
    await page.unroute(/\/assets\/tests-screen-.*\.js$/)
    await fault.getByRole('button', { name: 'Load the window again' }).click()
    await page.locator('.traffic-row').first().waitFor()
    await page.keyboard.press('Alt+5')
    await page.getByRole('region', { name: 'Tests' }).waitFor()
    await page.keyboard.press('Alt+1')
    await page.locator('.traffic-row').first().waitFor()
  }, 20_000)

  it('names every key in the dialog of shortcuts', async () => {
    const { page } = workbench
    await page.locator('.traffic-scroll').focus()
    await page.keyboard.press('?')
    const dialog = page.getByRole('dialog', { name: 'Keyboard shortcuts' })
    expect(await dialog.textContent()).toContain('Resend the request')
    await page.keyboard.press('Escape')
  })

  it('says that the core is gone, and keeps what was seen', async () => {
    const { page } = workbench
    await expect.poll(() => page.locator('.traffic-row').count()).toBeGreaterThan(10)
    await workbench.crash()
    await page.getByText('The connection to the core is lost').waitFor()
    expect(await page.locator('.traffic-row').count()).toBeGreaterThan(10)
  })
})

describe('the welcome screen', () => {
  let empty: Workbench
  beforeAll(async () => {
    empty = await openWorkbench({ empty: true })
  }, 60_000)
  afterAll(() => empty?.close(), 20_000)

  it('says what is wrong with a folder that is none', async () => {
    const { page } = empty
    await page.getByRole('tab', { name: /A workspace folder/ }).click()
    await page.getByLabel(/^Folder/).fill('/nowhere/at/all')
    await page.keyboard.press('Enter')
    await page.getByText(/There is no folder \/nowhere\/at\/all/).waitFor()
  })

  it('brings the first own request on the screen from a URL alone', async () => {
    const { page } = empty
    const api = createServer((_request, response) => response.end('hello')).listen(0, '127.0.0.1')
    await new Promise((resolve) => api.once('listening', resolve))
    const { port } = api.address() as { port: number }
    await page.getByRole('tab', { name: /A running API/ }).click()
    await page.getByLabel('Address of the API').fill(`http://127.0.0.1:${port}`)
    await page.getByRole('button', { name: 'Observe' }).click()
    await page.getByRole('heading', { name: 'No requests yet' }).waitFor()
    expect(await (await fetch(`${await empty.gateway()}/my/own`)).text()).toBe('hello')
    await page.locator('.traffic-row', { hasText: '/my/own' }).waitFor()
    api.close()
    expect(empty.troubles).toEqual([])
  }, 20_000)
})
