import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectPage, type Keyboard, keyboardOf } from './keyboard.ts'
import { openSmallApp, type SmallApp } from './small-app.ts'

// What was recorded is looked at again: how much of the policies it exercised, what limiters held at a moment, and one
// exchange step by step. No mouse.
let small: SmallApp
let keys: Keyboard

const yaml = `consumers:
  - { name: ana, keys: [key-of-ana], groups: [reader] }
  - { name: carla, keys: [key-of-carla], groups: [editor] }
apis:
  - name: shop
    upstream: web
    routes: [{ path: /books/* }]
    policies:
      - key-auth
      - rbac: { allow: { reader: [GET], editor: [GET, PUT] } }
      - rate-limiting: { limit: 3, window: 1h, by: consumer }
  - name: admin
    upstream: web
    routes: [{ path: /admin/* }]
    policies:
      - ip-restriction: { deny: [127.0.0.1] }
`

beforeAll(async () => {
  small = await openSmallApp({ yaml })
  keys = keyboardOf(small.page)
  const as = (key: string) => ({ headers: { 'X-API-Key': `key-of-${key}` } })
  expect(await small.ask('/books/1')).toMatch(/^401/)
  for (let count = 0; count < 3; count++) expect(await small.ask('/books/1', as('ana'))).toMatch(/^200/)
  expect(await small.ask('/books/1', as('ana'))).toMatch(/^429/)
  expect(await small.ask('/books/2', { method: 'PUT', ...as('ana') })).toMatch(/^403/)
  await expectPage(rows()).toHaveCount(6)
}, 130_000)
afterAll(() => small?.close(), 20_000)

const rows = () => small.page.locator('.traffic-row')
const table = () => small.page.getByRole('grid', { name: 'Exchanges' })
const editor = () => small.page.locator('.code-text .inputarea').first()
const region = (name: string) => small.page.getByRole('region', { name, exact: true })
const line = (at: number) => expectPage(small.page.locator('.standing')).toContainText(`${at}:`)

describe('coverage, by keyboard', () => {
  it('leads from the gutter and from an answer to its exchanges, and back to the line', async () => {
    const { page } = small
    await keys.press('Alt+2')
    await keys.at(editor())
    // In the editor Tab writes: F6 leads out of it.
    await keys.press('F6')
    const gutter = page.getByRole('group', { name: 'What live traffic did at each policy' })
    await keys.tabTo(gutter.getByRole('button', { name: /api:shop\/rbac: 5 requests, 1 denied/ }))
    await keys.press('Enter')
    await keys.at(table())
    await expectPage(rows()).toHaveCount(5)
    await keys.press('/')
    await keys.type('denied:rbac')
    await keys.press('Enter')
    await expectPage(rows()).toHaveCount(1)
    await keys.press('j')
    await expectPage(region('Exchange')).toContainText('Denied by rbac')
    await keys.press('o')
    await keys.at(editor())
    await line(13)
    await keys.press('F6', 'F6')
    await keys.tabTo(region('Answers to recorded traffic').getByRole('button', { name: /Role not allowed/ }))
    await keys.press('Enter')
    await keys.at(table())
    await expectPage(rows()).toHaveCount(1)
    await expectPage(rows()).toContainText('Role not allowed')
  }, 30_000)

  it('reports every policy, and gives the editor back', async () => {
    await keys.press('Alt+2')
    await keys.at(editor())
    await keys.press('Control+Shift+U')
    const report = region('Coverage by recorded traffic')
    await keys.at(report)
    await expectPage(report).toContainText('3 of 4 policies reached by 6 exchanges · 1 never hit')
    await keys.press('Control+Shift+U')
    await keys.at(editor())
    await keys.press('Control+Shift+U')
    await keys.tabTo(report.getByRole('button', { name: 'Show 5 exchanges of api:shop/rbac in Traffic' }))
    await keys.press('Enter')
    await keys.at(table())
    await expectPage(rows()).toHaveCount(5)
    // Who comes back another time finds the query as it was left.
    await keys.press('/', 'Escape')
    await expectPage(rows()).toHaveCount(6)
    await keys.press('Alt+2')
    await keys.at(editor())
    await keys.press('Alt+1')
    await expectPage(rows()).toHaveCount(6)
  }, 30_000)
})

describe('a moment, by keyboard', () => {
  it('shows what a limiter held then, and goes back to now', async () => {
    const { page } = small
    const slider = page.getByRole('slider', { name: 'Moment of the recorded time' })
    const state = region('State at a moment')
    await slider.waitFor()
    await keys.press('m')
    await keys.at(slider)
    await keys.press('End')
    await expectPage(state.getByRole('row', { name: /consumer:ana/ })).toContainText('3 of 3')
    await keys.press('Home')
    await expectPage(state).toContainText('No limiter, quota or session held anything at this moment')
    // From exchange to exchange, until one was counted.
    const counted = state.getByRole('row', { name: /consumer:ana/ })
    for (let left = 5; left > 0 && (await counted.count()) === 0; left--) {
      await keys.press('Shift+ArrowRight')
      await expectPage(slider).toHaveAttribute('aria-valuetext', /, [1-9]\d* exchanges?$/)
      await expectPage(state.getByRole('status')).toHaveAttribute('aria-busy', 'false')
    }
    await expectPage(counted).toContainText(/[123] of 3/)
    await keys.press('F6')
    await keys.tabTo(state.getByRole('button', { name: 'Traffic until then' }))
    await keys.press('Enter')
    await expectPage(page.getByRole('combobox', { name: 'Query' })).toHaveValue(/^time<=\d+$/)
    await expectPage(rows().filter({ hasText: '403' })).toHaveCount(0)
    await keys.press('Escape')
    await expectPage(state).toHaveCount(0)
    await keys.at(table())
  }, 30_000)
})

describe('one exchange step by step, by keyboard', () => {
  it('goes forwards and backwards, and on from a value that was changed', async () => {
    const { page } = small
    await keys.press('/')
    await keys.type('denied:rba')
    await page.getByText('Nothing matches').waitFor()
    await keys.type('c')
    await keys.press('Enter')
    // There was no table a moment ago.
    await keys.at(table())
    await expectPage(rows()).toHaveCount(1)
    await keys.press('j', '6', 'Enter')
    await keys.at(page.getByRole('tab', { name: 'Step through' }))
    const rail = page.getByRole('slider', { name: 'Step' })
    const here = page.locator('.step-here')
    await keys.tabTo(rail)
    await expectPage(here).toContainText('key-auth')
    // Nobody sees the key, though it is judged with it.
    await expectPage(region('Request')).toContainText('secret, 10 characters')
    await expectPage(page.getByText('key-of-ana')).toHaveCount(0)
    await keys.press('ArrowRight')
    await expectPage(here).toContainText('Role not allowed')
    await keys.press('ArrowLeft')
    await expectPage(here).toContainText('key-auth')
    await keys.press('n')
    await expectPage(here).toContainText('Role not allowed')

    const caller = page.getByRole('button', { name: /^Change Caller: ana in reader/ })
    await keys.tabTo(caller)
    await keys.press('Enter')
    await keys.type('carla in editor')
    await keys.press('Enter')
    await expectPage(page.locator('.hypothetical')).toContainText('step 2 caller = carla')
    await keys.at(page.getByRole('button', { name: /^Change Caller: carla in editor/ }))
    await expectPage(here).not.toContainText('Role not allowed')
    await keys.press('n')
    await expectPage(here).toContainText('rate-limiting')
    await keys.tabTo(page.getByRole('button', { name: 'As it was' }), 'Shift+Tab')
    await keys.press('Enter')
    await keys.at(rail)
    await expectPage(page.locator('.hypothetical')).toHaveCount(0)
    await keys.press('Home', 'ArrowRight')
    await expectPage(here).toContainText('Role not allowed')
    await keys.press('Escape')
    await keys.at(table())
  }, 30_000)
})
