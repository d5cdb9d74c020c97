import { expect as expectPage } from '@playwright/test'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { accessibilityFaults } from './launch.ts'
import { openPolicies, type PoliciesPage, policyLine, toPolicies } from './policies-page.ts'

const openLine = 'policies: [{ ip-restriction: { deny: [10.0.0.0/8] } }]'
let at: PoliciesPage

beforeEach(async () => {
  at = await openPolicies()
}, 40_000)
afterEach(() => at.close())

const standing = () => at.page.locator('[data-standing]')

describe('the Policies screen', { timeout: 60_000 }, () => {
  test('from a denied request to the next one that passes', async () => {
    expect(await at.send()).toBe(403)
    const label = at.page.getByRole('button', { name: /ip-restriction: 1 request, 1 denied/ })
    await expectPage(label).toBeVisible()
    const before = at.read()

    await at.editLine(policyLine, openLine)
    await expectPage(standing()).toHaveText('edited, not saved: the saved text stays in force')
    expect(await at.send()).toBe(403)

    await at.page.keyboard.press('ControlOrMeta+s')
    await expectPage(standing()).toHaveText('saved · in force')
    expect(await at.send()).toBe(200)
    const lines = before.split('\n')
    lines[policyLine - 1] = openLine
    expect(at.read()).toBe(lines.join('\n'))
  })

  test('a slip is marked as one types, and mended by what was meant', async () => {
    await at.editLine(policyLine, openLine.replace('ip-restriction', 'ip-restricton'))
    const problems = at.page.getByRole('region', { name: 'Problems' })
    await expectPage(problems).toContainText('Did you mean "ip-restriction"?')
    await problems.getByRole('button', { name: 'Fix' }).click()
    await expectPage(problems).toContainText('no problems')
    await at.page.keyboard.press('ControlOrMeta+s')
    await expectPage(standing()).toHaveText('saved · in force')
    expect(at.read()).toContain(openLine)
  })

  test('saved with a problem: the last good revision stays, and both are told apart', async () => {
    await at.editLine(policyLine, 'policies: [{ ip-restriction: { deny: 7 } }]')
    await at.page.keyboard.press('ControlOrMeta+s')
    await expectPage(standing()).toHaveText('saved, but has problems: the last good revision is in force')
    expect(await at.send()).toBe(403)
  })

  test('a change on disk is taken over where nothing is edited, and merged with other lines', async () => {
    at.write(at.read().replace('lets nobody in', 'lets some in'))
    await expectPage(at.page.locator('.view-lines')).toContainText('some in')
    await at.editLine(policyLine, openLine)
    at.write(`${at.read()}# added by someone else\n`)
    await expectPage(at.page.locator('.banner')).toContainText('Both edits are in the text')
    await at.page.keyboard.press('ControlOrMeta+s')
    await expectPage(standing()).toHaveText('saved · in force')
    expect(at.read()).toContain(openLine)
    expect(at.read()).toContain('# added by someone else')
  })

  test('two edits of one line are asked about, and neither is lost', async () => {
    await at.editLine(policyLine, openLine)
    const theirs = at.read().replace('127.0.0.0/8', '172.16.0.0/12')
    at.write(theirs)
    const banner = at.page.getByRole('alert').filter({ hasText: 'lines that you edited too' })
    await expectPage(banner).toBeVisible()
    await at.page.keyboard.press('ControlOrMeta+s')
    await expectPage(at.page.locator('.diff')).toBeVisible()
    expect(at.read()).toBe(theirs)
    await banner.getByRole('button', { name: 'Keep mine' }).click()
    await at.page.keyboard.press('ControlOrMeta+s')
    await expectPage(standing()).toHaveText('saved · in force')
    expect(at.read()).toContain(openLine)
  })

  test('text that was not saved survives the page', async () => {
    await at.editLine(policyLine, openLine)
    await at.page.reload()
    await toPolicies(at.page)
    await expectPage(at.page.locator('.banner')).toContainText('Text that was not saved is back')
    await expectPage(standing()).toContainText('edited, not saved')
    await at.page.getByRole('button', { name: 'Discard it' }).click()
    await expectPage(standing()).toHaveText('saved · in force')
  })

  test('a policy is added where the cursor is, and undo takes it back', async () => {
    const before = at.read()
    await at.goTo(14)
    await at.page.keyboard.press('ControlOrMeta+j')
    await at.page.getByPlaceholder(/What should it do/).fill('rate')
    await at.page.keyboard.press('Enter')
    await expectPage(at.page.locator('.view-lines')).toContainText('rate-limiting')
    await expectPage(standing()).toContainText('edited, not saved')
    await at.page.locator('.code-text').click()
    await at.page.keyboard.press('ControlOrMeta+z')
    await expectPage(standing()).toHaveText('saved · in force')
    expect(at.read()).toBe(before)
  })

  test('axe finds nothing, dark and light', async () => {
    await at.send()
    await at.editLine(policyLine, openLine.replace('deny', 'dney'))
    await expectPage(at.page.getByRole('region', { name: 'Problems' })).toContainText('Did you mean')
    expect(await accessibilityFaults(at.page)).toEqual([])
  })
})
