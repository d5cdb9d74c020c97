import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openRow, openWithTraffic, type Workbench } from './launch.ts'

let workbench: Workbench
beforeAll(async () => {
  workbench = await openWithTraffic()
}, 60_000)
afterAll(() => workbench?.close(), 20_000)

const rowCount = async () => Number(await workbench.page.locator('.traffic-scroll').getAttribute('aria-rowcount')) - 1
const clipboard = () => workbench.page.evaluate(() => navigator.clipboard.readText())

describe('the table', () => {
  it('says who decided and why', async () => {
    const answers = await workbench.page.locator('.traffic-row .verdict').allTextContents()
    expect(answers).toContainEqual(expect.stringContaining('denied: rbac · Role not allowed'))
    expect(answers).toContainEqual(expect.stringContaining('injection-protection would deny'))
    expect(answers).toContainEqual(expect.stringContaining('cors · answered'))
    expect(answers).toContainEqual(expect.stringContaining('refused: gateway · No route'))
  })

  it('is walked with j, k, Enter and Esc', async () => {
    const { page } = workbench
    const selected = () => page.locator('.traffic-row[aria-selected="true"]').getAttribute('aria-rowindex')
    await page.keyboard.press('j')
    expect(await selected()).toBe('2')
    await page.keyboard.press('j')
    await page.keyboard.press('ArrowDown')
    expect(await selected()).toBe('4')
    await page.keyboard.press('k')
    expect(await selected()).toBe('3')
    await page.getByRole('tab', { name: 'Decisions' }).waitFor()
    await page.keyboard.press('Enter')
    expect(await page.evaluate(() => document.activeElement?.getAttribute('role'))).toBe('tab')
    await page.keyboard.press('Escape')
    expect(await page.locator('.exchange').count()).toBe(0)
  })

  it('keeps the columns that were chosen', async () => {
    const { page } = workbench
    const headers = () => page.getByRole('columnheader').allTextContents()
    await page.keyboard.press('Control+k')
    await page.keyboard.type('choose the columns')
    await page.keyboard.press('Enter')
    await page.getByRole('menuitemcheckbox', { name: 'Host' }).click()
    await page.keyboard.press('Escape')
    expect(await headers()).toContain('Host')
    await page.reload()
    await page.locator('.traffic-row').first().waitFor()
    expect(await headers()).toContain('Host')
    await page.getByRole('button', { name: 'Columns' }).click()
    await page.getByRole('menuitemcheckbox', { name: 'Host' }).click()
    await page.keyboard.press('Escape')
  }, 20_000)

  it('sizes columns by dragging and by keyboard, and keeps that', async () => {
    const { page } = workbench
    const method = page.getByRole('columnheader', { name: 'Method' })
    const width = async () => Math.round((await method.boundingBox())!.width)
    expect(await width()).toBe(80)
    const { x, y, width: wide } = (await method.boundingBox())!
    await page.mouse.move(x + wide - 2, y + 10)
    await page.mouse.down()
    await page.mouse.move(x + wide + 38, y + 10, { steps: 4 })
    await page.mouse.up()
    expect(await width()).toBe(120)
    await page.reload()
    await page.locator('.traffic-row').first().waitFor()
    expect(await width()).toBe(120)
    await page.getByRole('button', { name: 'Columns' }).click()
    await page.getByRole('menuitemcheckbox', { name: 'Method' }).focus()
    await page.keyboard.press('ArrowLeft')
    expect(await width()).toBe(110)
    await page.getByRole('menuitem', { name: 'Usual widths' }).click()
    expect(await width()).toBe(80)
  }, 20_000)

  it('stands beside the exchange in panes that are kept as they were moved', async () => {
    const { page } = workbench
    const width = async () => Math.round((await page.locator('.exchange').boundingBox())!.width)
    await openRow(page, 'Role not allowed')
    const before = await width()
    await page.getByRole('separator', { name: 'Resize the panes' }).focus()
    await page.keyboard.press('ArrowRight')
    await expect.poll(width).toBeLessThan(before)
    const moved = await width()
    await page.reload()
    await openRow(page, 'Role not allowed')
    await expect.poll(width).toBe(moved)
    await page.keyboard.press('Escape')
  }, 20_000)

  it('turns time round', async () => {
    const { page } = workbench
    const first = () => page.locator('.traffic-row[aria-rowindex="2"]').textContent()
    const newest = await first()
    await page.getByRole('button', { name: 'Time, the newest first' }).click()
    await expect.poll(first).not.toBe(newest)
    await page.getByRole('columnheader', { name: 'Time' }).and(page.locator('[aria-sort="ascending"]')).waitFor()
    await page.getByRole('button', { name: 'Time, the oldest first' }).click()
    await expect.poll(first).toBe(newest)
  }, 20_000)

  it('holds new rows back while one reads further down, and brings them at once when asked', async () => {
    const { page } = workbench
    const gateway = await workbench.gateway()
    for (let sent = 0; sent < 60; sent++) await fetch(`${gateway}/health`)
    await expect.poll(rowCount, { timeout: 5000 }).toBe(80)
    const scroller = page.locator('.traffic-scroll')
    await scroller.evaluate((element) => void (element.scrollTop = 600))
    const seen = page.locator('.traffic-row').nth(20)
    // The rows of the new place come with the frames after the scroll.
    const settled = async () => {
      const text = await seen.textContent()
      await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))
      return text !== '…' && text === (await seen.textContent()) ? text : undefined
    }
    await expect.poll(settled, { timeout: 5000 }).toBeDefined()
    const before = await seen.textContent()
    for (let sent = 0; sent < 7; sent++) await fetch(`${gateway}/health?late`)
    await page.getByRole('button', { name: '7 new exchanges' }).waitFor()
    expect(await seen.textContent()).toBe(before)
    await page.getByRole('button', { name: '7 new exchanges' }).click()
    await expect
      .poll(() => page.locator('.traffic-row').first().textContent(), { timeout: 5000 })
      .toContain('/health?late')
  }, 30_000)
})

describe('the query bar', () => {
  const query = () => workbench.page.getByRole('combobox', { name: 'Query' })

  it('finds while one types', async () => {
    await workbench.page.keyboard.press('/')
    await workbench.page.keyboard.type('denied:rbac')
    await workbench.page.keyboard.press('Enter')
    await expect.poll(rowCount).toBe(1)
  })

  it('completes fields and values', async () => {
    await query().fill('')
    await query().pressSequentially('stat')
    const offers = workbench.page.getByRole('option')
    await expect.poll(() => offers.allTextContents()).toContainEqual(expect.stringContaining('status:'))
    await workbench.page.keyboard.press('Tab')
    await expect.poll(() => query().inputValue()).toMatch(/^stat(?:us|e):/)
    await query().fill('')
    await query().pressSequentially('method:PA')
    await expect.poll(() => offers.allTextContents()).toContainEqual(expect.stringContaining('PATCH'))
  })

  it('marks the character where it cannot be read, and keeps what was found', async () => {
    await query().fill('denied:rbac')
    await expect.poll(rowCount).toBe(1)
    await query().fill('denied:rbac status:abc')
    await workbench.page.getByText('abc is not a status').waitFor()
    expect(await workbench.page.locator('.query-wrong').textContent()).toContain('abc')
    expect(await query().getAttribute('aria-invalid')).toBe('true')
    expect(await rowCount()).toBe(1)
  })

  it('says when nothing matches, and leads back', async () => {
    await query().fill('status:599')
    await workbench.page.getByRole('heading', { name: 'Nothing matches' }).waitFor()
    await workbench.page.getByRole('button', { name: 'Show all traffic' }).click()
    await expect.poll(rowCount).toBeGreaterThan(20)
  })

  it('keeps a query under a name', async () => {
    const { page } = workbench
    await query().fill('verdict:deny')
    await query().press('Enter')
    await page.getByRole('button', { name: 'Saved queries' }).click()
    await page.getByRole('menuitem', { name: 'Save this query' }).click()
    await page.getByLabel('Name').fill('all denials')
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await page.getByText('Query saved').waitFor()
    await query().fill('')
    await query().press('Enter')
    await page.getByRole('button', { name: 'Saved queries' }).click()
    await page.getByRole('menuitem', { name: /all denials/ }).click()
    expect(await query().inputValue()).toBe('verdict:deny')
    await query().fill('')
    await query().press('Enter')
  })
})

describe('an exchange', () => {
  beforeAll(async () => {
    const { page } = workbench
    const query = page.getByRole('combobox', { name: 'Query' })
    await query.fill('not path:/health')
    await query.press('Enter')
    await page.locator('.traffic-scroll[aria-rowcount="20"]').waitFor()
  })

  it('shows the trace in run order with what was not reached, and each step with its evidence', async () => {
    const { page } = workbench
    await openRow(page, 'Role not allowed')
    const steps = await page.locator('.waterfall-row').allTextContents()
    const at = (name: string) => steps.findIndex((text) => text.includes(name))
    expect(at('ip-restriction')).toBeLessThan(at('jwt-auth'))
    expect(at('jwt-auth')).toBeLessThan(at('rbac'))
    expect(at('not reached')).toBeLessThan(at('upstream'))
    expect(steps[at('upstream')]).toContain('not called')
    await page.locator('.waterfall-row', { hasText: 'jwt-auth' }).click()
    expect(await page.locator('.claims').textContent()).toContain('Ben Reader')
    await page.locator('.waterfall-row', { hasText: 'rate-limiting' }).first().click()
    expect(await page.locator('.gauge').textContent()).toMatch(/\d+ of \d+ used/)
  })

  it('marks what looks like an attack', async () => {
    const { page } = workbench
    await openRow(page, 'injection-protection would deny')
    await page.locator('.waterfall-row', { hasText: 'injection-protection' }).click()
    expect(await page.locator('.payload mark').textContent()).toContain("x' OR 1")
  })

  it('shows the four views of its messages, and bodies pretty, raw and hex', async () => {
    const { page } = workbench
    await openRow(page, '/orders/1002')
    await page.getByRole('tab', { name: 'Response' }).click()
    await page.getByText('"totalCents"').waitFor()
    expect(await page.locator('.headers').textContent()).toContain('RateLimit-Policy')
    await page.getByRole('radio', { name: 'From the upstream' }).click()
    expect(await page.locator('.headers').textContent()).toContain('X-Powered-By')
    await page.getByRole('radio', { name: 'Hex' }).click()
    await page.getByText('00000000').waitFor()
    await page.getByRole('radio', { name: 'Raw' }).click()
    await expect.poll(() => page.locator('.body-lines').textContent()).toMatch(/^\{"id":1002/)
    await page.getByRole('tab', { name: 'Request', exact: true }).click()
    expect(await page.locator('.message-start').textContent()).toMatch(/^GET \/orders\/1002 HTTP\/1\.1/)
    expect(await page.locator('.headers').textContent()).toMatch(/secret, \d+ characters/)
    await page.getByRole('tab', { name: /Original/ }).click()
    const removed = page.locator('.compared tr', { hasText: 'X-Powered-By' })
    expect(await removed.textContent()).toContain('security-headers')
    await page.getByRole('tab', { name: 'Decisions' }).click()
  })

  it('is judged under another environment, with the first difference marked', async () => {
    const { page } = workbench
    await openRow(page, 'Role not allowed')
    await page.keyboard.press('e')
    await page.getByText('First difference at').waitFor()
    expect(await page.locator('.judge-first').count()).toBeGreaterThan(0)
  })

  it('is copied as curl', async () => {
    const { page } = workbench
    await openRow(page, 'Role not allowed')
    await page.keyboard.press('Control+Shift+c')
    await page.getByText('Copied as curl').waitFor()
    expect(await clipboard()).toMatch(/^curl .*PATCH/s)
  })

  it('is sent again', async () => {
    const { page } = workbench
    await openRow(page, '/books/1/reviews')
    const before = await rowCount()
    await page.keyboard.press('Control+r')
    await expect.poll(rowCount).toBe(before + 1)
    await expect.poll(() => page.locator('.traffic-row').first().textContent()).toContain('/books/1/reviews')
  })
})

describe('HAR', () => {
  const choose = async (item: RegExp) => {
    await workbench.page.getByRole('button', { name: 'HAR files' }).click()
    await workbench.page.getByRole('menuitem', { name: item }).click()
  }

  it('goes out with what is shown', async () => {
    const { page } = workbench
    const shown = await rowCount()
    const [download] = await Promise.all([page.waitForEvent('download'), choose(/Save the shown/)])
    const har = JSON.parse(readFileSync(await download.path(), 'utf8')) as { log: { entries: unknown[] } }
    expect(har.log.entries).toHaveLength(shown)
  })

  it('comes in from elsewhere', async () => {
    const { page } = workbench
    const request = {
      method: 'GET',
      url: 'http://shop.test/from/elsewhere',
      httpVersion: 'HTTP/1.1',
      headers: [],
      queryString: [],
      cookies: [],
      headersSize: -1,
      bodySize: 0,
    }
    const response = {
      status: 200,
      statusText: 'OK',
      httpVersion: 'HTTP/1.1',
      headers: [],
      cookies: [],
      content: { size: 2, mimeType: 'text/plain', text: 'ok' },
      redirectURL: '',
      headersSize: -1,
      bodySize: 2,
    }
    const entry = {
      startedDateTime: '2026-01-02T03:04:05.006Z',
      time: 7,
      request,
      response,
      cache: {},
      timings: { send: 1, wait: 5, receive: 1 },
    }
    const har = { log: { version: '1.2', creator: { name: 'a browser', version: '1' }, entries: [entry] } }
    const [chooser] = await Promise.all([page.waitForEvent('filechooser'), choose(/Read exchanges/)])
    await chooser.setFiles({ name: 'a.har', mimeType: 'application/json', buffer: Buffer.from(JSON.stringify(har)) })
    await page.getByText('1 exchange read').waitFor()
    await page.locator('.traffic-row', { hasText: '/from/elsewhere' }).waitFor()
  })
})

it('breaks nothing in the page', () => {
  expect(workbench.troubles).toEqual([])
})
