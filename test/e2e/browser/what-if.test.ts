import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { expect as expectPage } from '@playwright/test'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { openCaptures } from '../../../gateway-core/capture/store.ts'
import { accessibilityFaults, openWithTraffic, type Workbench } from './launch.ts'

// As a person does it, by keyboard: an edit, what it would do, which exchange, why, and the line that makes it so.
let workbench: Workbench
let page: Page
let line: number
beforeAll(async () => {
  workbench = await openWithTraffic()
  page = workbench.page
  const lines = readFileSync(join(workbench.folder, 'gatehouse.yaml'), 'utf8').split('\n')
  line = 1 + lines.findIndex((text) => text.includes('reader: [GET], editor: [GET, PATCH]'))
}, 60_000)
afterAll(async () => {
  await workbench?.close()
  // The language service trips over half a line and says so in the console; it goes on.
  expect(workbench?.troubles.filter((one) => !one.startsWith('monaco-yaml'))).toEqual([])
}, 20_000)

const strip = () => page.getByRole('region', { name: 'What if', exact: true })
const pane = () => page.getByRole('region', { name: /^What if: / })

async function goToLine(at: number): Promise<void> {
  await page
    .locator('.code-text .monaco-editor textarea, .code-text .monaco-editor .native-edit-context')
    .first()
    .focus()
  await page.keyboard.press('ControlOrMeta+Home')
  for (let to = 1; to < at; to++) await page.keyboard.press('ArrowDown')
}

/** Writes `[GET, PATCH]` where readers have `[GET]`. */
async function letReadersChange(): Promise<void> {
  await goToLine(line)
  await page.keyboard.press('Home')
  for (let at = 0; at < '- rbac: { allow: { reader: [GET'.length; at++) await page.keyboard.press('ArrowRight')
  await page.keyboard.type(', PATCH')
}

describe('what if', () => {
  it('waits for an edit, and judges nothing before', async () => {
    await page.keyboard.press('Alt+2')
    await page.locator('.code-text .view-line').first().waitFor()
    await expectPage(strip()).toContainText('20 exchanges are judged again as you type')
    await expectPage(strip().getByRole('button', { name: 'newly allowed' })).toHaveCount(0)
  })

  it('counts what the edit would do, as one types', async () => {
    await letReadersChange()
    // The first question reads the capture.
    await expectPage(strip().getByRole('button', { name: '1 newly allowed' })).toBeVisible({ timeout: 15_000 })
    await expectPage(strip().getByRole('button', { name: '0 newly denied' })).toBeVisible()
    await expectPage(strip()).toContainText(/20 judged in [\d.]+ m?s/)
    await expectPage(strip()).toContainText(/\d+ reused/)
    // The line that does it says so.
    await expectPage(
      page.getByRole('button', { name: `Line ${line}, by the edit 1 newly allowed. List them.` }),
    ).toBeVisible()
  }, 40_000)

  it('lists them by a key, under both versions, with the line that makes the difference', async () => {
    await page.keyboard.press('ControlOrMeta+Shift+Y')
    const list = pane().getByRole('listbox')
    await expectPage(list).toBeFocused()
    await expectPage(list.getByRole('option')).toHaveCount(1)
    await expectPage(list.getByRole('option')).toContainText('PATCH /books/1')
    await expectPage(list).toContainText('rbac')
    const compare = pane().locator('.compare')
    await expectPage(compare).toContainText('This alone makes it so')
    await expectPage(compare.locator('.blame-hunk')).toContainText('reader: [GET, PATCH]')
    const first = compare.locator('tr[data-first="true"]')
    await expectPage(first.locator('td').first()).toContainText('rbac')
    await expectPage(first.locator('td').first()).toContainText('denied')
    await expectPage(first.locator('td').last()).toContainText('reader')
    await expectPage(page.locator('.what-if-blamed')).toBeVisible()
  })

  it('finds the smallest request that shows it, and gives it as curl and as a test', async () => {
    await page.keyboard.press('s')
    const shrunk = pane().getByLabel('Smallest request')
    await expectPage(shrunk.locator('pre')).toContainText('PATCH /books/1', { timeout: 10_000 })
    await expectPage(shrunk.locator('pre')).not.toContainText('User-Agent')
    await shrunk.getByRole('button', { name: 'Copy as test' }).click()
    await expectPage(page.getByText('Copied as policy test')).toBeVisible()
    const test = await page.evaluate(() => navigator.clipboard.readText())
    expect(test).toContain('ROLE_NOT_ALLOWED')
    expect(test).not.toMatch(/eyJ/)
  })

  it('has nothing that axe finds, dark and light', async () => {
    expect(await accessibilityFaults(page)).toEqual([])
  }, 60_000)

  it('goes to the line by a key', async () => {
    await pane().getByRole('listbox').focus()
    await page.keyboard.press('o')
    await expectPage(page.locator('.standing')).toContainText(`${line}:1`)
    await expectPage(pane().getByRole('listbox')).not.toBeFocused()
  })

  it('says why a text cannot be judged, and keeps the last counts in grey', async () => {
    await page.keyboard.press('End')
    await page.keyboard.type(' x: [')
    await expectPage(strip()).toHaveAttribute('data-state', 'problem')
    await expectPage(strip()).toContainText('gatehouse.yaml:')
    await expectPage(strip().getByRole('button', { name: '1 newly allowed' })).toBeVisible()
    await expectPage(strip()).toHaveAttribute('data-stale', 'true')
    for (let at = 0; at < ' x: ['.length; at++) await page.keyboard.press('Backspace')
    await page.keyboard.press('Delete')
    await expectPage(strip()).not.toHaveAttribute('data-state', 'problem')
  })

  it('is over when the text is as it was saved', async () => {
    for (let at = 0; at < 20; at++) await page.keyboard.press('ControlOrMeta+z')
    await expectPage(page.locator('[data-standing]')).toHaveText('saved · in force')
    await expectPage(strip()).toContainText('20 exchanges are judged again as you type')
    await expectPage(pane()).toHaveCount(0)
  })
})

describe('coverage', () => {
  it('leads from a count to exactly these exchanges, and from a trace back to the line', async () => {
    await page.keyboard.press('ControlOrMeta+Shift+U')
    const report = page.getByRole('region', { name: 'Coverage by recorded traffic' })
    await expectPage(report).toContainText(/\d+ of \d+ policies reached by 20 exchanges/)
    await expectPage(report.getByText('never hit').first()).toBeVisible()
    await report.getByRole('button', { name: `${line} rbac` }).click()
    await page.keyboard.press('ControlOrMeta+Shift+U')
    const branch = page
      .getByRole('region', { name: 'Answers to recorded traffic' })
      .getByRole('button', { name: /Role not/ })
    const count = Number(/(\d+)$/.exec((await branch.textContent())!)![1])
    await branch.click()
    const rows = page.locator('.traffic-row')
    await expectPage(rows).toHaveCount(count)
    await expectPage(rows.first()).toContainText('Role not allowed')
    await rows.first().click()
    await page.getByRole('button', { name: /Open in Policies/ }).click()
    await expectPage(page.locator('.standing')).toContainText(`${line}:1`)
  })
})

describe('time', () => {
  it('shows what limiters held at a moment, by keyboard', async () => {
    await page.keyboard.press('Alt+1')
    await page.keyboard.press('Escape')
    await page.getByRole('combobox', { name: 'Query' }).fill('')
    await expectPage(page.locator('.traffic-row')).toHaveCount(20)
    await page.locator('.traffic-scroll').focus()
    await page.keyboard.press('m')
    const slider = page.getByRole('slider', { name: 'Moment of the recorded time' })
    await expectPage(slider).toBeFocused()
    await expectPage(slider).toHaveAttribute('aria-valuetext', 'now')
    await page.keyboard.press('End')
    const state = page.getByRole('region', { name: 'State at a moment' })
    await expectPage(state.getByRole('row').filter({ hasText: 'rate-limiting' }).first()).toContainText('of 80')
    await page.keyboard.press('Home')
    await expectPage(state).toContainText(/held anything at this moment|counters? held something/)
    await page.keyboard.press('Escape')
    await expectPage(state).toHaveCount(0)
  })

  it('goes through an exchange step by step, and on from a value that was changed', async () => {
    await page.locator('.traffic-row', { hasText: 'Role not allowed' }).first().click()
    await page.keyboard.press('6')
    const rail = page.getByRole('slider', { name: 'Step' })
    await expectPage(rail).toHaveAttribute('aria-valuenow', '1')
    // It is judged with the token that was sent; nobody sees it.
    await expectPage(page.getByRole('region', { name: 'Request', exact: true })).toContainText(
      /Bearer secret, \d+ characters/,
    )
    await page.keyboard.press('n')
    await page.keyboard.press('n')
    await page.keyboard.press('p')
    await expectPage(rail).toHaveAttribute('aria-valuenow', '2')
    await page
      .getByRole('button', { name: /^Change Client|^Change Caller/ })
      .first()
      .waitFor()
    await rail.focus()
    // On to the step that denied, and back to one where the caller is known.
    await page.keyboard.press('End')
    await expectPage(page.locator('.step-here')).toContainText('ROLE_NOT_ALLOWED')
    const marks = await page
      .locator('.step-mark')
      .evaluateAll((all) => all.map((mark) => mark.getAttribute('title') ?? ''))
    const at = marks.findIndex((title) => title.startsWith('rbac'))
    await page.keyboard.press('Home')
    for (let to = 0; to < at; to++) await page.keyboard.press('ArrowRight')
    await page.getByRole('button', { name: /^Change Caller/ }).click()
    await page.keyboard.press('ControlOrMeta+a')
    await page.keyboard.type('carla in admin')
    await page.keyboard.press('Enter')
    await expectPage(page.locator('.hypothetical')).toContainText('caller = carla')
    await rail.focus()
    await page.keyboard.press('End')
    await expectPage(page.locator('.step-here')).not.toContainText('ROLE_NOT_ALLOWED')
    await page.getByRole('button', { name: 'As it was' }).click()
    await expectPage(page.locator('.step-here')).toContainText('ROLE_NOT_ALLOWED')
  })
})

describe('a message of a WebSocket', () => {
  it('that an edit would change is named, and shown as it came and as it would go on', async () => {
    const socket = new WebSocket(`${(await workbench.gateway()).replace('http', 'ws')}/ws`)
    await once(socket, 'message')
    const echo = once(socket, 'message')
    socket.send('{"word":"sesame"}')
    await echo
    socket.close()
    await once(socket, 'close')
    // What is not written yet is not judged.
    const captures = openCaptures(workbench.folder)
    const isWritten = () =>
      captures.list({ query: 'path:/ws' }).some(({ id, state }) => {
        return state === 'done' && captures.countMessages(id) > 2
      })
    await expectPage.poll(isWritten, { timeout: 15_000 }).toBe(true)
    captures.close()
    await page.keyboard.press('Alt+2')
    await page.locator('.code-text .view-line').first().waitFor()
    const lines = readFileSync(join(workbench.folder, 'gatehouse.yaml'), 'utf8').split('\n')
    await goToLine(1 + lines.findIndex((text) => text.includes('- request-size-limiting: { url: 2kb')))
    await page.keyboard.press('End')
    await page.keyboard.press('Enter')
    await page.keyboard.type('- data-mask: { apply: [request], fields: [/word] }')
    await strip().getByRole('button', { name: '1 transformed' }).click({ timeout: 15_000 })
    const compare = pane().locator('.compare')
    const message = compare.getByRole('region', { name: /^Message \d+ from the client$/ })
    await expectPage(message).toContainText('sesame')
    await expectPage(message).toContainText('{"word":"[masked]"}')
    await expectPage(compare.locator('tr[data-first="true"]')).toContainText('data-mask')
    await page.keyboard.press('s')
    await expectPage(pane().getByLabel('Smallest request').locator('pre')).toContainText('→ {"word":"sesame"}')
    expect(await accessibilityFaults(page)).toEqual([])
  }, 60_000)
})
