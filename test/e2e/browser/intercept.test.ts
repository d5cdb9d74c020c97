import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { accessibilityFaults, openWorkbench, type Workbench } from './launch.ts'

/** What a page comes to show, however busy the machine is. */
const soon = <T>(read: () => T | Promise<T>) => expect.poll(read, { timeout: 10_000 })

let workbench: Workbench
let gateway: string
beforeAll(async () => {
  workbench = await openWorkbench()
  gateway = await workbench.gateway()
}, 60_000)
afterAll(() => workbench?.close(), 20_000)

const head = () => workbench.page.getByLabel('Start line and headers')
const body = () => workbench.page.getByRole('textbox', { name: 'Body' })
const badge = () => workbench.page.locator('.held-badge')
const focused = () => workbench.page.evaluate(() => document.activeElement?.id ?? '')

/** Goes to the screen and writes a breakpoint, by keyboard only. */
async function stop(query: string): Promise<void> {
  const { page } = workbench
  await page.keyboard.press('Alt+3')
  await page.getByRole('combobox', { name: 'Query' }).waitFor()
  await page.evaluate(() => (document.activeElement as HTMLElement).blur())
  await page.keyboard.press('/')
  await page.keyboard.type(query)
  await page.keyboard.press('Enter')
  await page.locator('.breakpoints li', { hasText: query }).waitFor()
}

async function clearBreakpoints(): Promise<void> {
  const { page } = workbench
  const remove = page.getByRole('button', { name: /^Remove the breakpoint/ })
  for (let left = await remove.count(); left > 0; left--) {
    await remove.first().click()
    await soon(() => remove.count()).toBe(left - 1)
  }
}

describe('a held request', () => {
  it('is edited and let go by keyboard, and Traffic shows the original beside it', async () => {
    const { page } = workbench
    await stop('method:GET path:/health')
    const answer = fetch(`${gateway}/health?before=1`, { headers: { 'X-One': '1' } })
    await head().waitFor()
    expect(await badge().textContent()).toBe('1 held')
    // It came into the editor, and the focus stayed where it was.
    expect(await focused()).not.toBe('held-head')
    await head().focus()
    await page.keyboard.press('Control+Home')
    await page.keyboard.press('Shift+End')
    await page.keyboard.type('GET /health?after=2')
    await page.keyboard.press('Control+End')
    await page.keyboard.type('X-Added: by hand\n')
    await page.keyboard.press('Control+Enter')
    expect((await answer).status).toBe(200)
    await page.getByText('Waiting for a match').waitFor()
    await page.keyboard.press('Alt+1')
    await page.locator('.traffic-row', { hasText: '/health?after=2' }).first().click()
    await page.getByRole('tab', { name: 'Original ↔ modified' }).click()
    const shown = page.getByRole('region', { name: 'Breakpoints and rules' })
    await shown.getByText('Edited at a breakpoint').waitFor()
    const text = await shown.textContent()
    expect(text).toContain('GET /health?before=1')
    expect(text).toContain('GET /health?after=2')
    expect(text).toContain('X-Added: by hand')
  }, 30_000)

  it('is answered by hand, and dropped', async () => {
    const { page } = workbench
    await page.keyboard.press('Alt+3')
    const answer = fetch(`${gateway}/health`)
    await head().waitFor()
    await page.keyboard.press('Control+Shift+E')
    await page.getByText('your answer').waitFor()
    await head().fill('418 Short\nX-By: hand\n')
    await body().fill('short and stout')
    await page.keyboard.press('Control+Enter')
    const got = await answer
    expect([got.status, got.headers.get('x-by'), await got.text()]).toEqual([418, 'hand', 'short and stout'])
    const dropped = fetch(`${gateway}/health`).catch(() => 'no answer')
    await head().waitFor()
    await page.keyboard.press('Control+Shift+Backspace')
    expect(await dropped).toBe('no answer')
    await clearBreakpoints()
  }, 30_000)

  it('goes on, and the answer to it is held', async () => {
    const { page } = workbench
    await stop('path:/health')
    const answer = fetch(`${gateway}/health`)
    await head().waitFor()
    await page.keyboard.press('Control+Shift+H')
    await page.locator('.held-row', { hasText: '← response' }).waitFor()
    await soon(() => head().inputValue()).toMatch(/^200 OK\n/)
    await head().fill((await head().inputValue()).replace('200 OK', '203 Changed'))
    await body().fill('{"changed":true}')
    await page.keyboard.press('Control+Enter')
    const got = await answer
    expect([got.status, await got.text()]).toEqual([203, '{"changed":true}'])
    // A breakpoint is changed in the bar that it was written in.
    await page.locator('.breakpoint-query').click()
    await page.getByRole('radio', { name: 'Both' }).click()
    await page.getByRole('button', { name: 'Change', exact: true }).click()
    await page.locator('.breakpoints li', { hasText: 'requests and responses' }).waitFor()
    // The one for this single exchange is gone again.
    await soon(() => page.locator('.breakpoints li').count()).toBe(1)
    await clearBreakpoints()
  }, 30_000)

  it('says what is wrong with an edit, in place', async () => {
    const { page } = workbench
    await stop('path:/health')
    const answer = fetch(`${gateway}/health`)
    await head().waitFor()
    await head().fill('GET /health\nno colon\n')
    await page.keyboard.press('Control+Enter')
    await page.getByText('Line 2: a header line is a name, a colon and a value.').waitFor()
    await head().fill('GET /a%2fb\nHost: x\n')
    await page.keyboard.press('Control+Enter')
    await page.getByText(/gateway would refuse this request/).waitFor()
    expect(await badge().textContent()).toBe('1 held')
    await page.getByRole('button', { name: 'Revert', exact: true }).click()
    await page.keyboard.press('Control+Enter')
    expect((await answer).status).toBe(200)
    await clearBreakpoints()
  }, 30_000)

  it('keeps bytes as bytes', async () => {
    const { page } = workbench
    await stop('method:POST')
    const answer = fetch(`${gateway}/health`, { method: 'POST', body: Buffer.from([0xff, 0x00, 0x41]) })
    await body().waitFor()
    expect(await body().inputValue()).toMatch(/^00000000 {2}ff 00 41 /)
    expect(await page.getByRole('radio', { name: 'Text' }).isDisabled()).toBe(true)
    await body().fill('00000000  ff 00 42')
    await page.keyboard.press('Control+Enter')
    await answer
    await clearBreakpoints()
  }, 30_000)

  it('of a hostile client stays inert', async () => {
    const { page, troubles } = workbench
    await stop('path:/health')
    const nasty = '<img src=x onerror=alert(1)>'
    const answer = fetch(`${gateway}/health?x=${encodeURIComponent(nasty)}`, {
      headers: { 'X-Nasty': `${nasty}"><script>alert(2)</script>` },
    })
    await head().waitFor()
    expect(await head().inputValue()).toContain('<script>alert(2)</script>')
    expect(await page.locator('.intercept img, .intercept script').count()).toBe(0)
    await page.keyboard.press('Control+Enter')
    await answer
    await clearBreakpoints()
    expect(troubles.filter((text) => text.startsWith('dialog'))).toEqual([])
  }, 30_000)
})

describe('a thousand held requests', () => {
  it('do not slow the screen', async () => {
    const { page } = workbench
    await stop('path:/health')
    const answers = Array.from({ length: 1000 }, (_, at) => ask(`${gateway}/health?n=${at}`))
    await expect.poll(() => badge().textContent(), { timeout: 20_000 }).toBe('1,000 held')
    expect(await page.locator('.held-row').count()).toBeLessThan(60)
    // Moving through the list answers within a few frames.
    await page.locator('.held-scroll').focus()
    const begun = performance.now()
    for (let step = 0; step < 20; step++) await page.keyboard.press('j')
    await page.locator('.held-row[aria-selected="true"]').waitFor()
    expect(performance.now() - begun).toBeLessThan(6000)
    await page.locator('.held-scroll').evaluate((scroller) => (scroller.scrollTop = scroller.scrollHeight))
    // Whichever came last: a thousand connections arrive in no order.
    await page.locator(`.held-row[style*="translateY(${999 * 42}px)"]`, { hasText: 'n=' }).waitFor()
    await page.keyboard.press('Control+Alt+Enter')
    expect(new Set(await Promise.all(answers))).toEqual(new Set([200]))
    await soon(() => badge().count()).toBe(0)
    await clearBreakpoints()
  }, 60_000)
})

describe('an event stream', () => {
  it('is held event by event, and Traffic shows what came beside what went on', async () => {
    const { page, folder } = workbench
    const server = createServer((_, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' })
      response.end('data: {"price":12}\n\ndata: {"price":13}\n\n')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const file = join(folder, 'gatehouse.yaml')
    const before = readFileSync(file, 'utf8')
    const upstream = `upstreams:\n  ticker: { url: http://127.0.0.1:${port} }\n`
    const api = 'apis:\n  - { name: ticker, upstream: ticker, routes: [{ path: /ticker }] }\n'
    writeFileSync(file, before.replace('upstreams:\n', upstream).replace('apis:\n', api))
    await soon(() => ask(`${gateway}/ticker`)).toBe(200)
    await page.keyboard.press('Alt+3')
    await page.getByRole('radio', { name: 'Messages' }).click()
    await stop('resp.body:12')
    const events = fetch(`${gateway}/ticker?held`).then((response) => response.text())
    await body().waitFor()
    await body().fill('{"price":0}')
    await page.keyboard.press('Control+Enter')
    expect(await events).toBe('data: {"price":0}\n\ndata: {"price":13}\n\n')
    await clearBreakpoints()
    await page.keyboard.press('Alt+1')
    await page.locator('.traffic-row', { hasText: '/ticker?held' }).first().click()
    await page.getByRole('tab', { name: 'Messages' }).click()
    await page.locator('.message', { hasText: 'edited' }).click()
    const lines = page.getByRole('table').filter({ hasText: 'As it came' })
    expect(await lines.getByRole('row', { name: /price/ }).innerText()).toMatch(/"price": 12\s.*"price": 0/s)
    writeFileSync(file, before)
    server.close()
    await page.keyboard.press('Alt+3')
    await page.getByRole('radio', { name: 'Requests' }).click()
  }, 60_000)
})

describe('rules', () => {
  it('are written, take effect, and are turned off', async () => {
    const { page, folder } = workbench
    await page.keyboard.press('Alt+3')
    await page.getByRole('tab', { name: 'Rules' }).click()
    await page.getByRole('button', { name: 'New rule' }).click()
    await page.getByRole('menuitem', { name: 'Mock' }).click()
    await page.getByRole('radio', { name: 'Text' }).click()
    const text = page.getByLabel('The rule as YAML')
    await text.fill('name: tea\nmatch: path:/health\nmock: { status: 418, body: "tea" }\n')
    await page.getByText('answers 418 with 3 bytes in the place of the upstream').first().waitFor()
    await page.keyboard.press('Control+s')
    await page.locator('.rule', { hasText: 'tea' }).waitFor()
    expect(readFileSync(join(folder, 'rules/rules.yaml'), 'utf8')).toContain('- name: tea\n')
    expect(await ask(`${gateway}/health`)).toBe(418)
    await soon(() => page.locator('.rule .num').textContent()).toBe('1×')
    await page.locator('.rule-hits').click()
    await page.locator('.traffic-row', { hasText: '418' }).waitFor()
    await soon(() => page.locator('.traffic-row').count()).toBe(1)
    await page.keyboard.press('Alt+3')
    await text.fill('name: tea\nmatch: nosuch:1\nmock: {}\n')
    await page.getByText('Line 2: "match" is not a query: there is no field nosuch').waitFor()
    expect(await page.getByRole('button', { name: /^Save/ }).isDisabled()).toBe(true)
    await page.getByRole('switch', { name: 'Rule tea' }).click()
    await soon(() => ask(`${gateway}/health`)).toBe(200)
  }, 30_000)

  it('move to another file', async () => {
    const { page, folder } = workbench
    await page.keyboard.press('Control+k')
    await page.keyboard.type('Move the rule to another file')
    await page.keyboard.press('Enter')
    const dialog = page.getByRole('dialog', { name: 'Move the rule to another file' })
    await dialog.getByLabel('Or a new file').fill('chaos')
    await page.keyboard.press('Enter')
    await soon(() => existsSync(join(folder, 'rules/chaos.yaml'))).toBe(true)
    expect(readFileSync(join(folder, 'rules/chaos.yaml'), 'utf8')).toContain('- name: tea\n')
    expect(readFileSync(join(folder, 'rules/rules.yaml'), 'utf8')).toBe('rules: []\n')
    await page.getByRole('button', { name: /rules\/chaos\.yaml:2/ }).waitFor()
  }, 30_000)

  it('and held messages are for everyone', async () => {
    const { page } = workbench
    await page.getByRole('radio', { name: 'Form' }).click()
    await page.getByRole('button', { name: 'Back to what stands in the file' }).click()
    await page.getByLabel('Status').waitFor()
    expect(await accessibilityFaults(page)).toEqual([])
    await workbench.page.getByRole('tab', { name: 'Held' }).click()
    await stop('path:/health')
    const answer = ask(`${gateway}/health`)
    await head().waitFor()
    expect(await accessibilityFaults(workbench.page)).toEqual([])
    await workbench.page.keyboard.press('Control+Enter')
    await answer
    expect(workbench.troubles).toEqual([])
  }, 60_000)
})

/** Status of an answer, on a connection of its own: a browser-like pool would hold a thousand back. */
function ask(url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { agent: false }, (response) => {
      response.resume()
      response.on('end', () => resolve(response.statusCode!))
    })
    outgoing.on('error', reject)
    outgoing.end()
  })
}
