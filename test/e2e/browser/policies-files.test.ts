import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect as expectPage } from '@playwright/test'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { accessibilityFaults } from './launch.ts'
import { openPolicies, type PoliciesPage } from './policies-page.ts'

let at: PoliciesPage
beforeAll(async () => {
  at = await openPolicies()
}, 40_000)
afterAll(() => at?.close())

const row = (name: string) => at.page.getByRole('treeitem', { name })
const list = () => at.page.locator('.suggest-widget.visible')

// One workspace, one step after the other.
describe('files of the workspace', { timeout: 30_000 }, () => {
  test('a new one begins with a text of its kind, by keyboard', async () => {
    await at.page.keyboard.press('ControlOrMeta+Alt+n')
    const dialog = at.page.getByRole('dialog', { name: 'New file' })
    await dialog.getByRole('radio', { name: 'OpenAPI' }).click()
    await dialog.getByLabel('Path in the workspace').fill('openapi/../shop.yaml')
    await at.page.keyboard.press('Enter')
    await expectPage(dialog).toContainText('from the workspace on')
    await dialog.getByLabel('Path in the workspace').fill('openapi/shop.yaml')
    await at.page.keyboard.press('Enter')
    await expectPage(at.page.getByRole('tab', { name: 'shop.yaml' })).toHaveAttribute('aria-selected', 'true')
    await expectPage(at.page.locator('.view-lines')).toContainText('operationId')
    expect(at.read('openapi/shop.yaml')).toContain('openapi: 3.1.0')
  })

  test('an OpenAPI document is completed and explained by the schema of its version', async () => {
    await at.goTo(8)
    await at.page.keyboard.press('End')
    await at.page.keyboard.press('Enter')
    await at.page.keyboard.press('Control+Space')
    // The first one loads the language's worker and the schema.
    await expectPage(list().getByText('requestBody', { exact: true })).toBeVisible({ timeout: 15_000 })
    await at.page.keyboard.press('Escape')
    await at.page.keyboard.press('ControlOrMeta+z')
    await at.page.keyboard.press('ArrowUp')
    await at.page.keyboard.press('Home')
    await at.page.keyboard.press('Shift+F1')
    await expectPage(at.page.locator('.monaco-hover:visible')).toContainText('Reads.')
    await at.page.keyboard.press('Escape')
  })

  test('one that is named elsewhere is renamed there too', async () => {
    const before = at.read()
    at.write(before.replace('  - name: api\n', '  - name: api\n    openapi: openapi/shop.yaml\n'))
    await row('shop.yaml').focus()
    await at.page.keyboard.press('F2')
    const dialog = at.page.getByRole('dialog', { name: 'Rename the file' })
    await dialog.getByLabel('Path in the workspace').fill('openapi/v2.yaml')
    await at.page.keyboard.press('Enter')
    await expectPage(row('v2.yaml')).toBeVisible()
    await expectPage(dialog).toHaveCount(0)
    expect(at.read()).toContain('    openapi: openapi/v2.yaml\n')
    await expectPage(at.page.getByRole('tab', { name: 'v2.yaml' })).toBeVisible()
    at.write(before)
  })

  test('one is deleted when it is meant', async () => {
    await row('v2.yaml').click({ button: 'right' })
    await at.page.getByRole('menuitem', { name: 'Delete…' }).click()
    const dialog = at.page.getByRole('dialog', { name: 'Delete the file' })
    await expectPage(dialog).toContainText('openapi/v2.yaml goes from disk')
    await at.page.keyboard.press('Escape')
    expect(existsSync(join(at.folder, 'openapi/v2.yaml'))).toBe(true)
    await row('v2.yaml').focus()
    await at.page.keyboard.press('Delete')
    expect(await accessibilityFaults(at.page)).toEqual([])
    await dialog.getByRole('button', { name: 'Delete' }).click()
    // While the dialog is open nothing behind it has a role.
    await expectPage(dialog).toHaveCount(0)
    await expectPage(row('v2.yaml')).toHaveCount(0)
    expect(existsSync(join(at.folder, 'openapi/v2.yaml'))).toBe(false)
    expect(readFileSync(join(at.folder, 'gatehouse.yaml'), 'utf8')).not.toContain('v2.yaml')
  })
})
