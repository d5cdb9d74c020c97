import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { accessibilityFaults, openRow, openWorkbench, type Workbench } from './launch.ts'

let workbench: Workbench
let server: http.Server
let host: string

beforeAll(async () => {
  server = http.createServer((_, response) => response.end('from elsewhere'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  workbench = await openWorkbench()
}, 60_000)
afterAll(async () => {
  await workbench?.close()
  server.close()
})

/** A request through the forward proxy, as a program sends it. */
async function throughProxy(proxy: string, path: string): Promise<string> {
  const { hostname, port } = new URL(proxy)
  const request = http.get({ hostname, port, path: `http://${host}${path}`, headers: { Host: host }, agent: false })
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  return `${response.statusCode} ${Buffer.concat(await response.toArray()).toString()}`
}

describe('one’s own traffic', () => {
  let proxy = ''

  test('is reached from the empty screen; the proxy opens, and says where', async () => {
    const { page } = workbench
    await page.getByRole('button', { name: 'Watch your own traffic' }).click()
    const panel = page.getByRole('dialog', { name: 'Your own traffic' })
    await panel.getByText('The forward proxy is closed.').waitFor()
    await panel.getByRole('button', { name: 'Open the proxy', exact: true }).click()
    await panel.getByText('for this machine alone').waitFor()
    proxy = (await panel.locator('.own-switch code').textContent())!
    expect(proxy).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    await panel.getByRole('button', { name: 'Copy the address' }).click()
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(proxy)
  })

  test('each page of the panel is reached by keyboard and free of faults', async () => {
    const { page } = workbench
    await page.getByRole('tab', { name: 'A program' }).focus()
    for (const [name, says] of [
      ['A browser', /profile|No browser was found/],
      ['A phone', /A phone on the same network/],
      ['Trust the CA', /belongs to this workspace alone/],
      ['Passed through', /accept one certificate only/],
    ] as const) {
      await page.keyboard.press('ArrowRight')
      await page.getByRole('tab', { name, selected: true }).waitFor()
      await page.getByText(says).first().waitFor()
      expect(await accessibilityFaults(page)).toEqual([])
    }
  }, 60_000)

  test('a host is passed through when asked for, and opened again', async () => {
    const { page } = workbench
    await page.getByLabel('Another host').fill('*.bank.example')
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Open *.bank.example again' }).click()
    await expect.poll(() => page.getByText('*.bank.example', { exact: true }).count()).toBe(0)
  })

  test('opened to the network there is a code for a phone, and it closes again', async () => {
    const { page } = workbench
    await page.getByRole('tab', { name: 'A phone' }).click()
    await page.getByRole('button', { name: 'Open the proxy to the network' }).click()
    await page.getByText('also for other devices of this network').waitFor()
    const onNetwork = page.getByRole('img', { name: /^QR code of http:/ }).or(page.getByText('on no network'))
    await onNetwork.waitFor()
    if ((await page.getByRole('img', { name: /^QR code/ }).count()) > 0) {
      expect(await accessibilityFaults(page)).toEqual([])
      await page.getByRole('button', { name: 'Only for this machine again' }).click()
      await page.getByText('for this machine alone').waitFor()
    }
    await page.keyboard.press('Escape')
  }, 60_000)

  test('what is observed says so; a route made of its host judges the next request', async () => {
    const { page, folder } = workbench
    expect(await throughProxy(proxy, '/first')).toBe('200 from elsewhere')
    await openRow(page, '/first')
    await page.getByText('observed: no route').first().waitFor()
    expect(await accessibilityFaults(page)).toEqual([])
    await page.getByRole('button', { name: 'Make a route of this host' }).click()
    await page.getByText(`${host} has a route now`).waitFor()
    await page.getByRole('tab', { name: /gatehouse\.yaml/ }).waitFor()
    expect(readFileSync(join(folder, 'gatehouse.yaml'), 'utf8')).toContain(`host: "${host}"`)
    // The sample's workspace has policies of its own, which stand before every route.
    await throughProxy(proxy, '/second')
    await page.keyboard.press('Alt+1')
    const row = page.locator('.traffic-row', { hasText: '/second' }).first()
    await row.waitFor()
    expect(await row.textContent()).not.toContain('observed')
    expect(workbench.troubles).toEqual([])
  }, 60_000)
})
