import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fetch, ProxyAgent } from 'undici'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ensureLocalCa, hostLeafFor } from '../../../gateway-core/proxy/local-ca.ts'
import { expectPage, type Keyboard, keyboardOf } from './keyboard.ts'
import { openSmallApp, type SmallApp } from './small-app.ts'

// A client that trusts the CA of the workspace sends HTTPS through the proxy: it is seen, and then judged. No mouse.
let small: SmallApp
let keys: Keyboard
let server: https.Server
let host: string
let proxy: ProxyAgent
const elsewhere = mkdtempSync(join(tmpdir(), 'gatehouse-elsewhere-'))
const trustedBefore = process.env['SSL_CERT_FILE']

beforeAll(async () => {
  // The server shows a certificate of a CA that only the system of this test trusts.
  const ca = await ensureLocalCa(elsewhere)
  const leaf = await hostLeafFor(ca, 'localhost')
  process.env['SSL_CERT_FILE'] = join(elsewhere, 'trusted.pem')
  writeFileSync(process.env['SSL_CERT_FILE'], ca.certificate)
  server = https.createServer({ cert: leaf.certificate, key: leaf.key }, (_, response) =>
    response.end('from elsewhere'),
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  host = `localhost:${(server.address() as AddressInfo).port}`
  small = await openSmallApp()
  keys = keyboardOf(small.page)
}, 130_000)
afterAll(async () => {
  if (trustedBefore === undefined) delete process.env['SSL_CERT_FILE']
  else process.env['SSL_CERT_FILE'] = trustedBefore
  await proxy?.close()
  await small?.close()
  server?.close()
  rmSync(elsewhere, { recursive: true, force: true })
}, 20_000)

const panel = () => small.page.getByRole('dialog', { name: 'Your own traffic' })
const row = (text: string) => small.page.locator('.traffic-row', { hasText: text })

async function ask(path: string): Promise<string> {
  const answer = await fetch(`https://${host}${path}`, { dispatcher: proxy })
  return `${answer.status} ${await answer.text()}`
}

describe('one’s own traffic, by keyboard', () => {
  it('is seen once the proxy is open and the client trusts the CA', async () => {
    const { page, folder } = small
    await keys.command('watch your own traffic')
    await keys.at(panel().getByRole('button', { name: 'Open the proxy', exact: true }))
    await keys.press('Enter')
    await panel().getByText('for this machine alone').waitFor()
    await keys.at(panel().getByRole('tab', { name: 'A program' }))
    const uri = (await panel().locator('.own-switch code').textContent())!
    await keys.press('ArrowRight', 'ArrowRight', 'ArrowRight')
    await keys.at(panel().getByRole('tab', { name: 'Trust the CA' }))
    const systems = panel().getByRole('listbox', { name: 'System' })
    await keys.tabTo(systems)
    await keys.press('ArrowDown')
    await expectPage(systems.getByRole('option', { selected: true })).toHaveText('Node.js')
    const file = join(folder, '.gatehouse', 'tls', 'ca.pem')
    await panel().getByText(`export NODE_EXTRA_CA_CERTS=${file}`).waitFor()
    await keys.press('Escape')
    await expectPage(panel()).toHaveCount(0)

    proxy = new ProxyAgent({ uri, requestTls: { ca: readFileSync(file, 'utf8') } })
    expect(await ask('/first')).toBe('200 from elsewhere')
    await row('/first').waitFor()
    await keys.press('j')
    await page.getByText('Observed: no route.').waitFor()
    await expectPage(row('/first')).toContainText('observed: no route')
  }, 40_000)

  it('is judged once a route is made of its host', async () => {
    const { page, folder } = small
    await keys.command('make a route of this host')
    await page.getByText(`${host} has a route now`).waitFor()
    await keys.at(page.locator('.code-text .inputarea').first())
    expect(readFileSync(join(folder, 'gatehouse.yaml'), 'utf8')).toContain(`host: "${host}"`)
    // The policies of the new route are at the cursor.
    await page.locator('.code-text').getByText('policies').last().waitFor()
    await keys.press('Control+f')
    await keys.type('policies: []')
    await keys.press('Escape', 'ArrowRight', 'ArrowLeft')
    await keys.type('key-auth')
    await keys.press('Control+s')
    await expectPage(page.locator('[data-standing]')).toHaveText('saved · in force')
    expect(await ask('/second')).toMatch(/^401 /)
    await keys.press('Alt+1')
    await expectPage(row('/second')).toContainText('key-auth')
    await keys.command('close the forward proxy')
    await expect.poll(() => ask('/third').catch(() => 'closed'), { timeout: 10_000 }).toBe('closed')
  }, 40_000)
})
