import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectPage, type Keyboard, keyboardOf } from './keyboard.ts'
import { openSmallApp, type SmallApp } from './small-app.ts'

// An exchange becomes a test that keeps an edit from breaking it, and a file that shows a colleague the same. No mouse.
let small: SmallApp
let keys: Keyboard

const yaml = `consumers:
  - { name: ana, keys: [key-of-ana], groups: [reader] }
apis:
  - name: shop
    upstream: web
    routes: [{ path: /books/* }]
    policies:
      - key-auth
      - rbac: { allow: { reader: [GET], editor: [GET, PUT] } }
`
const tests = `tests:
  - name: nobody gets in without a key
    request: GET /books/1
    expect: { verdict: deny, code: KEY_MISSING }
`

beforeAll(async () => {
  small = await openSmallApp({ yaml, files: { 'tests/shop.yaml': tests } })
  keys = keyboardOf(small.page)
  const body = '{"priceCents":499}'
  const headers = { 'X-API-Key': 'key-of-ana', 'Content-Type': 'application/json' }
  expect(await small.ask('/books/2', { method: 'PUT', headers, body })).toMatch(/^403/)
  expect(await small.ask('/books/3')).toMatch(/^401/)
  await expectPage(rows()).toHaveCount(2)
}, 130_000)
afterAll(() => small?.close(), 20_000)

const rows = () => small.page.locator('.traffic-row')
const table = () => small.page.getByRole('grid', { name: 'Exchanges' })
const editor = () => small.page.locator('.code-text .inputarea').first()
const region = (name: string) => small.page.getByRole('region', { name, exact: true })
const exchange = () => region('Exchange')
const list = () => small.page.getByRole('listbox', { name: 'Tests' })
const count = (text: string) => region('Tests').getByRole('status').getByText(text).waitFor()
const found = (text: string | RegExp) => region('Exchange').getByText(text).first().waitFor()

/** Opens a file in the editor by its name. */
async function openFile(name: string): Promise<void> {
  await keys.press('Alt+2', 'Control+p')
  await small.page.getByRole('dialog').waitFor()
  await keys.type(name)
  await keys.press('Enter')
  await expectPage(
    small.page.locator('.files-tab[data-active="true"], [role="tab"][aria-selected="true"]'),
  ).toContainText(name)
  await keys.at(editor())
}

describe('a policy test, by keyboard', () => {
  const name = 'PUT /books/2 is denied for ana by rbac'

  it('is made of an exchange by one key, and passes', async () => {
    const { page, folder } = small
    await keys.press('/')
    await keys.type('denied:rbac')
    await keys.press('Enter')
    await expectPage(rows()).toHaveCount(1)
    await keys.press('j')
    await found('Denied by rbac')
    await keys.press('Control+m')
    await page.getByText(`Test written: ${name}`).waitFor()
    await keys.at(editor())
    const made = readFileSync(join(folder, 'tests/shop.yaml'), 'utf8')
    expect(made).toContain(name)
    expect(made).not.toContain('key-of-ana')
    await keys.press('Alt+5')
    await keys.at(list())
    await count('2 passed')
    await keys.press('a')
    await count('2 passed')
  }, 30_000)

  it('fails after an edit that breaks it, and says why and where', async () => {
    const { page } = small
    await openFile('gatehouse.yaml')
    await keys.press('Control+Home', ...Array.from({ length: 11 }, () => 'ArrowDown'), 'End')
    await keys.press(...Array.from({ length: ', editor: [GET, PUT] } }'.length + 1 }, () => 'ArrowLeft'))
    await keys.type(', PUT')
    await keys.press('Control+s')
    await expectPage(page.locator('[data-standing]')).toHaveText('saved · in force')
    await keys.press('Alt+5')
    await count('1 failed')
    const detail = region('Test')
    await detail.getByText(name).first().waitFor()
    expect(await detail.locator('.test-failure').first().innerText()).toMatch(
      /verdict\s+tests\/shop\.yaml:\d+\s+expected\s+deny\s+got\s+pass/,
    )
    await keys.at(list())
    await expectPage(list().getByRole('option', { selected: true })).toContainText(name)
    await keys.press('Enter')
    await keys.at(editor())
    await expectPage(page.getByRole('tab', { selected: true })).toContainText('shop.yaml')
    await openFile('gatehouse.yaml')
    await keys.press(...Array.from({ length: ', PUT'.length }, () => 'Control+z'))
    await keys.press('Control+s')
    await keys.press('Alt+5')
    await count('2 passed')
    await keys.press('c')
    await keys.at(region('Coverage by tests'))
    await expectPage(region('Coverage by tests')).toContainText('2 of 2 policies reached by 2 requests')
    await keys.press('c')
    await keys.at(list())
  }, 30_000)
})

/** Opens a file by the dialog of the system. */
async function openCase(file: string): Promise<void> {
  const { page } = small
  await Promise.all([
    page.waitForEvent('filechooser').then((chooser) => chooser.setFiles(file)),
    keys.command('open a case'),
  ])
}

describe('a case, by keyboard', () => {
  it('is saved from an exchange and opened again, with the same trace', async () => {
    const { page, app, home } = small
    const file = join(home, 'denied.gatehouse-case.json')
    await app.evaluate(({ dialog }, filePath) => {
      dialog.showSaveDialog = () => Promise.resolve({ canceled: false, filePath })
    }, file)
    await keys.press('Alt+1')
    await found('Denied by rbac')
    await keys.command('save the exchange as a case')
    await page.getByText('Case saved: it holds no secret').waitFor()
    expect(readFileSync(file, 'utf8')).not.toContain('key-of-ana')
    await keys.press('Escape')
    await expectPage(exchange()).toHaveCount(0)
    await openCase(file)
    await found('A case, read-only')
    await found('Judged again: the same trace')
    await found('Denied by rbac')
    await keys.press('Enter')
    await keys.at(page.getByRole('tab', { name: 'Decisions' }))
    await keys.press('ArrowRight')
    await found('priceCents')
    await keys.press('Escape')
    await keys.at(table())
  }, 30_000)

  it('that comes out otherwise, does not load or is none says so', async () => {
    const { page, home } = small
    const text = readFileSync(join(home, 'denied.gatehouse-case.json'), 'utf8')
    const file = join(home, 'other.gatehouse-case.json')
    writeFileSync(file, text.replace('reader: [GET]', 'reader: [GET, PUT]'))
    await openCase(file)
    await found('Judged again it differs at rbac, verdict: recorded deny, here pass')
    // The same exchange out of another file, in the place of the one before.
    writeFileSync(file, text.replace('apis:', 'apiz:'))
    await openCase(file)
    await found(/Not judged again, its files do not load here: gatehouse\.yaml:\d+:1 unknown key "apiz"/)
    writeFileSync(file, '{"gatehouseCase":7}')
    await openCase(file)
    await page.getByText('the case has format 7; format 1 is understood').waitFor()
  }, 30_000)
})
