import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ReplayRequest } from '../../gateway-core/protocol/replay-request.ts'
import type { Desk } from './desk.ts'
import { apiKey, type ReplayFixture, replayFixture } from './replay-fixture.ts'

let fixture: ReplayFixture
let desk: Desk
beforeAll(async () => {
  fixture = await replayFixture()
  desk = fixture.desk
})
afterAll(() => fixture?.close())

const settings: ReplayRequest['settings'] = { length: 'follow', redirects: 0, timeoutMs: 5000 }
const request = (more: Partial<ReplayRequest> = {}): ReplayRequest => ({
  method: 'GET',
  url: '/open/1',
  version: '1.1',
  headers: [{ name: 'X-API-Key', value: '${env:KEY}' }],
  body: null,
  settings,
  ...more,
})
const gateway = [{ via: 'gateway' }] as const

const bodyText = async (id: string, run: string, answer = 0) => {
  const { bytes } = await desk.call('replay.body', { id, run, answer, from: 0, length: 100_000 })
  return Buffer.from(bytes, 'base64').toString()
}

describe('a recorded request', () => {
  it('is sent again as it was, with its secret, which is never shown', async () => {
    const packed = gzipSync('{"title":"Ü"}')
    await desk.send('/open/5?a=%20b', {
      method: 'POST',
      headers: { 'X-API-Key': apiKey, 'Content-Encoding': 'gzip', 'X-Odd': 'caf\u00c3\u00a9' },
      body: packed,
    })
    await desk.workbench.workspace.flush()
    const [recorded] = desk.workbench.workspace.captures.list({ limit: 1 })
    const entry = await desk.call('replay.create', { exchange: recorded!.id })
    expect(JSON.stringify(entry)).not.toContain(apiKey)
    expect(entry.request).toMatchObject({
      method: 'POST',
      url: '/open/5?a=%20b',
      body: { kind: 'text', text: '{"title":"Ü"}', coding: 'gzip' },
      settings: { literal: true, length: 'follow' },
    })
    expect(entry.request.headers).toContainEqual({ name: 'X-Odd', value: 'café' })
    const run = await desk.call('replay.send', { id: entry.id, request: entry.request, targets: [...gateway] })
    expect(run.answers).toMatchObject([{ label: 'gateway', decided: { verdict: 'pass' }, response: { status: 200 } }])
    expect(fixture.last().url).toBe('/open/5?a=%20b')
    expect(fixture.last().body.equals(packed)).toBe(true)
    expect(JSON.stringify(run)).not.toContain(apiKey)
    const traced = await desk.call('traffic.exchange', { id: run.answers[0]!.exchange! })
    expect(traced.exchange.trace.map(({ policy }) => policy)).toContain('workspace/key-auth')
  })

  it('that is changed is judged as what it became', async () => {
    const entry = await desk.call('replay.create', { request: request({ url: '/books/1' }) })
    const run = await desk.call('replay.send', { id: entry.id, request: entry.request, targets: [...gateway] })
    expect(run.answers[0]).toMatchObject({
      decided: { verdict: 'deny', policy: 'api:books/route:/books/*/acl', code: 'CONSUMER_NOT_ALLOWED' },
      response: { status: 403 },
    })
  })

  it('names what there is not', async () => {
    await expect(desk.call('replay.create', { exchange: 'nothing' })).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(desk.call('replay.create', {})).rejects.toMatchObject({ code: 'REFUSED' })
    await expect(desk.call('replay.get', { id: 'requests/open.http#Nobody' })).rejects.toMatchObject({
      message: 'requests/open.http has no request "Nobody"',
      todo: 'there are: One',
    })
    await expect(desk.call('replay.get', { id: '../outside.http#x' })).rejects.toMatchObject({ code: 'REFUSED' })
  })
})

describe('two places at once', () => {
  it('are compared, with what is to be ignored kept', async () => {
    const ignoring = request({
      url: '/books/1',
      settings: { ...settings, ignore: ['/items/*/at', '/count'], ignoreHeaders: [] },
    })
    const { id } = await desk.call('replay.create', { request: ignoring })
    const targets = [{ via: 'gateway', environment: 'staging' } as const, { via: 'upstream' } as const]
    const run = await desk.call('replay.send', { id, request: ignoring, targets })
    expect(run.answers.map(({ label, response }) => [label, response?.status])).toEqual([
      ['gateway · staging', 200],
      ['upstream', 200],
    ])
    expect(run.comparison!.body).toMatchObject({
      kind: 'json',
      changes: [{ pointer: '/from', kind: 'changed', left: '"two"', right: '"one"' }],
    })
    const traced = await desk.call('traffic.exchange', { id: run.answers[0]!.exchange! })
    expect(traced.exchange.environment).toBe('staging')
    expect(run.answers[1]!.exchange).toBeUndefined()
    // The live gateway's own environment denies the same request.
    const local = await desk.call('replay.send', { id, request: ignoring, targets: [...gateway] })
    const compared = await desk.call('replay.compare', {
      id,
      left: [run.id, '0'],
      right: [local.id, '0'],
      ignore: [],
      ignoreHeaders: [],
    })
    expect(compared).toMatchObject({ same: false, status: [200, 403] })
    expect((await desk.call('replay.get', { id })).runs).toHaveLength(2)
  })
})

describe('sending', () => {
  it('follows redirects only when asked', async () => {
    const away = request({ url: '/open/away' })
    const { id } = await desk.call('replay.create', { request: away })
    const stays = await desk.call('replay.send', { id, request: away, targets: [...gateway] })
    expect(stays.answers[0]!.response!.status).toBe(302)
    const follows = request({ url: '/open/away', settings: { ...settings, redirects: 3 } })
    const went = await desk.call('replay.send', { id, request: follows, targets: [...gateway] })
    expect(went.answers[0]).toMatchObject({
      response: { status: 200 },
      redirects: [{ status: 302, location: '/open/there?x=1' }],
    })
    expect(fixture.last().url).toBe('/open/there?x=1')
  })

  it('sends a file of the workspace as it is, and none from outside', async () => {
    const put = request({ method: 'PUT', body: { kind: 'file', path: 'requests/cover.bin' } })
    const { id } = await desk.call('replay.create', { request: put })
    await desk.call('replay.send', { id, request: put, targets: [...gateway] })
    expect(fixture.last().body.equals(readFileSync(join(desk.folder, 'requests/cover.bin')))).toBe(true)
    for (const path of ['../../etc/passwd', '.gatehouse/key', 'requests/nothing.bin']) {
      const outside = request({ method: 'PUT', body: { kind: 'file', path } })
      await expect(desk.call('replay.send', { id, request: outside, targets: [...gateway] })).rejects.toMatchObject({
        code: 'REFUSED',
      })
    }
  })

  it('tells what keeps it from arriving', async () => {
    const nowhere = request({ url: 'http://127.0.0.1:1/x' })
    const { id } = await desk.call('replay.create', { request: nowhere })
    const run = await desk.call('replay.send', { id, request: nowhere, targets: [{ via: 'url' }] })
    expect(run.answers[0]).toMatchObject({ problem: { what: 'nothing listens at http://127.0.0.1:1' } })
    const path = await desk.call('replay.send', { id, request: request(), targets: [{ via: 'url' }] })
    expect(path.answers[0]!.problem!.what).toBe('the URL names no server')
  })

  it('is cancelled', async () => {
    const slow = request({ url: '/open/slow' })
    const { id } = await desk.call('replay.create', { request: slow })
    const stop = new AbortController()
    const { handlers } = desk.workbench.connect(() => undefined)
    const sent = handlers['replay.send']({ id, request: slow, targets: [...gateway] }, { signal: stop.signal })
    setTimeout(() => stop.abort(), 100)
    expect((await sent).answers[0]!.problem).toEqual({ what: 'cancelled' })
  })

  it('keeps what was typed as a secret sealed, and sends it again', async () => {
    const typed = request({ headers: [{ name: 'X-API-Key', value: apiKey }] })
    const { id } = await desk.call('replay.create', { request: typed })
    const first = await desk.call('replay.send', { id, request: typed, targets: [...gateway] })
    const kept = await desk.call('replay.get', { id })
    expect(kept.request.headers[0]!.value).toMatch(/^⟦sealed:/)
    const again = await desk.call('replay.send', { id, request: kept.request, targets: [...gateway] })
    expect([first, again].map(({ answers }) => answers[0]!.response!.status)).toEqual([200, 200])
    const folder = join(desk.folder, '.gatehouse', 'replay')
    for (const name of readdirSync(folder)) expect(readFileSync(join(folder, name)).includes(apiKey)).toBe(false)
  })

  it('hides the tokens of an answer', async () => {
    const login = request({ url: '/open/login' })
    const { id } = await desk.call('replay.create', { request: login })
    const run = await desk.call('replay.send', { id, request: login, targets: [...gateway] })
    expect(await bodyText(id, run.id)).toMatch(/"access_token":"⟦sealed:/)
    expect(JSON.stringify(run)).not.toContain('from-login')
  })
})

describe('files of requests', () => {
  it('are listed, sent with their variables, and keep their runs', async () => {
    const { files } = await desk.call('replay.list', {})
    expect(files[0]).toMatchObject({
      path: 'requests/open.http',
      items: [{ id: 'requests/open.http#One', url: '/open/{{id}}' }],
    })
    const id = 'requests/open.http#One'
    const entry = await desk.call('replay.get', { id })
    const run = await desk.call('replay.send', { id, request: entry.request, targets: [...gateway] })
    expect(fixture.last().url).toBe('/open/9')
    expect((await desk.call('replay.get', { id })).runs.map((one) => one.id)).toEqual([run.id])
    expect((await desk.call('replay.list', {})).history.some(({ name }) => name === 'One')).toBe(false)
  })

  it('are changed where one was edited, and take up what is kept', async () => {
    const id = 'requests/open.http#One'
    const before = readFileSync(join(desk.folder, 'requests/open.http'), 'utf8')
    const { request: one } = await desk.call('replay.get', { id })
    await desk.call('replay.save', { id, request: { ...one, method: 'POST' } })
    const { id: mine } = await desk.call('replay.create', { request: request(), name: 'Mine' })
    const kept = await desk.call('replay.keep', { id: mine, file: 'open', name: 'Mine' })
    expect(kept.id).toBe('requests/open.http#Mine')
    const after = readFileSync(join(desk.folder, 'requests/open.http'), 'utf8')
    expect(after.startsWith(before.slice(0, before.indexOf('GET')))).toBe(true)
    expect(after).toContain('POST /open/{{id}}')
    expect(after).toContain('X-API-Key: ${env:KEY}')
    await desk.call('replay.remove', { id: kept.id })
    expect(readFileSync(join(desk.folder, 'requests/open.http'), 'utf8')).not.toContain('Mine')
  })

  it('become steps of sequences, one after the other', async () => {
    desk.write('requests/steps.http', '### First one\nGET /open/1\n\n### a: b\nGET /open/2\n')
    const add = (name: string, file: string) => desk.call('replay.addStep', { id: `requests/steps.http#${name}`, file })
    expect(await add('First one', 'made')).toEqual({ file: 'sequences/made.yaml', steps: 1 })
    expect(await add('a: b', 'sequences/made.yaml')).toEqual({ file: 'sequences/made.yaml', steps: 2 })
    const file = join(desk.folder, 'sequences/made.yaml')
    expect(readFileSync(file, 'utf8')).toBe(
      'name: First one\nsteps:\n  - name: First one\n    request: requests/steps.http#First one\n  - name: "a: b"\n    request: "requests/steps.http#a: b"\n',
    )
    const { steps } = await desk.call('replay.sequence', { file: 'sequences/made.yaml' })
    expect(steps.map(({ name }) => name)).toEqual(['First one', 'a: b'])
    // What a script behind it says is said by the step.
    desk.write('requests/scripted.http', 'GET /open/1\n\n> {% client.global.set("id", response.body.items[0].id); %}\n')
    await desk.call('replay.addStep', { id: 'requests/scripted.http#GET /open/1', file: 'made' })
    expect(readFileSync(file, 'utf8')).toContain('    capture:\n      id: /items/0/id\n')
    await expect(add('nothing', 'made')).rejects.toThrow()
    await expect(add('a: b', '../../outside')).rejects.toThrow()
    desk.write('sequences/broken.yaml', 'steps: [\n')
    await expect(add('a: b', 'broken')).rejects.toThrow()
    expect(readFileSync(join(desk.folder, 'sequences/broken.yaml'), 'utf8')).toBe('steps: [\n')
  })

  it('are made of what is imported', async () => {
    const text = 'curl http://h/a -H "A: b"\ncurl http://h/b --odd'
    const imported = await desk.call('replay.import', { text, name: 'pasted', into: 'from-curl' })
    expect(imported).toMatchObject({ kind: 'curl', file: 'requests/from-curl.http', problems: [{ line: 2 }] })
    expect(imported.items.map(({ name }) => name)).toEqual(['GET /a', 'GET /b'])
    await expect(desk.call('replay.import', { text, name: 'pasted', into: 'from-curl' })).rejects.toMatchObject({
      code: 'REFUSED',
    })
    const collection = {
      info: { schema: 'postman' },
      variable: [{ key: 'h', value: 'http://x' }],
      item: [{ name: 'a', request: '{{h}}/{{other}}' }],
    }
    const postman = await desk.call('replay.import', { text: JSON.stringify(collection), name: 'pasted' })
    expect(postman.items).toMatchObject([{ name: 'a', url: 'http://x/{{other}}' }])
  })

  it('of the history use the values of the environment', async () => {
    const wanted = request({ url: '/open/{{what}}', headers: [{ name: 'X-API-Key', value: apiKey }] })
    const { id } = await desk.call('replay.create', { request: wanted })
    const send = () => desk.call('replay.send', { id, request: wanted, targets: [...gateway] })
    await expect(send()).rejects.toMatchObject({ message: 'the URL uses {{what}}, which has no value' })
    desk.write('http-client.env.json', '{ "$shared": { "what": "shared" }, "staging": { "what": "staged" } }')
    expect((await send()).answers[0]!.response!.status).toBe(200)
    expect(fixture.last().url).toBe('/open/shared')
  })
})

it('a request is made of an operation of the document', async () => {
  expect(await desk.call('replay.operations', {})).toEqual([
    { api: 'books', operation: 'add', method: 'POST', path: '/open/{id}' },
  ])
  const { request: made } = await desk.call('replay.operation', { api: 'books', method: 'POST', path: '/open/{id}' })
  expect(made).toMatchObject({ method: 'POST', url: '/open/5', body: { text: '{\n  "title": "Sea"\n}' } })
})

it('a race shows how the gateway decided each copy', async () => {
  const { id } = await desk.call('replay.create', { request: request({ url: '/books/1' }) })
  const report = await desk.call('replay.race', {
    ids: [id, 'requests/open.http#One'],
    copies: 6,
    target: { via: 'gateway' },
    whole: true,
  })
  expect(report).toMatchObject({ technique: 'last-byte', copies: 6, problems: [] })
  const denied = report.groups.find(({ status }) => status === 403)!
  expect(denied.decided).toBe('deny api:books/route:/books/*/acl CONSUMER_NOT_ALLOWED')
  expect(denied.copies).toEqual([0, 2, 4])
  expect(new Set(report.groups.flatMap(({ copies }) => copies))).toEqual(new Set([0, 1, 2, 3, 4, 5]))
  expect((await desk.call('traffic.exchange', { id: denied.exchange! })).exchange.status).toBe(403)
})
