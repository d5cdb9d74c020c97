import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { testUpstream, type TestUpstream } from '../gateway-fixture.ts'
import { until } from '../protocol/transport-contract.ts'
import { userFolders } from '../../gateway-core/workbench/user-folders.ts'
import { type Desk, makeDesk } from './desk.ts'

let desk: Desk
let upstream: TestUpstream

const yaml = (more = '') => `gatehouse: 1
name: tests
listen: { http: "127.0.0.1:0" }
upstreams: { shop: "${upstream.url}" }
policies:
  - ip-restriction: { allow: [127.0.0.1] }
apis:
  - name: open
    upstream: shop
${more}`

beforeEach(async () => {
  upstream = await testUpstream()
  desk = makeDesk({ 'gatehouse.yaml': yaml() })
})
afterEach(async () => {
  await desk.close()
  await upstream.close()
})

describe('opening', () => {
  it('begins with nothing, and says so', async () => {
    expect(await desk.call('workbench.state', {})).toMatchObject({ mode: 'browser', workspace: null })
    await expect(desk.call('traffic.search', { query: '', order: 'newest' })).rejects.toMatchObject({
      code: 'NO_WORKSPACE',
    })
    await expect(desk.call('files.tree', {})).rejects.toMatchObject({ code: 'NO_WORKSPACE' })
  })

  it('runs the gateway, and remembers the workspace', async () => {
    const { workspace } = await desk.call('workbench.open', { folder: desk.folder })
    expect(workspace).toMatchObject({ name: 'tests', gateway: { state: 'running' }, problems: [], lastGood: false })
    expect((await desk.send('/a')).status).toBe(200)
    expect(await desk.call('workbench.recent', {})).toMatchObject([
      { folder: workspace!.folder, name: 'tests', exists: true },
    ])
    expect(await desk.call('gateway.stop', {})).toMatchObject({
      workspace: { gateway: { state: 'stopped', http: null } },
    })
    expect(await desk.call('gateway.start', {})).toMatchObject({ workspace: { gateway: { state: 'running' } } })
  })

  it('says what is wrong with a folder', async () => {
    await expect(desk.call('workbench.open', { folder: join(desk.home, 'nothing') })).rejects.toMatchObject({
      code: 'REFUSED',
    })
    await expect(desk.call('workbench.open', { folder: desk.home })).rejects.toMatchObject({
      message: expect.stringContaining('has no gatehouse.yaml'),
    })
  })

  it('opens a workspace with errors, and starts once they are mended', async () => {
    desk.write('gatehouse.yaml', 'gatehouse: 1\napiss: []\n')
    const { workspace } = await desk.call('workbench.open', { folder: desk.folder })
    expect(workspace).toMatchObject({
      gateway: { state: 'failed', reason: 'the files of the workspace have errors' },
      problems: [{ code: 'UNKNOWN_KEY', suggestion: 'did you mean "apis"?' }],
    })
    desk.write('gatehouse.yaml', yaml())
    await until(() => desk.heard('workbench.changed').at(-1)?.workspace?.gateway.state === 'running')
    desk.write('gatehouse.yaml', 'gatehouse: [')
    await until(() => desk.heard('workbench.changed').at(-1)?.workspace?.lastGood === true)
    expect((await desk.send('/a')).status).toBe(200)
  })

  it('says that the port is taken, and starts when it is free again', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => other.once('listening', resolve))
    const { port } = other.address() as AddressInfo
    desk.write('gatehouse.yaml', yaml().replace('127.0.0.1:0', `127.0.0.1:${port}`))
    const { workspace } = await desk.call('workbench.open', { folder: desk.folder })
    expect(workspace!.gateway).toMatchObject({ state: 'failed', reason: expect.stringContaining(`${port}`) })
    await new Promise((resolve) => other.close(resolve))
    expect((await desk.call('gateway.start', {})).workspace!.gateway.state).toBe('running')
  })

  it('starts by itself when its port becomes free', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => other.once('listening', resolve))
    const { port } = other.address() as AddressInfo
    desk.write('gatehouse.yaml', yaml().replace('127.0.0.1:0', `127.0.0.1:${port}`))
    const { workspace } = await desk.call('workbench.open', { folder: desk.folder })
    expect(workspace!.gateway.state).toBe('failed')
    await new Promise((resolve) => other.close(resolve))
    await until(() => desk.heard('workbench.changed').at(-1)?.workspace?.gateway.state === 'running')
    expect((await desk.send('/a')).status).toBe(200)
  })

  it('stays stopped when somebody stops it while it waits for its port', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => other.once('listening', resolve))
    const { port } = other.address() as AddressInfo
    desk.write('gatehouse.yaml', yaml().replace('127.0.0.1:0', `127.0.0.1:${port}`))
    await desk.call('workbench.open', { folder: desk.folder })
    expect((await desk.call('gateway.stop', {})).workspace!.gateway.state).toBe('stopped')
    await new Promise((resolve) => other.close(resolve))
    expect((await desk.call('gateway.start', {})).workspace!.gateway.state).toBe('running')
    expect((await desk.call('gateway.stop', {})).workspace!.gateway.state).toBe('stopped')
  })

  it('moves the gateway when its address changes', async () => {
    const first = (await desk.call('workbench.open', { folder: desk.folder })).workspace!.gateway.http
    desk.write('gatehouse.yaml', yaml().replace('127.0.0.1:0', 'localhost:0'))
    await until(() => desk.workbench.state().workspace!.gateway.http !== first)
    await until(() => desk.workbench.state().workspace!.gateway.state === 'running')
    expect((await desk.send('/a')).status).toBe(200)
  })

  it('never runs services.ts of a folder that is no sample of ours', async () => {
    const mark = join(desk.home, 'mark')
    desk.write(
      'services.ts',
      `import { writeFileSync } from 'node:fs'\nwriteFileSync(${JSON.stringify(mark)}, 'ran')\nprocess.send?.({})\n`,
    )
    await desk.call('workbench.open', { folder: desk.folder })
    expect(() => readFileSync(mark)).toThrow('ENOENT')
  })

  it('runs the services of a sample, and sends its requests', async () => {
    const sample = join(desk.home, 'samples', 'minimal')
    mkdirSync(sample, { recursive: true })
    writeFileSync(join(sample, 'gatehouse.yaml'), yaml())
    const requests = [{ method: 'POST', target: '/x?y=1', headers: [['X-A', '1']], body: 'hi' }]
    writeFileSync(
      join(sample, 'services.ts'),
      `process.on('message', () => process.send?.(${JSON.stringify({ requests })}))\nprocess.on('SIGTERM', () => process.exit(0))\nprocess.send?.({ lines: [], tries: [] })\n`,
    )
    await desk.call('workbench.openSample', { name: 'minimal' })
    expect(await desk.call('traffic.sendSample', {})).toEqual({ sent: 1 })
    expect(upstream.seen).toMatchObject([{ method: 'POST', url: '/x?y=1' }])
    expect(upstream.seen[0]!.body.toString()).toBe('hi')
  })
})

describe('the active environment', () => {
  it('is the one that was chosen last, also when the workspace is opened again', async () => {
    for (const name of ['local', 'staging']) desk.write(`environments/${name}.yaml`, '{}\n')
    const { workspace } = await desk.call('workbench.open', { folder: desk.folder })
    const other = workspace!.environment === 'staging' ? 'local' : 'staging'
    await desk.call('workbench.environment', { name: other })
    const again = await desk.call('workbench.open', { folder: desk.folder })
    expect(again.workspace!.environment).toBe(other)
    rmSync(join(desk.folder, 'environments', `${other}.yaml`))
    const without = await desk.call('workbench.open', { folder: desk.folder })
    expect(without.workspace!.environment).not.toBe(other)
  })
})

describe('beginning with what one has', () => {
  it('observes a server: everything passes and is shown', async () => {
    desk.workbench.options.port = 0
    const { workspace } = await desk.call('workbench.observe', { url: upstream.url })
    expect(workspace).toMatchObject({ gateway: { state: 'running' }, problems: [] })
    expect((await desk.send('/any/thing')).status).toBe(200)
    await expect(desk.call('workbench.observe', { url: 'ftp://x' })).rejects.toMatchObject({
      todo: 'write it like http://localhost:3000',
    })
    await expect(desk.call('workbench.observe', { url: upstream.url, folder: workspace!.folder })).rejects.toThrow(
      'is there already',
    )
  })

  it('takes an OpenAPI document: a route for each path, requests validated', async () => {
    desk.workbench.options.port = 0
    const document = `openapi: 3.0.3
info: { title: "Pets: the API", version: "1" }
paths:
  "/pets/{id}":
    get: { parameters: [{ name: id, in: path, required: true, schema: { type: integer } }], responses: { "200": { description: ok } } }
    delete: { responses: { "204": { description: ok } } }
`
    const { workspace } = await desk.call('workbench.openApi', { document, upstream: upstream.url })
    expect(workspace).toMatchObject({ name: 'Pets: the API', gateway: { state: 'running' } })
    expect(workspace!.problems.filter(({ severity }) => severity === 'error')).toEqual([])
    expect((await desk.send('/pets/1')).status).toBe(200)
    expect((await desk.send('/pets/x')).status).toBe(400)
    expect((await desk.send('/pets/1', { method: 'PATCH' })).status).toBe(405)
    await expect(desk.call('workbench.openApi', { document: '{"a":1}', upstream: upstream.url })).rejects.toThrow(
      'OpenAPI',
    )
  })
})

describe('while it runs', () => {
  it('counts per policy line, and says so at most four times a second', async () => {
    await desk.call('workbench.open', { folder: desk.folder })
    const zero = await desk.call('policies.counters', {})
    expect(zero.policies).toMatchObject([
      { policy: 'workspace/ip-restriction', file: 'gatehouse.yaml', line: 6, hits: 0 },
    ])
    const began = performance.now()
    for (let at = 0; at < 40; at++) await desk.send('/a')
    await until(() => desk.heard('policies.counters').at(-1)?.policies[0]?.hits === 40)
    const intervals = (performance.now() - began) / 250
    expect(desk.heard('policies.counters').length).toBeLessThanOrEqual(intervals + 2)
    expect(desk.heard('policies.counters').at(-1)!.policies[0]).toMatchObject({ denials: 0, wouldDeny: 0 })
    expect(desk.heard('policies.counters').at(-1)!.policies[0]!.medianMicros).toBeGreaterThan(0)
    await until(() => (desk.heard('workbench.changed').at(-1)?.workspace?.requestsPerSecond ?? 0) > 0)
    desk.write('gatehouse.yaml', yaml().replace('[127.0.0.1]', '[10.0.0.1]'))
    await until(() => desk.heard('policies.counters').at(-1)?.policies[0]?.hits === 0)
    expect((await desk.send('/a')).status).toBe(403)
    await until(() => desk.heard('policies.counters').at(-1)?.policies[0]?.denials === 1)
    expect(desk.workbench.state().workspace!.deniedLastMinute).toBe(1)
  })

  it('switches the environment', async () => {
    desk.write('environments/local.yaml', '{}\n')
    desk.write('environments/strict.yaml', 'policies: { ip-restriction: { allow: [10.0.0.1] } }\n')
    const { workspace } = await desk.call('workbench.open', { folder: desk.folder })
    expect(workspace).toMatchObject({ environment: 'local', environments: ['local', 'strict'] })
    expect((await desk.call('workbench.environment', { name: 'strict' })).workspace!.environment).toBe('strict')
    expect((await desk.send('/a')).status).toBe(403)
    await expect(desk.call('workbench.environment', { name: 'nope' })).rejects.toMatchObject({ code: 'REFUSED' })
  })
})

describe('places of a person', () => {
  it.each([
    ['linux', {}, '/home/a/.config/gatehouse'],
    ['linux', { XDG_CONFIG_HOME: '/x' }, '/x/gatehouse'],
    ['darwin', {}, '/home/a/Library/Application Support/Gatehouse'],
  ] as const)('on %s with %j', (platform, env, expected) => {
    expect(userFolders(env, platform, '/home/a').config).toBe(expected)
  })
})
