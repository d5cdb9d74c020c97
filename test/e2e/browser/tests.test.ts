import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { accessibilityFaults, openWithTraffic, type Workbench } from './launch.ts'

let bench: Workbench
beforeAll(async () => {
  bench = await openWithTraffic()
}, 60_000)
afterAll(() => bench?.close(), 20_000)

it('makes a test of a denied exchange by keyboard, and tells which line broke it', async () => {
  const { page, folder } = bench
  await page.keyboard.press('/')
  await page.keyboard.type('denied:rbac')
  await page.keyboard.press('Enter')
  await page.waitForFunction(() => document.activeElement?.classList.contains('traffic-scroll'))
  await expect.poll(() => page.locator('.traffic-row').allInnerTexts(), { timeout: 5000 }).toHaveLength(1)
  await page.keyboard.press('j')
  await page.getByRole('tab', { name: 'Decisions' }).waitFor()
  await page.keyboard.press('Control+m')
  await page.getByText('Test written: PATCH /books/1 is denied for ben by rbac').waitFor()
  await page.locator('.tab-active, [aria-selected="true"]', { hasText: 'catalogue.yaml' }).first().waitFor()
  const made = readFileSync(join(folder, 'tests/catalogue.yaml'), 'utf8')
  expect(made).toMatch(/code: ROLE_NOT_ALLOWED \}\n$/)
  expect(made).not.toMatch(/eyJ/)

  const toTests = `Alt+${(await page.locator('.rail-item').allInnerTexts()).findIndex((text) => text.startsWith('Tests')) + 1}`
  await page.keyboard.press(toTests)
  const tests = page.getByRole('region', { name: 'Tests' })
  await tests.getByRole('status').getByText('25 passed').waitFor()

  const file = join(folder, 'gatehouse.yaml')
  const policies = readFileSync(file, 'utf8')
  writeFileSync(
    file,
    policies.replace('reader: [GET], editor: [GET, PATCH]', 'reader: [GET, PATCH], editor: [GET, PATCH]'),
  )
  await tests.getByRole('status').getByText('2 failed').waitFor()
  const detail = page.getByRole('region', { name: 'Test', exact: true })
  await detail.getByText('ROLE_NOT_ALLOWED').first().waitFor()
  expect(await detail.locator('.test-failure').first().innerText()).toMatch(
    /verdict\s+tests\/catalogue.yaml:\d+\s+expected\s+deny\s+got\s+pass/,
  )
  expect(await accessibilityFaults(page)).toEqual([])

  // The line of the expectation, in the editor.
  await page.keyboard.press('Enter')
  await page.getByRole('region', { name: 'Text' }).getByText('a reader may not write').waitFor()
  writeFileSync(file, policies)
  await page.keyboard.press(toTests)
  await tests.getByRole('status').getByText('25 passed').waitFor()
  expect(bench.troubles).toEqual([])
}, 60_000)

it('saves an exchange as a case, and opens it read-only with the same trace', async () => {
  const { page } = bench
  await page.keyboard.press('Alt+1')
  await page.locator('.traffic-row').first().click()
  await page.getByRole('tab', { name: 'Decisions' }).waitFor()
  const choose = async (action: string) => {
    await page.keyboard.press('Control+k')
    await page.getByPlaceholder('What do you want to do?').waitFor()
    await page.keyboard.type(action)
    await page.keyboard.press('Enter')
  }
  const [download] = await Promise.all([page.waitForEvent('download'), choose('save the exchange as a case')])
  expect(download.suggestedFilename()).toMatch(/^[0-9a-z]{20}\.gatehouse-case\.json$/)
  const file = await download.path()
  expect(readFileSync(file, 'utf8')).not.toMatch(/eyJ/)
  const [chooser] = await Promise.all([page.waitForEvent('filechooser'), choose('open a case')])
  await chooser.setFiles(file)
  const pane = page.getByRole('region', { name: 'Exchange' })
  await pane.getByText('A case, read-only').waitFor()
  await pane.getByText('Judged again: the same trace').waitFor()
  await pane.getByText('Denied by rbac').waitFor()
  expect(await pane.getByRole('button', { name: 'Resend' }).count()).toBe(0)
  await pane.getByRole('tab', { name: 'Request' }).click()
  await pane.getByText('priceCents').waitFor()
  // What is dropped on the screen is opened too; what is no case says so.
  const dropped = await page.evaluateHandle(() => {
    const data = new DataTransfer()
    data.items.add(new File(['{"gatehouseCase":7}'], 'x.gatehouse-case.json', { type: 'application/json' }))
    return data
  })
  await page.dispatchEvent('.traffic-screen', 'drop', { dataTransfer: dropped })
  await page.getByText('the case has format 7; format 1 is understood').waitFor()
  expect(await accessibilityFaults(page)).toEqual([])
  expect(bench.troubles).toEqual([])
}, 60_000)
