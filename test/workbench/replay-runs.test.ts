import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Desk, makeDesk } from './desk.ts'
import { apiKey, type ReplayFixture, replayFixture } from './replay-fixture.ts'

let fixture: ReplayFixture
let desk: Desk
beforeAll(async () => {
  fixture = await replayFixture()
  desk = fixture.desk
})
afterAll(() => fixture?.close())

describe('a sequence', () => {
  const put = (name: string, text: string) => {
    mkdirSync(join(desk.folder, 'sequences'), { recursive: true })
    writeFileSync(join(desk.folder, 'sequences', name), text)
    return `sequences/${name}`
  }

  it('takes values from one request to the next, for each row, and checks what came', async () => {
    put('rows.csv', 'path,want\n/open/2,200\n/books/2,403\n')
    const file = put(
      'whole.yaml',
      `name: Whole
rows: sequences/rows.csv
cookies: true
onFailure: goOn
variables: { key: "\${env:KEY}" }
steps:
  - name: log in
    request: { method: POST, url: /open/login, headers: { X-API-Key: "{{key}}" }, body: { user: ben } }
    capture: { token: /access_token, id: /id, kind: header Content-Type, sid: cookie sid, part: { regex: 'token-(\\w+)' } }
  - name: use it
    request: GET {{path}}?id={{id}}&part={{part}}
    headers: { X-API-Key: "{{key}}", Authorization: "Bearer {{token}}" }
    expect: { status: "{{want}}", time: 5s }
  - name: who decided
    request: GET /books/1
    headers: { X-API-Key: "{{key}}" }
    expect: { verdict: deny, decidedBy: acl, code: CONSUMER_NOT_ALLOWED, headers: { content-type: { contains: json } } }
  - name: from a file
    request: requests/open.http#One
    expect:
      json: { /from: one, /items: { length: 1 }, /items/0/id: { above: 0, below: 2 }, /nothing: { exists: false } }
      body: { matches: '"count":\\d+' }
`,
    )
    expect(await desk.call('replay.sequence', { file })).toMatchObject({
      name: 'Whole',
      rows: 2,
      problems: [],
      steps: [{ captures: ['token', 'id', 'kind', 'sid', 'part'] }, {}, {}, { assertions: 5 }],
    })
    const report = await desk.call('replay.runSequence', { file, job: 'j1' })
    expect(
      report.steps.flatMap(({ name, state, problem, assertions }) =>
        state === 'passed' ? [] : [name, problem, assertions],
      ),
    ).toEqual([])
    expect(report).toMatchObject({ rows: 2, passed: 8, failed: 0, skipped: 0 })
    const used = report.steps[1]!
    expect(used.decided?.verdict).toBe('pass')
    const { exchange } = await desk.call('traffic.exchange', { id: used.exchange! })
    expect(exchange.request.headers.join('\n')).toMatch(/Cookie\nsid=/)
    expect(JSON.stringify(report)).not.toContain('token-of-login-123')
    expect(
      desk
        .heard('replay.progress')
        .filter(({ job }) => job === 'j1')
        .map(({ done }) => done),
    ).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
  })

  it('stops at a failure, and says where it is written and what was found', async () => {
    const file = put(
      'stops.yaml',
      'steps:\n  - request: GET /open/1\n    headers: { X-API-Key: "${env:KEY}" }\n    expect:\n      status: 2xx\n      json:\n        /from: three\n    capture: { x: /not/there }\n  - request: GET /open/2\n',
    )
    const report = await desk.call('replay.runSequence', { file, job: 'j2' })
    expect(report).toMatchObject({ passed: 0, failed: 1, skipped: 1 })
    expect(report.steps[0]!.assertions.filter(({ passed }) => !passed)).toEqual([
      { line: 7, says: '/from is three', passed: false, found: 'one' },
      { line: 8, says: 'x is captured', passed: false, found: 'nothing' },
    ])
  })

  it('tells of a variable that is missing as an error of its step', async () => {
    const file = put('missing.yaml', 'steps:\n  - request: GET /open/{{what}}\n')
    const { steps } = await desk.call('replay.runSequence', { file, job: 'j3' })
    expect(steps[0]).toMatchObject({
      state: 'error',
      problem: 'the URL uses {{what}}, which has no value — define it, or capture it in a step before; there are: row',
    })
  })

  it('that has errors is not run', async () => {
    const file = put('wrong.yaml', 'steps:\n  - requesst: GET /\n')
    await expect(desk.call('replay.runSequence', { file, job: 'j4' })).rejects.toMatchObject({
      where: 'sequences/wrong.yaml:2',
    })
    expect((await desk.call('replay.list', {})).sequences.find(({ path }) => path === file)!.problem).toMatchObject({
      line: 2,
    })
  })
})

describe('recorded traffic sent again', () => {
  it('is decided alike, until the policies change', async () => {
    const query = 'path~^/(open|books)/again'
    for (const path of ['/open/again', '/books/again']) await desk.send(path, { headers: { 'X-API-Key': apiKey } })
    await desk.send('/open/again', { method: 'POST', headers: { 'X-API-Key': apiKey }, body: 'x' })
    await desk.workbench.workspace.flush()
    const run = (more: object = {}) =>
      desk.call('replay.runCapture', {
        query,
        job: 'j',
        pace: 'max',
        target: { via: 'gateway' },
        concurrency: 4,
        ...more,
      })
    const alike = await run()
    expect(alike).toMatchObject({
      exchanges: 3,
      sent: 2,
      same: 2,
      changes: [],
      leftOut: [{ exchanges: 1, reason: expect.stringContaining('POST') }],
    })
    const staging = await run({
      target: { via: 'gateway', environment: 'staging' },
      unsafe: true,
      query: `${query} environment:local`,
    })
    expect(staging).toMatchObject({ newlyAllowed: 2, newlyDenied: 0, otherPolicy: 0, failed: 0 })
    expect(staging.changes[0]).toMatchObject({
      url: '/books/again',
      relation: 'newlyAllowed',
      before: { verdict: 'deny', status: 403, code: 'CONSUMER_NOT_ALLOWED' },
      after: { verdict: 'pass', status: 200 },
    })
    await expect(run({ pace: 'quick' })).rejects.toMatchObject({ message: '"quick" is no pace' })
    await expect(run({ query: 'status:' })).rejects.toMatchObject({ code: 'REFUSED' })
  })

  it('keeps its pace, and ends when it is cancelled', async () => {
    await desk.send('/open/paced/1', { headers: { 'X-API-Key': apiKey } })
    await new Promise((resolve) => setTimeout(resolve, 400))
    await desk.send('/open/paced/2', { headers: { 'X-API-Key': apiKey } })
    await desk.workbench.workspace.flush()
    const params = { query: 'path~^/open/paced', job: 'p', target: { via: 'gateway' } as const, concurrency: 4 }
    const recorded = await desk.call('replay.runCapture', { ...params, pace: 'recorded' })
    expect(recorded.sent).toBe(2)
    expect(recorded.milliseconds).toBeGreaterThanOrEqual(390)
    const { handlers } = desk.workbench.connect(() => undefined)
    const stop = new AbortController()
    const ended = handlers['replay.runCapture']({ ...params, pace: '0.01x', unsafe: false }, { signal: stop.signal })
    setTimeout(() => stop.abort(), 100)
    expect((await ended).sent).toBeLessThan(4)
  })
})

it('a race over HTTP/2 goes to the HTTPS listener, in one packet, and each copy is counted', async () => {
  const own = makeDesk({
    'gatehouse.yaml': `gatehouse: 1
listen: { http: "127.0.0.1:0", https: { address: "127.0.0.1:0" } }
upstreams: { shop: "http://127.0.0.1:9" }
apis:
  - name: a
    upstream: shop
    policies: [{ rate-limiting: { limit: 3, window: 1m, by: ip } }]
    routes: [{ path: /x/* }]
`,
  })
  await own.call('workbench.open', { folder: own.folder })
  const settings = { length: 'follow', redirects: 0, timeoutMs: 5000 } as const
  const request = { method: 'GET', url: '/x/1', version: '1.1', headers: [], body: null, settings } as const
  const { id } = await own.call('replay.create', { request })
  const how = { ids: [id], copies: 10, target: { via: 'gateway' }, version: '2', whole: true } as const
  const report = await own.call('replay.race', { ...how, ids: [id] })
  expect(report).toMatchObject({ technique: 'single-packet', copies: 10, sentSpread: 0, problems: [] })
  const denied = report.groups.find(({ status }) => status === 429)!
  expect(denied).toMatchObject({ decided: 'deny api:a/rate-limiting LIMIT_REACHED' })
  // The limiter counts each of them, however close they come.
  expect(denied.copies).toHaveLength(7)
  await own.close()
})
