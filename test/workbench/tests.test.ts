import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { testUpstream, type TestUpstream } from '../gateway-fixture.ts'
import { until } from '../protocol/transport-contract.ts'
import { type Desk, makeDesk } from './desk.ts'

let upstream: TestUpstream
let desk: Desk

const yaml = (url: string, groups = 'editor') => `gatehouse: 1
listen: { http: "127.0.0.1:0" }
upstreams: { shop: "${url}" }
consumers: [{ name: app, groups: [reader], keys: ["\${env:KEY}"] }]
apis:
  - name: books
    upstream: shop
    policies:
      - key-auth: { header: X-API-Key }
    routes:
      - path: /books/*
        policies:
          - acl: { allow: { groups: [${groups}] } }
      - path: /open/*
`

async function recorded(path: string, headers: Record<string, string> = {}): Promise<string> {
  await (await desk.send(path, { headers })).text()
  await desk.workbench.workspace.flush()
  const [newest] = desk.workbench.workspace.captures.list({ limit: 1 })
  return newest!.id
}

const rows = async () => (await desk.call('tests.state', {})).files.flatMap(({ tests }) => tests)

beforeAll(async () => {
  upstream = await testUpstream((_request, response) => response.end('ok'))
  desk = makeDesk(
    { 'gatehouse.yaml': yaml(upstream.url), 'environments/local.yaml': '{}\n', 'environments/loose.yaml': '{}\n' },
    { env: { KEY: 'a-key-of-the-test' } },
  )
  await desk.workbench.open(desk.folder)
}, 30_000)
afterAll(async () => {
  await desk.close()
  await upstream.close()
})

describe('policy tests of the open workspace', () => {
  it('are none at first', async () => {
    expect(await desk.call('tests.state', {})).toEqual({ files: [], running: null })
  })

  it('are made of recorded exchanges, pass at once, and hold no secret', async () => {
    const denied = await recorded('/books/1', { 'X-API-Key': 'a-key-of-the-test', 'User-Agent': 'odd' })
    const made = await desk.call('tests.make', { exchange: denied })
    expect(made).toEqual({
      path: 'tests/books.yaml',
      line: 3,
      name: 'GET /books/1 is denied for app by acl (CONSUMER_NOT_ALLOWED)',
    })
    const text = readFileSync(join(desk.folder, made.path), 'utf8')
    expect(text).toContain('headers: { X-API-Key: "${consumer:app}" }')
    expect(text).not.toContain('a-key-of-the-test')
    expect(text).not.toContain('odd')
    const open = await recorded('/open/1', { 'X-API-Key': 'a-key-of-the-test' })
    await desk.call('tests.make', { exchange: open })
    await desk.call('tests.make', { exchange: open })
    await desk.call('tests.run', {})
    expect((await rows()).map(({ name, state }) => `${state} ${name}`)).toEqual([
      'passed GET /books/1 is denied for app by acl (CONSUMER_NOT_ALLOWED)',
      'passed GET /open/1 passes for app',
      'passed GET /open/1 passes for app (2)',
    ])
    const copied = await desk.call('tests.text', { exchange: open })
    expect(copied.text).toMatch(/^ {2}- name: GET \/open\/1 passes for app\n/)
  })

  it('run again by themselves when the policies change, and name line and policy', async () => {
    desk.write('gatehouse.yaml', yaml(upstream.url, 'reader'))
    await until(() => desk.heard('tests.changed').some(({ files }) => files[0]?.tests[0]?.state === 'failed'))
    const [first] = await rows()
    expect(first).toMatchObject({
      state: 'failed',
      failures: [
        { name: 'verdict', expected: 'deny', got: 'pass', place: { file: 'tests/books.yaml', line: 5 } },
        { name: 'status' },
        { name: 'decidedBy' },
        { name: 'code' },
      ],
      outcome: { request: 'GET /books/1', verdict: 'pass' },
    })
    const trace = await desk.call('tests.trace', { id: first!.id })
    expect(trace!.exchange.trace.map(({ policy, verdict }) => `${policy} ${verdict}`)).toEqual([
      'api:books/key-auth pass',
      'api:books/route:/books/*/acl pass',
    ])
    expect(trace!.lines['api:books/route:/books/*/acl']!.now).toMatchObject({ file: 'gatehouse.yaml', line: 13 })
    desk.write('gatehouse.yaml', yaml(upstream.url))
    await until(() => desk.heard('tests.changed').at(-1)?.files[0]?.tests[0]?.state === 'passed')
  })

  it('run again when their file changes, and only those', async () => {
    desk.write('tests/more.yaml', 'tests:\n  - { name: one, request: GET /open/1, expect: { code: KEY_MISSING } }\n')
    await until(() => desk.heard('tests.changed').at(-1)?.files[1]?.tests[0]?.state === 'passed')
    desk.write('tests/more.yaml', 'tests:\n  - { name: one, request: GET /open/1, expect: { code: KEY_UNKNOWN } }\n')
    await until(() => desk.heard('tests.changed').at(-1)?.files[1]?.tests[0]?.state === 'failed')
    const state = await desk.call('tests.run', { only: ['tests/more.yaml › one'] })
    expect(state.files[1]!.tests[0]!.outcome).toMatchObject({ decidedBy: 'api:books/key-auth', decidedAt: { line: 9 } })
  })

  it('say what is wrong with their file, as it is typed too', async () => {
    const text = 'tests:\n  - { name: one, request: GET /open/1, expct: { code: KEY_MISSING } }\n'
    const problems = await desk.call('files.check', { path: 'tests/more.yaml', text })
    const own = problems.filter(({ file }) => file.startsWith('tests/'))
    expect(own.map(({ file, line, message, suggestion }) => [file, line, message, suggestion])).toEqual([
      ['tests/more.yaml', 2, 'unknown key "expct"', 'did you mean "expect"?'],
    ])
    desk.write('tests/more.yaml', text)
    await until(() => (desk.heard('tests.changed').at(-1)?.files[1]?.problems.length ?? 0) > 0)
    const { schema } = await desk.call('files.schema', { path: 'tests/more.yaml' })
    expect(Object.keys(schema!['properties'] as object)).toEqual(['environment', 'given', 'tests'])
  })

  it('of another environment have a file that names it', async () => {
    await desk.call('workbench.environment', { name: 'loose' })
    const id = await recorded('/open/2')
    const made = await desk.call('tests.make', { exchange: id })
    expect(made.path).toBe('tests/books-loose.yaml')
    expect(readFileSync(join(desk.folder, made.path), 'utf8')).toContain('environment: loose\n')
    const state = await desk.call('tests.run', { only: [made.path] })
    expect(state.files.find(({ path }) => path === made.path)!.tests.map((test) => test.state)).toEqual(['passed'])
  })
})
