import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Agent } from 'undici'
import { WebSocket } from 'ws'
import type { StoredExchange } from '../../gateway-core/capture/record.ts'
import { type Captures, openCaptures } from '../../gateway-core/capture/store.ts'
import { setSecret } from '../../gateway-core/config/secrets.ts'
import { loadWorkspaceKey } from '../../gateway-core/config/workspace-key.ts'
import type { Workspace } from '../../gateway-core/config/workspace.ts'
import { openGateway } from '../../gateway-core/workbench/open-gateway.ts'
import { sampleRequests } from '../../samples/bookshop/sample-requests.ts'
import { startServices } from '../../samples/bookshop/services.ts'
import { freePort } from '../cli/cli.ts'
import { loaded } from '../gateway-fixture.ts'

/** The bookshop after a day at work: what its gateway recorded of every kind of decision. */
export interface RecordedBookshop {
  folder: string
  workspace: Workspace
  captures: Captures
  /** Read with sealed secrets, oldest first. */
  exchanges: readonly StoredExchange[]
  /** Every credential that was sent, in clear. */
  secrets: readonly string[]
  close(): Promise<void>
}

const apiKey = 'mobile-app-key-0123456789abcdef'

/** Runs a copy of the bookshop and sends it a little of everything. */
export async function recordBookshop(): Promise<RecordedBookshop> {
  const root = mkdtempSync(join(tmpdir(), 'gatehouse-bookshop-'))
  const folder = join(root, 'bookshop')
  const sample = join(dirname(dirname(import.meta.dirname)), 'samples', 'bookshop')
  cpSync(sample, folder, { recursive: true, filter: (path) => !/\.gatehouse|secrets\.enc/.test(path) })
  const [upstreamPort, identityPort] = [await freePort(), await freePort()]
  const services = await startServices({ upstreamPort, identityPort, keyFile: join(root, 'keys.json') })
  for (const file of ['gatehouse.yaml', ...readdirSync(join(folder, 'tests')).map((name) => `tests/${name}`)]) {
    const text = readFileSync(join(folder, file), 'utf8')
      .replaceAll(':9001', `:${upstreamPort}`)
      .replaceAll(':9100', `:${identityPort}`)
    writeFileSync(join(folder, file), text.replace('127.0.0.1:8080', '127.0.0.1:0'))
  }
  await setSecret(folder, 'mobile-app-key', apiKey, await loadWorkspaceKey(folder, {}))
  const workspace = await loaded(folder)
  const opened = await openGateway({ workspace, env: {}, capture: true, onTrouble: () => undefined })
  const url = opened.gateway.addresses.http!.url
  const identity = `http://127.0.0.1:${identityPort}`
  const secrets: string[] = [apiKey]
  const agent = new Agent({ connections: 1 })
  const ask = async (
    method: string,
    target: string,
    headers: readonly (readonly [string, string])[],
    body?: string,
  ) => {
    for (const [name, value] of headers)
      if (/^authorization|key$|^cookie/i.test(name)) secrets.push(value.split(' ').at(-1)!)
    const raw = headers.flat()
    const answer = await agent.request({
      origin: url,
      path: target,
      method: method as 'GET',
      headers: raw,
      body: body ?? null,
    })
    await answer.body.dump()
  }
  for (const { method, target, headers, body } of await sampleRequests(identity))
    await ask(method, target, headers, body)
  const token = async (user: string) => (await (await fetch(`${identity}/dev/token/${user}`)).text()).trim()
  const made = async (options: string) => {
    const grant = `grant_type=password&client_id=bookshop-cli&username=anna&password=anna&${options}`
    const answer = await fetch(`${identity}/token`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: grant,
    })
    return ((await answer.json()) as { access_token: string }).access_token
  }
  const [ben, anna, carla] = [await token('ben'), await token('anna'), await token('carla')]
  const bearer = (value: string) => [['Authorization', `Bearer ${value}`]] as const
  const json = [['Content-Type', 'application/json']] as const
  const expired = await made('lifetime=1')
  await ask('GET', '/books', [['X-API-Key', apiKey]])
  await ask('GET', '/books', [['X-API-Key', 'not-a-key-of-anybody']])
  await ask('GET', '/books', [
    ['X-API-Key', apiKey],
    ['X-API-Key', 'another-key-0123456789'],
  ])
  await ask('GET', '/books/1', bearer(`${ben.slice(0, -6)}AAAAAA`))
  await ask('GET', '/books/1', bearer('no-token-at-all-but-long-enough'))
  await ask('GET', '/books/1', [...bearer(ben), ...bearer(anna)])
  await ask('GET', '/books/1', bearer(await made('resource=urn:bookshop:billing')))
  await ask('GET', '/books/1', [['Authorization', `Basic ${Buffer.from('ben:a-long-password').toString('base64')}`]])
  const [head, payload] = ben.split('.') as [string, string]
  const none = Buffer.from(JSON.stringify({ alg: 'none', typ: 'JWT' })).toString('base64url')
  await ask('GET', '/books/1', bearer(`${none}.${payload}.`))
  const oddHeader = Buffer.from(
    JSON.stringify({ ...JSON.parse(Buffer.from(head, 'base64url').toString()), crit: ['x'] }),
  )
  await ask('GET', '/books/1', bearer(`${oddHeader.toString('base64url')}.${payload}.AAAA`))
  await ask('GET', '/books?limit=-1', bearer(anna))
  await ask('PATCH', '/books/1', [...bearer(anna), ...json], '{"priceCents":499,"owner":"me"}')
  await ask('PATCH', '/books/1', [...bearer(anna), ...json], '{"priceCents":')
  await ask('PATCH', '/books/1', [...bearer(anna), ['Content-Type', 'text/plain']], 'cheap')
  await ask('POST', '/books/1/cover-import', [...bearer(ben), ...json], '{"url":"http://127.0.0.1:1/"}')
  await ask('GET', '/users/anna', bearer(ben))
  await ask('GET', '/admin/users', bearer(carla))
  await ask('GET', '/books/1/reviews', bearer(ben))
  await ask('GET', `/lab/echo?${'long=value&'.repeat(250)}`, [])
  await ask('GET', '/health', [['X-Big', 'b'.repeat(9000)]])
  await ask('GET', '/health', [['X-Forwarded-For', '198.51.100.7']])
  await ask('GET', '/health', [['Origin', 'https://shop.example.com']])
  await ask('OPTIONS', '/books', [
    ['Origin', 'https://evil.example'],
    ['Access-Control-Request-Method', 'GET'],
  ])
  await ask('OPTIONS', '/books', [
    ['Origin', 'https://shop.example.com'],
    ['Access-Control-Request-Method', 'PUT'],
  ])
  await ask('PUT', '/health', [])
  await ask('GET', '/books/%2e%2e%2fadmin', [])
  await ask('POST', '/uploads', [['Content-Type', 'application/octet-stream']], '\0\u0001binary')
  await ask('GET', '/lab/slow?ms=1', [])
  await ask('GET', '/books/${secret:mobile-app-key}/page?x=${token:caller}', [])
  for (let time = 0; time < 6; time++) await ask('POST', '/auth/login', json, '{"user":"ben","pin":"0000"}')
  for (let time = 0; time < 90; time++) await ask('GET', `/books/${1 + (time % 3)}`, bearer(carla))
  // Tokens live in whole seconds, and clocks may differ by half a minute: this one ended long ago.
  await ask('GET', '/books/1', bearer(expired))
  await new Promise((resolve) => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/ws`)
    socket.on('open', () => socket.close())
    socket.on('close', resolve)
    socket.on('error', resolve)
  })
  await opened.flush()
  await agent.close()
  secrets.push('a-long-password', 'no-token-at-all-but-long-enough')
  const captures = openCaptures(folder, await loadWorkspaceKey(folder, {}))
  const exchanges = [...captures.iterate({ secrets: 'sealed', order: 'oldest' })]
  return {
    folder,
    workspace,
    captures,
    exchanges,
    secrets: [...new Set(secrets)],
    async close() {
      captures.close()
      await opened.close(200)
      await services.close()
      rmSync(root, { recursive: true, force: true })
    },
  }
}
