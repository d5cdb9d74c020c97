import { expect as expectPage } from '@playwright/test'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openPolicies, type PoliciesPage, policyLine } from './policies-page.ts'

let at: PoliciesPage
beforeAll(async () => {
  at = await openPolicies()
}, 40_000)
afterAll(() => at?.close())

// One text, one step after the other.
describe('the editor knows the workspace', { timeout: 30_000 }, () => {
  test('completes what the schema of the core allows, under the page’s content security policy', async () => {
    await at.goTo(13)
    await at.page.keyboard.press('End')
    await at.page.keyboard.press('Enter')
    await at.page.keyboard.type('- rate-l')
    await at.page.keyboard.press('Control+Space')
    const list = at.page.locator('.suggest-widget')
    await expectPage(list.getByText('rate-limiting').first()).toBeVisible()
    await at.page.keyboard.press('Escape')
    for (let step = 0; step < 4; step++) await at.page.keyboard.press('ControlOrMeta+z')
  })

  test('completes names of the workspace where one is wanted', async () => {
    await at.editLine(10, 'upstream: ')
    await at.page.keyboard.press('Control+Space')
    await expectPage(at.page.locator('.suggest-widget.visible').getByText('api', { exact: true })).toBeVisible()
    await at.page.keyboard.press('Escape')
    await at.page.keyboard.press('ControlOrMeta+k')
    await at.page.getByRole('option', { name: /Discard the edits/ }).click()
    await expectPage(at.page.locator('[data-standing]')).toHaveText('saved · in force')
  })

  test('explains a policy on hover', async () => {
    await at.page.locator('.view-line').getByText('request-size-limiting').first().hover()
    await expectPage(
      at.page
        .locator('.monaco-hover')
        .filter({ hasText: /limit|size|larger|bytes/i })
        .first(),
    ).toBeVisible()
  })

  test('goes to where a name is defined', async () => {
    await at.goTo(10)
    await at.page.keyboard.press('End')
    await at.page.keyboard.press('F12')
    await expectPage(at.page.locator('.standing')).toContainText('6:3')
  })

  test('renames it everywhere', async () => {
    await at.goTo(10)
    await at.page.keyboard.press('End')
    await at.page.keyboard.press('F2')
    const input = at.page.locator('.rename-input')
    await input.fill('backend')
    await at.page.keyboard.press('Enter')
    await expectPage(at.page.locator('.view-lines')).toContainText('upstream: backend')
    await at.page.keyboard.press('ControlOrMeta+s')
    await expectPage(at.page.locator('[data-standing]')).toHaveText('saved · in force')
    expect(at.read()).toContain('  backend: { url: ')
    expect(at.read().split('\n')[policyLine - 1]).toBe('policies: [{ ip-restriction: { deny: [127.0.0.0/8] } }]')
  })

  test('wrote nothing to the console but what it should', () => {
    expect(at.said).toEqual([])
  })
})
