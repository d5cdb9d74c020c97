import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { accessibilityFaults, openRow, openWithTraffic, type Workbench } from './launch.ts'

let workbench: Workbench
beforeAll(async () => {
  workbench = await openWithTraffic()
}, 60_000)
afterAll(() => workbench?.close(), 20_000)

const press = async (...keys: string[]) => {
  for (const key of keys) await workbench.page.keyboard.press(key)
}
const response = () => workbench.page.getByRole('region', { name: 'Response' })

it('a denied request is opened from Traffic, changed and sent again, by keyboard', async () => {
  const { page } = workbench
  await openRow(page, 'Role not allowed')
  await press('Control+Shift+R')
  await page.getByLabel('URL').waitFor()
  expect(await page.getByLabel('URL').inputValue()).toBe('/books/1')
  await press('Control+Enter')
  await response().getByText('rbac ROLE_NOT_ALLOWED').waitFor()
  // The secret of the request is a plate, never its value.
  expect(await page.getByLabel('Value of Authorization').inputValue()).toMatch(/^Bearer ⟦sealed:/)
  await page.getByLabel('Method').focus()
  await press('Control+a')
  await page.keyboard.type('GET')
  await page.getByRole('tab', { name: /^Body/ }).first().focus()
  await press('Enter')
  await page.getByRole('radio', { name: 'None' }).focus()
  await press('Enter', 'Control+Enter')
  await response().getByText('200', { exact: true }).waitFor()
  await response().getByRole('tab', { name: 'Decisions' }).focus()
  await press('Enter')
  await response().locator('.waterfall-row', { hasText: 'rbac' }).waitFor()
})

it('axe finds nothing in the parts of Replay, dark and light', async () => {
  const { page } = workbench
  expect(await accessibilityFaults(page)).toEqual([])
  const editor = page.getByRole('region', { name: 'Request', exact: true })
  await editor.getByRole('tab', { name: 'Options' }).click()
  expect(await accessibilityFaults(page)).toEqual([])
  await editor.getByRole('tab', { name: 'Auth' }).click()
}, 60_000)

it('the answers of two places are compared', async () => {
  const { page } = workbench
  await page.getByRole('button', { name: 'Gateway', exact: true }).focus()
  await press('Enter')
  await page.getByRole('menuitemcheckbox', { name: 'Upstream', exact: true }).last().click()
  await press('Control+Enter')
  await response().getByText('The answers differ').waitFor()
  await response().getByRole('row').filter({ hasText: 'x-content-type-options' }).waitFor()
})

it('curl is imported, with what is not taken by name, and kept for the team', async () => {
  const { page, folder } = workbench
  await press('Control+i')
  await page.getByLabel('Text to import').fill("curl 'http://127.0.0.1/health' -H 'X-Mine: 1' --fancy")
  await press('Control+Enter')
  await page.getByText('--fancy is not known, and not taken').waitFor()
  await press('Escape')
  await page.getByRole('button', { name: 'More' }).click()
  await page.getByRole('menuitem', { name: 'Keep in a file' }).click()
  await page.getByLabel('File in requests/').fill('mine')
  await page.getByLabel('Name', { exact: true }).fill('Is it well')
  await press('Enter')
  await page.getByRole('heading', { name: 'Is it well' }).waitFor()
  const text = readFileSync(join(folder, 'requests/mine.http'), 'utf8')
  expect(text).toBe('### Is it well\n# @name Is it well\nGET http://127.0.0.1/health\nX-Mine: 1\n')
  await page.getByLabel('URL').fill('/health')
  await press('Control+s')
  await page.getByText('Saved in requests/mine.http').waitFor()
  expect(readFileSync(join(folder, 'requests/mine.http'), 'utf8')).toContain('GET /health\n')
})

it('copies race, and are grouped by their answers', async () => {
  const { page } = workbench
  await press('Control+k')
  await page.keyboard.type('race copies')
  await press('Enter')
  await page.getByRole('textbox', { name: 'Copies' }).fill('8')
  await press('Enter')
  const race = page.getByRole('region', { name: 'What came back' })
  await race.getByRole('cell', { name: '8', exact: true }).waitFor()
  expect(await accessibilityFaults(page)).toEqual([])
  await press('Escape')
})

it('a sequence runs, and each step leads to its exchange', async () => {
  const { page } = workbench
  await page.getByRole('tab', { name: 'Sequences' }).click()
  await page.getByText('3', { exact: true }).first().waitFor()
  await press('Control+Enter')
  await page.getByText('6 passed').waitFor()
  await page.getByRole('button', { name: 'rbac ROLE_NOT_ALLOWED' }).click()
  await page.locator('.traffic-row', { hasText: 'Role not allowed' }).waitFor()
})

it('recorded traffic is sent again, and decided alike', async () => {
  const { page } = workbench
  await page.getByRole('button', { name: /^Replay/ }).click()
  await page.getByRole('tab', { name: 'Recorded traffic' }).click()
  await page.getByRole('combobox', { name: 'Query' }).fill('status:403 method:GET')
  await press('Control+Enter')
  await page.getByText(/\d+ same/).waitFor()
  expect(await accessibilityFaults(page)).toEqual([])
  expect(workbench.troubles).toEqual([])
})
