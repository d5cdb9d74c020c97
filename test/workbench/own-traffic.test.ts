import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { findRunningGateway } from '../../gateway-core/workbench/running-gateway.ts'
import { ask } from '../proxy/asking.ts'
import { type Desk, makeDesk } from './desk.ts'

const open: (() => unknown)[] = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

async function desk(yaml = 'gatehouse: 1\nlisten: { http: "127.0.0.1:0" }\n'): Promise<Desk> {
  const made = makeDesk({ 'workspace/gatehouse.yaml': '' })
  made.write('gatehouse.yaml', yaml)
  open.push(() => made.close())
  await made.call('workbench.open', { folder: made.folder })
  return made
}

async function server(): Promise<string> {
  const made = http.createServer((request, response) => response.end(`you asked ${request.url}`))
  made.listen(0, '127.0.0.1')
  await once(made, 'listening')
  open.push(() => made.close())
  return `127.0.0.1:${(made.address() as AddressInfo).port}`
}

async function through({ workbench }: Desk, host: string, path: string): Promise<string> {
  const { proxy } = workbench.ownTraffic.state()
  const { status, body } = await ask(proxy!.url, { path: `http://${host}${path}`, headers: { Host: host } })
  return `${status} ${String(body)}`
}

/** The row of the last exchange with this path, once it can be read. */
async function row({ workbench }: Desk, path: string) {
  for (let wait = 0; wait < 100; wait++) {
    await workbench.workspace.flush()
    const [found] = workbench.workspace.captures.list({
      query: `listener:proxy path:${path}`,
      limit: 1,
      order: 'newest',
    })
    if (found) return found
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error(`${path} was not recorded`)
}

describe('the forward proxy of an open workspace', () => {
  test('is closed until somebody opens it, announces itself, and closes', async () => {
    const it = await desk()
    expect(await it.call('own.state', {})).toMatchObject({ proxy: null, gateway: true, ca: null, refused: [] })
    const opened = await it.call('own.start', { port: 0 })
    expect(opened.proxy).toMatchObject({ host: '127.0.0.1', network: false, pages: [], configured: false })
    expect(opened.ca!.fingerprint).toMatch(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/)
    expect(findRunningGateway(it.folder)!.proxy).toBe(opened.proxy!.url)
    expect((await it.call('own.certificate', {})).pem).toContain('BEGIN CERTIFICATE')
    expect(await it.call('own.stop', {})).toMatchObject({ proxy: null })
    expect(findRunningGateway(it.folder)!.proxy).toBeUndefined()
  })

  test('a taken port that was asked for is told; the usual one gives way to another', async () => {
    const it = await desk()
    const port = Number((await server()).split(':')[1])
    await expect(it.call('own.start', { port })).rejects.toThrow(/taken/)
    const { proxy } = await it.call('own.start', {})
    expect(proxy!.port).toBeGreaterThan(0)
  })

  test('comes back with the gateway, at its port', async () => {
    const it = await desk()
    const { proxy } = await it.call('own.start', { port: 0 })
    await it.call('gateway.stop', {})
    expect(await it.call('own.state', {})).toMatchObject({ proxy: null, gateway: false })
    await expect(it.call('own.start', {})).rejects.toThrow(/does not run/)
    await it.call('gateway.start', {})
    await expect.poll(async () => (await it.call('own.state', {})).proxy?.port).toBe(proxy!.port)
  })

  test('bound to the network it has pages for phones', async () => {
    const it = await desk()
    const { proxy } = await it.call('own.start', { port: 0, network: true })
    expect(proxy).toMatchObject({ network: true, url: `http://127.0.0.1:${proxy!.port}` })
    for (const page of proxy!.pages) expect(page).toMatch(new RegExp(`:${proxy!.port}/$`))
    expect((await ask(proxy!.url)).status).toBe(200)
  })

  test('hosts are passed through when asked for, and remembered', async () => {
    const it = await desk(
      'gatehouse: 1\nlisten: { http: "127.0.0.1:0", proxy: { address: "127.0.0.1:0", passThrough: [fixed.test] } }\n',
    )
    await it.call('own.passThrough', { pattern: 'Bank.Example' })
    await expect(it.call('own.passThrough', { pattern: 'https://x/' })).rejects.toThrow(/is no host/)
    expect((await it.call('own.state', {})).passThrough).toEqual([
      { pattern: 'fixed.test', from: 'workspace' },
      { pattern: 'bank.example', from: 'here' },
    ])
    expect(JSON.parse(readFileSync(join(it.folder, '.gatehouse', 'pass-through.json'), 'utf8'))).toEqual([
      'bank.example',
    ])
    await it.call('gateway.stop', {})
    await it.call('gateway.start', {})
    expect((await it.call('own.state', {})).passThrough).toHaveLength(2)
    await it.call('own.openAgain', { pattern: 'bank.example' })
    expect((await it.call('own.state', {})).passThrough).toHaveLength(1)
  })
})

describe('what was observed', () => {
  test('becomes a route, which judges the next request', async () => {
    const it = await desk('# mine\ngatehouse: 1\nlisten: { http: "127.0.0.1:0" } # here\n')
    const host = await server()
    await it.call('own.start', { port: 0 })
    expect(await through(it, host, '/one')).toBe('200 you asked /one')
    const found = await row(it, '/one')
    expect(found).toMatchObject({ observed: 'exchange', host, judged: false })
    const made = await it.call('own.makeRoute', { id: found.id })
    expect(made).toMatchObject({ made: true, host, path: 'gatehouse.yaml' })
    const file = join(it.folder, 'gatehouse.yaml')
    const text = readFileSync(file, 'utf8')
    expect(text.startsWith('# mine\ngatehouse: 1\nlisten: { http: "127.0.0.1:0" } # here\n')).toBe(true)
    expect(text.split('\n')[made.line - 1]).toContain('- name:')
    expect(await it.call('own.makeRoute', { id: found.id })).toMatchObject({ made: false, line: made.line })
    writeFileSync(file, text.replace('policies: []', 'policies: [{ ip-restriction: { deny: [127.0.0.1] } }]'))
    await it.workbench.workspace.reload()
    expect(await through(it, host, '/two')).toMatch(/^403 /)
    expect(await row(it, '/two')).toMatchObject({ verdict: 'deny', code: 'IP_DENIED' })
  })

  test('is sent again by the proxy', async () => {
    const it = await desk()
    const host = await server()
    await it.call('own.start', { port: 0 })
    await through(it, host, '/again?x=1')
    const { id } = await it.call('traffic.resend', { id: (await row(it, '/again')).id })
    const { exchange } = await it.call('traffic.exchange', { id })
    expect(exchange).toMatchObject({ listener: 'proxy', status: 200, request: { authority: host, path: '/again' } })
    await it.call('own.stop', {})
    await expect(it.call('traffic.resend', { id })).rejects.toThrow(/closed/)
  })

  test('edits that are not saved are not lost to it', async () => {
    const it = await desk()
    const host = await server()
    await it.call('own.start', { port: 0 })
    await through(it, host, '/draft')
    const { text, version } = await it.call('files.read', { path: 'gatehouse.yaml' })
    await it.call('files.draft', { path: 'gatehouse.yaml', text: `${text}# draft\n`, base: version })
    await expect(it.call('own.makeRoute', { id: (await row(it, '/draft')).id })).rejects.toThrow(/not saved/)
  })
})

test('one’s own traffic has a workspace of its own to begin with', async () => {
  const made = makeDesk()
  open.push(() => made.close())
  const state = await made.call('own.begin', {})
  expect(state.workspace).toMatchObject({ name: 'Own traffic', problems: [] })
  expect(existsSync(join(made.home, 'made', 'own-traffic', 'gatehouse.yaml'))).toBe(true)
  expect((await made.call('own.begin', {})).workspace!.folder).toBe(state.workspace!.folder)
})
