import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import { testUpstream } from '../gateway-fixture.ts'
import { ask, field, type HeldGateway, heldGateway } from './held-gateway.ts'

let gateway: HeldGateway
afterEach(() => gateway.close())

const answering = (body: string | Buffer, headers: Record<string, string> = {}) =>
  testUpstream((request, response) => {
    request.resume()
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
    response.end(body)
  })

describe('rewrite', () => {
  it('changes the request before it is routed', async () => {
    gateway = await heldGateway({
      yaml: `rules:
  - name: move
    match: path:/old
    rewrite:
      request:
        method: PUT
        setHeaders: { X-By: rule, x-two: [a, b] }
        removeHeaders: [x-GONE]
        replace:
          - { in: url, text: /old, with: /new }
          - { in: url, expression: "v=(\\\\d)", with: "version=$1" }
          - { in: headers, text: secret, with: shown }
        setJson: { /price: 0, /tags/-: new, /deep/er: [1] }
`,
    })
    const body = '{"price": 10, "tags": ["a"]}'
    const headers = ['X-Gone', '1', 'X-Kept', 'a secret', 'Content-Type', 'application/json']
    expect((await ask(gateway.url, { method: 'POST', path: '/old?v=2', headers, body })).status).toBe(200)
    const [seen] = gateway.upstream.seen
    expect(seen).toMatchObject({ method: 'PUT', url: '/new?version=2' })
    expect(JSON.parse(seen!.body.toString())).toEqual({ price: 0, tags: ['a', 'new'], deep: { er: [1] } })
    expect(field(seen!.headers, 'x-by')).toBe('rule')
    expect(seen!.headers.filter((name) => name === 'x-two')).toHaveLength(2)
    expect(field(seen!.headers, 'x-gone')).toBeUndefined()
    expect(field(seen!.headers, 'x-kept')).toBe('a shown')
    expect(gateway.records[0]).toMatchObject({
      request: { method: 'PUT', path: '/new' },
      intercepted: {
        touches: [{ by: 'rule', name: 'move', did: 'rewrote' }],
        request: { start: 'POST /old?v=2', body: { text: body } },
      },
    })
  })

  it('says of each message what it did to that one', async () => {
    const rewrite = 'request: { setHeaders: { X-Up: "1" } }, response: { status: 203, removeHeaders: [Date] }'
    gateway = await heldGateway({ yaml: `rules: [{ name: both, rewrite: { ${rewrite} } }]\n` })
    await ask(gateway.url)
    expect(gateway.records[0]!.intercepted!.touches).toMatchObject([
      { side: 'request', says: 'sets the request header X-Up to 1' },
      { side: 'response', says: 'makes the status 203, removes the response header Date' },
    ])
  })

  it('changes the response before it is judged, whatever its coding', async () => {
    gateway = await heldGateway({
      upstream: await answering(gzipSync('see http://one and http://two'), {
        'Content-Encoding': 'gzip',
        'X-Frame-Options': 'DENY',
      }),
      yaml: `rules:
  - name: https
    match: status:200
    rewrite:
      response:
        status: 203
        removeHeaders: [X-Frame-Options]
        replace: [{ in: body, text: "http://", with: "https://" }]
`,
    })
    const answer = await fetch(gateway.url)
    expect(answer.status).toBe(203)
    expect(answer.headers.get('x-frame-options')).toBeNull()
    expect(await answer.text()).toBe('see https://one and https://two')
    expect(gateway.interceptor.rules.rules[0]!.hits).toBe(1)
  })

  it('leaves a binary body as it is', async () => {
    const bytes = Buffer.from([0xff, 0xfe, 0x68, 0x74])
    gateway = await heldGateway({
      upstream: await answering(bytes),
      yaml: 'rules: [{ name: r, rewrite: { response: { replace: [{ in: body, text: ht, with: x }] } } }]\n',
    })
    expect((await ask(gateway.url)).body).toEqual(bytes)
    expect(gateway.records[0]!.intercepted).toBeUndefined()
  })

  it('comes before breakpoints, which see what it made', async () => {
    gateway = await heldGateway({
      yaml: 'rules: [{ name: r, rewrite: { request: { setHeaders: { X-Mark: "1" } } } }]\n',
    })
    gateway.stop('req.header.x-mark:1')
    const answer = ask(gateway.url)
    const [held] = await gateway.held()
    expect(field(held!.message.draft.headers, 'x-mark')).toBe('1')
    held!.end({ kind: 'resumed' })
    await answer
    expect(gateway.records[0]!.intercepted!.touches.map(({ by }) => by)).toEqual(['rule', 'breakpoint'])
  })
})

describe('mock', () => {
  it('answers in the place of the upstream, and is judged like its answer', async () => {
    gateway = await heldGateway({
      yaml: `policies: [{ response-transformer: { headers: { add: { X-Judged: "yes" } } } }]
rules:
  - name: books
    match: path:/books
    mock: { status: 201, headers: { X-Mock: [a, b] }, json: { items: [] } }
  - name: file
    match: path:/file
    mock: { file: mocks/one.txt }
`,
      files: { 'mocks/one.txt': 'from a file' },
    })
    const got = await ask(gateway.url, { path: '/books', method: 'POST', body: 'sent' })
    expect(got).toMatchObject({ status: 201, body: Buffer.from('{"items":[]}') })
    expect(field(got.headers, 'content-type')).toBe('application/json')
    expect(field(got.headers, 'x-judged')).toBe('yes')
    expect(got.headers.filter((name) => name === 'X-Mock')).toHaveLength(2)
    expect((await ask(gateway.url, { path: '/file' })).body.toString()).toBe('from a file')
    expect(gateway.upstream.seen).toEqual([])
    const [record] = gateway.records
    expect(record).toMatchObject({
      verdict: 'pass',
      intercepted: { touches: [{ by: 'rule', name: 'books', did: 'mocked' }] },
    })
    expect(Buffer.from(record!.request.body!.bytes).toString()).toBe('sent')
    expect(record!.upstream).toBeUndefined()
  })

  it('does not answer what a policy denies', async () => {
    gateway = await heldGateway({
      yaml: 'policies: [{ ip-restriction: { deny: [127.0.0.0/8] } }]\nrules: [{ name: m, mock: { body: hello } }]\n',
    })
    expect((await ask(gateway.url)).status).toBe(403)
  })

  it('is held by a breakpoint on responses', async () => {
    gateway = await heldGateway({ yaml: 'rules: [{ name: m, mock: { body: hello } }]\n' })
    gateway.stop('resp.body:hello', { on: 'response' })
    const answer = ask(gateway.url)
    const [held] = await gateway.held()
    held!.end({ kind: 'resumed' })
    expect((await answer).body.toString()).toBe('hello')
  })
})

describe('delay', () => {
  it('waits, and the same exchange would wait as long again', async () => {
    gateway = await heldGateway({ yaml: 'rules: [{ name: d, delay: { from: 60ms, to: 90ms } }]\n' })
    const begun = performance.now()
    await ask(gateway.url)
    expect(performance.now() - begun).toBeGreaterThan(55)
    const [record] = gateway.records
    const says = record!.intercepted!.touches[0]!.says!
    const drawn = await gateway.facts.ask({ kind: 'random', purpose: 'delay:d' }, { id: record!.id } as never)
    expect(says).toContain(`(${60 + Math.round(30 * (drawn as { value: number }).value)} ms)`)
  })

  it('sends the body as slowly as it says', async () => {
    gateway = await heldGateway({
      upstream: await answering('x'.repeat(500)),
      yaml: 'rules: [{ name: d, delay: { bytesPerSecond: 2000 } }]\n',
    })
    const begun = performance.now()
    expect((await ask(gateway.url)).body).toHaveLength(500)
    expect(performance.now() - begun).toBeGreaterThan(180)
  })

  it('waits first, and then sends the body slowly', async () => {
    gateway = await heldGateway({
      upstream: await answering('x'.repeat(100)),
      yaml: 'rules: [{ name: d, delay: { from: 100ms, bytesPerSecond: 1000 } }]\n',
    })
    const begun = performance.now()
    expect((await ask(gateway.url)).body).toHaveLength(100)
    expect(performance.now() - begun).toBeGreaterThan(140)
  })

  it('is no slower than it says, however the upstream cuts its answer', async () => {
    gateway = await heldGateway({
      upstream: await answering('x'.repeat(2_000_000)),
      yaml: 'rules: [{ name: d, delay: { bytesPerSecond: 4mb } }]\n',
    })
    const begun = performance.now()
    expect((await ask(gateway.url)).body).toHaveLength(2_000_000)
    const took = performance.now() - begun
    // In pieces of 16 kB, one each tick, it would take six seconds.
    expect(took).toBeGreaterThan(350)
    expect(took).toBeLessThan(4_000)
  })
})

describe('fault', () => {
  const withFault = async (fault: string, upstream = answering('0123456789')) => {
    gateway = await heldGateway({ upstream: await upstream, yaml: `rules: [{ name: f, fault: ${fault} }]\n` })
  }

  it('reset: the connection ends without an answer', async () => {
    await withFault('reset')
    await expect(ask(gateway.url)).rejects.toMatchObject({ code: 'ECONNRESET' })
    expect(gateway.records[0]).toMatchObject({ verdict: 'failed', status: 0, error: 'the rule f reset the connection' })
    expect(gateway.upstream.seen).toEqual([])
  })

  it('status: answers it in the place of the upstream', async () => {
    await withFault('{ status: 503 }')
    expect(await ask(gateway.url)).toMatchObject({ status: 503, body: Buffer.from('503 by the rule f\n') })
  })

  it('truncate: the body ends in the middle', async () => {
    await withFault('{ truncate: 4 }')
    await expect(ask(gateway.url)).rejects.toThrow(/aborted/)
    expect(gateway.records[0]).toMatchObject({ verdict: 'failed', error: 'cut after 4 bytes by a rule' })
    expect(Buffer.from(gateway.records[0]!.response!.body!.bytes).toString()).toBe('0123')
  })

  it('hang: nothing for so long, then a reset', async () => {
    await withFault('{ hang: 50ms }')
    const begun = performance.now()
    await expect(ask(gateway.url)).rejects.toMatchObject({ code: 'ECONNRESET' })
    expect(performance.now() - begun).toBeGreaterThan(45)
  })

  it('slow: so many bytes each second', async () => {
    await withFault('{ slow: 40b }')
    const begun = performance.now()
    expect((await ask(gateway.url)).body.toString()).toBe('0123456789')
    expect(performance.now() - begun).toBeGreaterThan(180)
  })

  it('concerns a share of what matches, drawn for each exchange', async () => {
    await withFault('{ status: 500 }, share: 0.5')
    const statuses = await Promise.all(Array.from({ length: 60 }, async () => (await ask(gateway.url)).status))
    const broken = statuses.filter((status) => status === 500).length
    expect(broken).toBeGreaterThan(8)
    expect(broken).toBeLessThan(52)
  })
})

describe('rules', () => {
  it('are read again while the gateway runs, and keep counting where they stayed', async () => {
    gateway = await heldGateway({ yaml: 'rules: [{ name: m, mock: { body: one } }]\n' })
    await ask(gateway.url)
    const yaml = (rules: string) =>
      `upstreams: { web: ${gateway.upstream.url} }\napis: [{ name: web, upstream: web }]\nrules:\n${rules}`
    const take = async (rules: string) => {
      await gateway.rewrite(yaml(rules))
      gateway.interceptor.takeRules(gateway.gateway.workspace)
    }
    await take('  - { name: m, mock: { body: one } }\n  - { name: n, match: path:/n, mock: { body: two } }\n')
    expect(gateway.interceptor.rules.rules.map(({ hits }) => hits)).toEqual([1, 0])
    expect((await ask(gateway.url, { path: '/n' })).body.toString()).toBe('one')
    await take('  - { name: m, enabled: false, mock: { body: one } }\n')
    expect((await ask(gateway.url)).body.toString()).toBe('{"ok":true}')
    expect(gateway.interceptor.slot.current).toBeUndefined()
  })
})
