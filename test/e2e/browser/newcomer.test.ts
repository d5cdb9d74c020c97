import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openRow, openWorkbench, type Workbench } from './launch.ts'

let workbench: Workbench
beforeAll(async () => {
  workbench = await openWorkbench()
}, 60_000)
afterAll(() => workbench?.close(), 20_000)

describe('a newcomer', () => {
  it('finds the denied request, its reason and its line, changes it, and sees the next request pass', async () => {
    const { page, folder } = workbench
    await page.getByRole('heading', { name: 'No requests yet' }).waitFor()
    await page.getByRole('button', { name: 'Send sample traffic' }).click()
    await page.getByText('20 requests sent').waitFor()
    await openRow(page, 'rbac')
    const answer = page.locator('.answer')
    expect(await answer.textContent()).toContain('Denied by rbac')
    expect(await answer.textContent()).toContain('one of the roles editor, admin for PATCH')
    expect(await answer.textContent()).toContain('reader: [GET], editor: [GET, PATCH]')
    await answer.getByRole('button', { name: /gatehouse\.yaml:\d+/ }).waitFor()

    // The line is changed on disk, as with any editor.
    const file = join(folder, 'gatehouse.yaml')
    const changed = readFileSync(file, 'utf8').replace(
      'reader: [GET], editor: [GET, PATCH]',
      'reader: [GET, PATCH], editor: [GET, PATCH]',
    )
    writeFileSync(file, changed)
    await page.getByText('when judged').first().waitFor()
    expect(await answer.textContent()).toContain('reader: [GET, PATCH]')

    // The same request once more: now it passes.
    await page.keyboard.press('Control+k')
    await page.keyboard.type('send sample')
    await page.keyboard.press('Enter')
    const passed = page.locator('.traffic-row', { hasText: 'PATCH' }).filter({ hasText: 'ben' }).first()
    await expect.poll(() => passed.textContent(), { timeout: 10_000 }).toContain('200')
    expect(await passed.textContent()).toContain('pass')
    expect(workbench.troubles).toEqual([])
  }, 40_000)

  it('comes from the denial to the line in the editor', async () => {
    const { page } = workbench
    await openRow(page, 'rbac')
    await page.getByRole('button', { name: 'Open in Policies' }).click()
    await expect.poll(() => page.getByRole('button', { name: 'Policies' }).getAttribute('aria-current')).toBe('page')
    await page.locator('.monaco-editor').first().waitFor({ timeout: 15_000 })
    await page.keyboard.press('Alt+1')
    await page.locator('.traffic-row').first().waitFor()
  }, 30_000)
})
