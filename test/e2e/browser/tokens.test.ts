import { afterAll, beforeAll, expect, it } from 'vitest'
import { openRow, openWithTraffic, type Workbench } from './launch.ts'

/** What a page comes to show, however busy the machine is. */
const soon = <T>(read: () => T | Promise<T>) => expect.poll(read, { timeout: 10_000 })

let workbench: Workbench
beforeAll(async () => {
  workbench = await openWithTraffic()
}, 60_000)
afterAll(() => workbench?.close(), 20_000)

it('reads the token of a denied request, makes a better one, and tries the broken ones, by keyboard', async () => {
  const { page } = workbench
  await openRow(page, 'Role not allowed')
  await page.keyboard.press('Control+Shift+K')
  const report = page.getByRole('region', { name: 'What it says' })
  await report.getByText('request header Authorization').waitFor()
  expect(await report.locator('.token-members').last().textContent()).toContain('"reader"')
  expect(await report.getByText('takes it').count()).toBe(3)
  // The token itself is nowhere on the page.
  expect(await page.locator('body').textContent()).not.toContain('eyJ')

  await page.getByText('Make one', { exact: true }).click()
  const roles = page.getByLabel('Roles (roles)')
  const claims = page.getByLabel('Claims', { exact: true })
  // What the policies want is there before anybody writes over it.
  await soon(() => claims.inputValue()).toContain('"books"')
  await roles.fill('editor')
  expect(await claims.inputValue()).toContain('"editor"')
  await page.keyboard.press('Control+Shift+Enter')
  await report.getByText('the token just made').waitFor()
  expect(await report.getByText('refuses it').count()).toBe(3)
  await page.getByLabel('The running gateway takes tokens made here').focus()
  await page.keyboard.press('Space')
  await page.locator('.token-trusted').waitFor()
  await page.keyboard.press('Control+Shift+Enter')
  await soon(() => report.getByText('takes it').count()).toBe(3)

  const trial = page.getByRole('region', { name: 'Broken tokens' })
  await trial.getByLabel('send them too').check()
  await trial.getByRole('button', { name: 'Try', exact: true }).focus()
  await page.keyboard.press('Enter')
  await trial.getByText(/All \d+ broken tokens are refused/).waitFor({ timeout: 20_000 })
  const right = trial.getByRole('row', { name: /the right token/ })
  expect(await right.textContent()).toContain('200')
  // Each answer leads to its exchange.
  await trial
    .getByRole('row', { name: /alg: none/ })
    .getByRole('button', { name: '401' })
    .click()
  await page.locator('.traffic-row', { hasText: 'Algorithm not allowed' }).first().waitFor()
  expect(workbench.troubles).toEqual([])
}, 60_000)
