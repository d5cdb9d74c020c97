import type { Page } from '@playwright/test'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { accessibilityFaults, openRow, openWithTraffic, openWorkbench, type Workbench } from './launch.ts'

let workbench: Workbench
beforeAll(async () => {
  workbench = await openWithTraffic()
}, 60_000)
afterAll(() => workbench?.close(), 20_000)

const tab = (name: string) => async (page: Page) => {
  await page
    .getByRole('tab', { name, exact: name === 'Request' })
    .first()
    .click()
}

const shown = (keys: string, text: string) => async (page: Page) => {
  await page.keyboard.press(keys)
  await page.getByText(text).first().waitFor()
}

const states: [string, (page: Page) => Promise<void>][] = [
  ['the table', async () => {}],
  ['a denial', (page) => openRow(page, 'Role not allowed')],
  ['a step with claims', (page) => page.locator('.waterfall-row', { hasText: 'jwt-auth' }).click()],
  ['a request', tab('Request')],
  ['a response', tab('Response')],
  ['what was changed', tab('Original')],
  ['its steps', shown('6', 'add a header')],
  [
    'a moment',
    async (page) => {
      await page.keyboard.press('m')
      await page.keyboard.press('ArrowLeft')
      await page.getByText('Traffic until then').waitFor()
    },
  ],
  [
    'completions',
    async (page) => {
      await page.keyboard.press('Escape')
      await page.getByRole('combobox', { name: 'Query' }).pressSequentially('sta')
    },
  ],
  ['a query that cannot be read', (page) => page.getByRole('combobox', { name: 'Query' }).fill('status:abc')],
  ['nothing found', (page) => page.getByRole('combobox', { name: 'Query' }).fill('status:599')],
  ['the palette', (page) => page.keyboard.press('Control+k')],
  [
    'the shortcuts',
    async (page) => {
      await page.keyboard.type('keyboard')
      await page.keyboard.press('Enter')
      await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor()
    },
  ],
  [
    'another workspace',
    async (page) => {
      await page.keyboard.press('Escape')
      await page.keyboard.press('Control+o')
    },
  ],
  [
    'a menu',
    async (page) => {
      await page.keyboard.press('Escape')
      await page.getByRole('button', { name: 'bookshop' }).first().click()
      await page.getByRole('menu').waitFor()
    },
  ],
  [
    'the columns',
    async (page) => {
      await page.keyboard.press('Escape')
      await page.getByRole('combobox', { name: 'Query' }).fill('')
      await page.getByRole('button', { name: 'Columns' }).click()
      await page.getByRole('menu').waitFor()
    },
  ],
  [
    'policies',
    async (page) => {
      await page.keyboard.press('Escape')
      await page.keyboard.press('Alt+2')
      await page.locator('.monaco-editor').first().waitFor()
    },
  ],
  [
    'sealed secrets',
    async (page) => {
      await page.getByRole('treeitem', { name: 'secrets.enc.yaml' }).click()
      await page.getByText('gatehouse secret set').waitFor()
    },
  ],
  [
    'policies without a file',
    async (page) => {
      for (const name of ['secrets.enc.yaml', 'gatehouse.yaml']) await page.getByTitle(`Close ${name}`).click()
      await page.getByText('What a policy did stands here').waitFor()
    },
  ],
  ['intercept', shown('Alt+3', 'Stop a message in flight')],
  ['replay', shown('Alt+4', 'No request is open')],
  ['the token lab', tab('Token lab')],
  ['the tests', shown('Alt+5', 'Policy tests')],
  ['the problems', shown('Control+Shift+M', 'The files of the workspace load as they are')],
  [
    'own traffic',
    async (page) => {
      await page.keyboard.press('Escape')
      await page.keyboard.press('Control+k')
      await page.keyboard.type('watch your own')
      await page.keyboard.press('Enter')
      await page.getByRole('dialog', { name: 'Your own traffic' }).waitFor()
    },
  ],
  [
    'a lost connection',
    async (page) => {
      await workbench.crash()
      await page.getByRole('alert').first().waitFor()
    },
  ],
]

// One after the other: each state is reached from the one before.
it.each(states)(
  'axe finds nothing in %s, dark and light',
  async (_name, reach) => {
    await reach(workbench.page)
    expect(await accessibilityFaults(workbench.page)).toEqual([])
  },
  30_000,
)

it('axe finds nothing on the welcome screen', async () => {
  const empty = await openWorkbench({ empty: true })
  try {
    await empty.page.getByRole('heading', { name: 'What do you have?' }).waitFor()
    expect(await accessibilityFaults(empty.page)).toEqual([])
  } finally {
    await empty.close()
  }
}, 60_000)
