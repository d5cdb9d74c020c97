import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openSmallApp, type SmallApp } from './small-app.ts'

/** What a page comes to show, however busy the machine is. */
const soon = <T>(read: () => T | Promise<T>) => expect.poll(read, { timeout: 10_000 })

let small: SmallApp
let answers = 0
const key = 'a-key-of-the-test-only'
const nasty = '<img src=x onerror="document.title=1">'

const yaml = `consumers: [{ name: tester, keys: [${key}] }]
apis:
  - { name: closed, upstream: web, routes: [{ path: /closed/* }], policies: [key-auth] }
  - name: tokens
    upstream: web
    routes: [{ path: /tokens/* }]
    policies: [{ jwt-auth: { issuer: http://127.0.0.1:9, audience: books, algorithms: [RS256] } }]
  - { name: open, upstream: web }
`
const sequence = `name: Two steps
steps:
  - name: ask
    request: GET /first
    capture: { path: /path }
    expect: { status: 200 }
  - name: use
    request: GET /second?of={{path}}
    expect: { status: 200, json: { /path: "/second?of=/first" } }
`

beforeAll(async () => {
  small = await openSmallApp({
    yaml,
    files: { 'sequences/two.yaml': sequence },
    answer: (request, response) => {
      response.setHeader('Content-Type', 'application/json')
      response.end(JSON.stringify({ path: request.url, number: ++answers, nasty }))
    },
  })
}, 130_000)
afterAll(() => small?.close(), 20_000)

const response = () => small.page.getByRole('region', { name: 'Response' })
const press = async (...keys: string[]) => {
  for (const one of keys) await small.page.keyboard.press(one)
}
const command = async (text: string) => {
  await press('Control+k')
  await small.page.keyboard.type(text)
  await press('Enter')
}

describe('Replay in the desktop app', () => {
  it('opens a denied request, gives it a key and sends it again, by keyboard', async () => {
    const { page, ask } = small
    expect(await ask('/closed/1')).toMatch(/^401/)
    await page.locator('.traffic-row', { hasText: '/closed/1' }).first().waitFor()
    await press('j', 'Enter')
    await page.getByRole('tab', { name: 'Decisions' }).waitFor()
    await press('Control+Shift+R')
    await page.getByLabel('URL').waitFor()
    await press('Control+Enter')
    await response().locator('.chip', { hasText: '401' }).waitFor()
    await page.getByLabel('Name of a new field').focus()
    await page.keyboard.type('X-API-Key')
    await press('Tab')
    await page.keyboard.type(key)
    await press('Control+Enter')
    await response().locator('.chip', { hasText: '200' }).waitFor()
    expect(await page.getByLabel('Value of X-API-Key').inputValue()).toMatch(/^⟦sealed:/)
    expect(await page.locator('body').innerText()).not.toContain(key)
    // What a server says is text, never a page.
    await response().getByText('onerror').first().waitFor()
    expect(await page.locator('.replay img').count()).toBe(0)
  }, 60_000)

  it('compares two places, and leaves out what always differs', async () => {
    const { page } = small
    await page.getByRole('button', { name: 'Gateway', exact: true }).focus()
    await press('Enter')
    await page.getByRole('menuitemcheckbox', { name: 'Upstream', exact: true }).last().focus()
    await press('Enter')
    await press('Control+Enter')
    await response().getByText('The answers differ').waitFor()
    const row = response().getByRole('row').filter({ hasText: '/number' })
    await row.getByRole('button').first().focus()
    await press('Enter')
    await row.waitFor({ state: 'detached' })
  }, 30_000)

  it('imports a command, and races copies of it', async () => {
    const { page } = small
    await press('Control+i')
    await page.getByLabel('Text to import').fill(`curl 'http://127.0.0.1/raced' -H 'X-Mine: 1'`)
    await press('Control+Enter')
    await soon(() => page.getByLabel('URL').inputValue()).toContain('/raced')
    await page.getByLabel('URL').fill('/raced')
    await command('race copies')
    await page.getByRole('textbox', { name: 'Copies' }).fill('8')
    await press('Enter')
    const race = page.getByRole('region', { name: 'What came back' })
    await race.getByRole('row').nth(1).waitFor()
    await press('Escape')
  }, 30_000)

  it('runs a sequence, in which one answer is used in the next request', async () => {
    const { page } = small
    await page.getByRole('tab', { name: 'Sequences' }).focus()
    await press('Enter')
    await page.getByText('Two steps').first().waitFor()
    await press('Control+Enter')
    await page.getByText('2 passed').waitFor()
  }, 30_000)

  it('sends recorded traffic again, and compares what is decided', async () => {
    const { page } = small
    await page.getByRole('tab', { name: 'Recorded traffic' }).focus()
    await press('Enter')
    await page.getByRole('combobox', { name: 'Query' }).fill('path:/closed/1 status:401')
    await press('Control+Enter')
    await page.getByText(/\d+ same/).waitFor()
  }, 30_000)

  it('keeps a request in a file of the workspace', async () => {
    const { page, folder } = small
    await page.getByRole('tab', { name: 'Requests' }).focus()
    await press('Enter')
    await page.getByLabel('URL').waitFor()
    await command('keep in a file')
    await page.getByLabel('File in requests/').fill('mine')
    await page.getByLabel('Name', { exact: true }).fill('Raced')
    await press('Enter')
    await page.getByRole('heading', { name: 'Raced' }).waitFor()
    expect(readFileSync(join(folder, 'requests/mine.http'), 'utf8')).toContain('# @name Raced\nGET /raced\nX-Mine: 1\n')
    await command('add the request to a sequence')
    await page.getByLabel('Sequence in sequences/').fill('two')
    await press('Enter')
    await page.getByText('Step 3 of sequences/two.yaml').waitFor()
    await press('Control+Enter')
    await page.getByText('3 passed').waitFor()
  }, 30_000)
})

describe('the token lab in the desktop app', () => {
  it('makes a token, lets the gateway take it, and tries the broken ones', async () => {
    const { page } = small
    await page.getByRole('tab', { name: 'Token lab' }).focus()
    await press('Enter')
    const report = page.getByRole('region', { name: 'What it says' })
    await page.getByText('Make one', { exact: true }).click()
    const claims = page.getByLabel('Claims', { exact: true })
    await soon(() => claims.inputValue()).toContain('"books"')
    await press('Control+Shift+Enter')
    await report.getByText('refuses it').waitFor()
    await page.getByLabel('The running gateway takes tokens made here').focus()
    await press('Space')
    await page.locator('.token-trusted').waitFor()
    await press('Control+Shift+Enter')
    await report.getByText('takes it').waitFor()
    const trial = page.getByRole('region', { name: 'Broken tokens' })
    await trial.getByRole('button', { name: 'Try', exact: true }).focus()
    await press('Enter')
    await trial.getByText(/All \d+ broken tokens are refused/).waitFor({ timeout: 20_000 })
  }, 60_000)

  it('reads what is pasted, shows hostile claims as text, and never the token itself', async () => {
    const { page } = small
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const token = `${part({ alg: 'RS256', kid: nasty })}.${part({ sub: nasty, exp: 1 })}.c2ln`
    await page.getByText('Read one', { exact: true }).click()
    await page.getByRole('textbox').first().fill(token)
    const report = page.getByRole('region', { name: 'What it says' })
    await report.getByText('onerror').first().waitFor()
    expect(await page.locator('.replay img').count()).toBe(0)
    expect(await page.title()).not.toBe('1')
  }, 30_000)
})
