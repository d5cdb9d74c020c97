import { connect } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { testUpstream } from '../gateway-fixture.ts'
import { ask, field, type HeldGateway, heldGateway } from './held-gateway.ts'

let gateway: HeldGateway
afterEach(() => gateway.close())

describe('a breakpoint on requests', () => {
  it('holds what matches, and nothing else', async () => {
    gateway = await heldGateway()
    gateway.stop('path:/held method:POST')
    expect((await ask(gateway.url, { path: '/free' })).status).toBe(200)
    const answer = ask(gateway.url, { path: '/held', method: 'POST', body: 'x' })
    const [held] = await gateway.held()
    expect(held!.about).toMatchObject({ method: 'POST', url: '/held' })
    expect(gateway.upstream.seen.map(({ url }) => url)).toEqual(['/free'])
    expect(gateway.interceptor.passed).toBe(1)
    held!.end({ kind: 'resumed' })
    expect((await answer).status).toBe(200)
    expect(gateway.upstream.seen[1]).toMatchObject({ url: '/held', body: Buffer.from('x') })
    const record = gateway.records.find(({ request }) => request.path === '/held')!
    expect(record).toMatchObject({ verdict: 'pass', intercepted: { touches: [{ by: 'breakpoint', did: 'resumed' }] } })
    expect(record.intercepted!.request).toBeUndefined()
  })

  it('sends on what was edited, routed and recorded as edited, with the original beside it', async () => {
    gateway = await heldGateway()
    gateway.stop('')
    const headers = ['X-One', '1', 'x-TWO', 'a', 'X-Two', 'b', 'Content-Type', 'text/plain']
    const answer = ask(gateway.url, { path: '/before?a=1', method: 'POST', headers, body: 'before' })
    const [held] = await gateway.held()
    const length = field(held!.message.draft.headers, 'content-length')
    expect(length).toBe('6')
    held!.end({
      kind: 'edited',
      message: {
        start: { method: 'PUT', target: '/after?b=2' },
        headers: [
          'Host',
          'other.example',
          'x-TWO',
          'b',
          'X-Two',
          'a',
          'Content-Type',
          'text/plain',
          'Content-Length',
          '6',
        ],
        body: { bytes: Buffer.from('after the edit'), coded: false },
      },
    })
    expect((await answer).status).toBe(200)
    const [seen] = gateway.upstream.seen
    expect(seen).toMatchObject({ method: 'PUT', url: '/after?b=2', body: Buffer.from('after the edit') })
    expect(seen!.headers.join('|')).toContain('x-TWO|b|X-Two|a|Content-Type|text/plain')
    expect(field(seen!.headers, 'content-length')).toBe('14')
    const [record] = gateway.records
    expect(record!.request).toMatchObject({ method: 'PUT', path: '/after', query: 'b=2', authority: 'other.example' })
    expect(Buffer.from(record!.request.body!.bytes).toString()).toBe('after the edit')
    expect(record!.intercepted).toMatchObject({
      touches: [{ by: 'breakpoint', name: 'everything', side: 'request', did: 'edited' }],
      request: { start: 'POST /before?a=1', body: { text: 'before', length: 6 } },
    })
    expect(record!.intercepted!.request!.headers.slice(0, -2)).toEqual([
      'Host',
      expect.any(String),
      ...headers,
      'Content-Length',
      '6',
    ])
  })

  it('routes and judges the edited request: a path without a route is 404', async () => {
    gateway = await heldGateway({
      yaml: '',
    })
    await gateway.rewrite(
      `upstreams: { web: ${gateway.upstream.url} }\napis: [{ name: web, upstream: web, routes: [{ path: /books }] }]\n`,
    )
    gateway.stop('')
    const answer = ask(gateway.url, { path: '/books' })
    const [held] = await gateway.held()
    const { headers } = held!.message.draft
    held!.end({ kind: 'edited', message: { start: { method: 'GET', target: '/nowhere' }, headers } })
    expect((await answer).status).toBe(404)
  })

  it('answers in the place of everything', async () => {
    gateway = await heldGateway()
    gateway.stop('')
    const answer = ask(gateway.url)
    const [held] = await gateway.held()
    const body = Buffer.from([0, 255, 1])
    held!.end({ kind: 'answered', answer: { status: 418, reason: 'Short', headers: ['X-By', 'hand'], body } })
    const got = await answer
    expect(got).toMatchObject({ status: 418, reason: 'Short', body })
    expect(gateway.upstream.seen).toEqual([])
    expect(gateway.records[0]).toMatchObject({
      verdict: 'respond',
      status: 418,
      intercepted: { touches: [{ did: 'answered' }] },
    })
  })

  it('drops: the client gets nothing', async () => {
    gateway = await heldGateway()
    gateway.stop('')
    const answer = ask(gateway.url)
    const [held] = await gateway.held()
    held!.end({ kind: 'dropped' })
    await expect(answer).rejects.toThrow(/hang up|ECONNRESET/)
    expect(gateway.records[0]).toMatchObject({ verdict: 'refused', status: 0, error: 'dropped at a breakpoint' })
  })

  it('lets it go on unchanged when its time is over, and says so', async () => {
    gateway = await heldGateway()
    gateway.stop('', { limitMs: 30 })
    expect((await ask(gateway.url)).status).toBe(200)
    expect(gateway.records[0]!.intercepted!.touches).toMatchObject([{ did: 'timed-out' }])
  })

  it('ends when the client leaves', async () => {
    gateway = await heldGateway()
    gateway.stop('')
    const answer = ask(gateway.url)
    const [held] = await gateway.held()
    const recorded = gateway.next()
    answer.abort()
    await expect(answer).rejects.toThrow()
    expect(await held!.done).toEqual({ kind: 'left', why: 'the client left' })
    expect(await recorded).toMatchObject([
      { verdict: 'aborted', status: 0, intercepted: { touches: [{ did: 'left' }] } },
    ])
    expect(gateway.interceptor.held).toEqual([])
  })

  it('ends when the client breaks its body while it is read: 400, as without anybody holding', async () => {
    gateway = await heldGateway()
    gateway.stop('')
    const { hostname, port } = new URL(gateway.url)
    const recorded = gateway.next()
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(port), hostname, () => {
        socket.write('POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n')
        setTimeout(() => socket.write('zz\r\n'), 50)
      })
      let text = ''
      socket.on('data', (chunk: Buffer) => (text += chunk.toString()))
      socket.on('error', reject)
      socket.on('close', () => resolve(text))
    })
    expect(answer).toMatch(/^HTTP\/1\.1 400 /)
    expect(await recorded).toMatchObject([{ verdict: 'refused', code: 'MALFORMED_REQUEST', status: 400 }])
    expect(gateway.upstream.seen).toEqual([])
  })

  it('holds only the next match where that is wanted', async () => {
    gateway = await heldGateway()
    gateway.stop('', { once: true })
    const first = ask(gateway.url)
    const [held] = await gateway.held()
    expect((await ask(gateway.url)).status).toBe(200)
    expect(gateway.interceptor.slot.current).toBeUndefined()
    held!.end({ kind: 'resumed' })
    expect((await first).status).toBe(200)
  })

  it('lets a body that is too long stream on behind its head', async () => {
    gateway = await heldGateway()
    gateway.stop('')
    const body = Buffer.alloc(11 * 1024 * 1024, 'x')
    for (const framing of [[], ['Transfer-Encoding', 'chunked']]) {
      const answer = ask(gateway.url, { method: 'POST', headers: framing, body })
      const [held] = await gateway.held()
      const { draft } = held!.message
      expect(draft.wire).toBeUndefined()
      const headers = [...draft.headers, 'X-Edited', 'yes']
      held!.end({ kind: 'edited', message: { start: { method: 'POST', target: '/long' }, headers } })
      expect((await answer).status).toBe(200)
      const seen = gateway.upstream.seen.at(-1)!
      expect(seen.body.equals(body)).toBe(true)
      expect(seen).toMatchObject({ url: '/long' })
      expect(field(seen.headers, 'x-edited')).toBe('yes')
    }
  })

  it('goes on when the gateway stops', async () => {
    gateway = await heldGateway()
    gateway.stop('')
    const answer = ask(gateway.url)
    await gateway.held()
    gateway.interceptor.release('the gateway stopped')
    expect((await answer).status).toBe(200)
    expect(gateway.records[0]!.intercepted!.touches).toMatchObject([{ did: 'released', says: 'the gateway stopped' }])
  })

  it('outlives a reload, and is routed by what is in force then', async () => {
    gateway = await heldGateway()
    gateway.stop('')
    const answer = ask(gateway.url, { path: '/new' })
    const [held] = await gateway.held()
    const other = await testUpstream((_, response) => void response.end('other'))
    await gateway.rewrite(`upstreams: { web: ${other.url} }\napis: [{ name: web, upstream: web }]\n`)
    held!.end({ kind: 'resumed' })
    expect((await answer).body.toString()).toBe('other')
    await other.close()
  })
})

describe('a breakpoint on responses', () => {
  it('holds before the response phases, and sends on what was edited', async () => {
    gateway = await heldGateway({
      upstream: await testUpstream((_, response) => {
        response.setHeader('Content-Type', 'application/json')
        response.end('{"price":10}')
      }),
      yaml: 'policies: [{ response-transformer: { headers: { add: { X-Judged: "yes" } } } }]\n',
    })
    gateway.stop('status:200 resp.body:price', { on: 'response' })
    const answer = ask(gateway.url, { path: '/p' })
    const [held] = await gateway.held()
    expect(held!.about).toMatchObject({ method: 'GET', url: '/p' })
    const { headers } = held!.message.draft
    held!.end({
      kind: 'edited',
      message: {
        start: { status: 201, reason: 'Made' },
        headers,
        body: { bytes: Buffer.from('{"price":1}'), coded: false },
      },
    })
    const got = await answer
    expect(got).toMatchObject({ status: 201, reason: 'Made', body: Buffer.from('{"price":1}') })
    expect(field(got.headers, 'x-judged')).toBe('yes')
    const [record] = gateway.records
    expect(record!.intercepted).toMatchObject({
      touches: [{ side: 'response', did: 'edited' }],
      response: { start: '200 OK', body: { text: '{"price":10}' } },
    })
  })

  it('knows what the request came to: route, consumer, status', async () => {
    gateway = await heldGateway()
    gateway.stop('api:web status:200 not status:500', { on: 'response' })
    const answer = ask(gateway.url)
    const [held] = await gateway.held()
    held!.end({ kind: 'dropped' })
    await expect(answer).rejects.toThrow()
    expect(gateway.records[0]).toMatchObject({ verdict: 'failed', error: 'dropped at a breakpoint' })
  })

  it('lets a long body stream on behind its head', async () => {
    const body = Buffer.alloc(12 * 1024 * 1024, 'y')
    gateway = await heldGateway({ upstream: await testUpstream((_, response) => void response.end(body)) })
    gateway.stop('', { on: 'response' })
    const answer = ask(gateway.url)
    const [held] = await gateway.held()
    const { draft } = held!.message
    expect(draft.wire).toBeUndefined()
    held!.end({ kind: 'edited', message: { start: { status: 203, reason: '' }, headers: draft.headers } })
    const got = await answer
    expect(got.status).toBe(203)
    expect(got.body.equals(body)).toBe(true)
  })

  it('a client that leaves ends the hold', async () => {
    gateway = await heldGateway()
    gateway.stop('', { on: 'response' })
    const answer = ask(gateway.url)
    const [held] = await gateway.held()
    answer.abort()
    await expect(answer).rejects.toThrow()
    expect((await held!.done).kind).toBe('left')
  })
})

describe('many at once', () => {
  it('a thousand are held, and go on together', async () => {
    gateway = await heldGateway()
    gateway.stop('')
    const answers = Array.from({ length: 1000 }, (_, at) => ask(gateway.url, { path: `/${at}` }))
    const held = await gateway.held(1000)
    for (const one of held) one.end({ kind: 'resumed' })
    const statuses = (await Promise.all(answers)).map(({ status }) => status)
    expect(new Set(statuses)).toEqual(new Set([200]))
    expect(gateway.interceptor.held).toEqual([])
  }, 30_000)
})
