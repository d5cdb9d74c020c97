import { createServer } from 'node:http'
import { connect } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openRow, openWorkbench, type Workbench } from './launch.ts'

const script = '<img src=x onerror="window.taken=1"><script>window.taken=1</script>'

let workbench: Workbench
beforeAll(async () => {
  workbench = await openWorkbench()
  await workbench.page.getByRole('heading', { name: 'No requests yet' }).waitFor()
}, 60_000)
afterAll(() => workbench?.close(), 20_000)

/** Bytes to the gateway as they are; resolves when it closed the connection. */
function sendRaw(gateway: string, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(gateway).port), '127.0.0.1', () => socket.write(text))
    socket.on('close', () => resolve()).on('error', reject)
    socket.resume()
  })
}

it('shows captured content as text and nothing else', async () => {
  const { page, troubles } = workbench
  const gateway = await workbench.gateway()
  const body = JSON.stringify({ [script]: [script, 'javascript:alert(1)', '\u202Egnp.exe', '\u0000\u001b[31m'] })
  await sendRaw(
    gateway,
    `POST /lab/echo?${encodeURIComponent(script)}="'><b> HTTP/1.1\r\nHost: shop\r\nX-Evil: ${script}\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  )
  await sendRaw(
    gateway,
    `POST /lab/echo HTTP/1.1\r\nHost: shop\r\nX-Evil: ${script}\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  )
  await openRow(page, '/lab/echo')
  for (const tab of ['Request', 'Response', 'Original ↔ modified', 'Decisions']) {
    await page.getByRole('tab', { name: tab }).first().click()
    for (const look of ['Raw', 'Hex', 'Pretty']) {
      const choice = page.getByRole('radio', { name: look })
      if (await choice.count()) await choice.first().click()
    }
  }
  await page.getByRole('tab', { name: 'Request', exact: true }).click()
  await page.locator('.body-line', { hasText: 'onerror' }).first().waitFor()
  const shown = (await page.locator('.exchange').textContent())!
  expect(shown).toContain(script)
  // What would turn the reading direction or hide characters is written out.
  expect(shown).toContain('\\u{202e}')
  expect(await page.locator('.exchange :is(img, script, iframe, a[href], b[onclick])').count()).toBe(0)
  expect(await page.locator('.traffic-scroll :is(img, script, iframe)').count()).toBe(0)
  expect(await page.evaluate(() => 'taken' in window)).toBe(false)
  expect(troubles).toEqual([])
}, 30_000)

it('lets the page load nothing from elsewhere and run nothing of its own making', async () => {
  const { page } = workbench
  const asked: string[] = []
  const stranger = createServer((request, response) => {
    asked.push(request.url ?? '')
    response.setHeader('Access-Control-Allow-Origin', '*')
    response.end('window.taken = 1')
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => stranger.once('listening', resolve))
  const { port } = stranger.address() as { port: number }
  const results = await page.evaluate(async (address) => {
    const attempt = async (act: () => unknown) => {
      try {
        await act()
        return 'done'
      } catch (error) {
        return (error as Error).name
      }
    }
    const inline = document.createElement('script')
    inline.textContent = 'window.taken = 1'
    document.body.append(inline)
    const image = new Image()
    image.src = `${address}/image`
    await new Promise((resolve) => {
      image.onload = image.onerror = resolve
    })
    return [
      await attempt(() => fetch(`${address}/fetch`)),
      // oxlint-disable-next-line no-implied-eval -- it is what must not work
      await attempt(() => Function('return 1')()),
      'taken' in window,
    ]
  }, `http://127.0.0.1:${port}`)
  stranger.close()
  expect(results).toEqual(['TypeError', 'EvalError', false])
  expect(asked).toEqual([])
})
