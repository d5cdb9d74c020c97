import { createHash } from 'node:crypto'
import { once } from 'node:events'
import http from 'node:http'
import net from 'node:net'
import { describe, expect, test } from 'vitest'
import { ask, gateway, plain, upstream } from './asking.ts'

describe('headers that only a policy may set', () => {
  const claims = `
consumers: [{ name: app, keys: [0123456789abcdef] }]
upstreams: { up: UPSTREAM }
apis:
  - name: test
    policies: [POLICIES]
    routes: [{ path: "/*", upstream: up }]
`
  const jwt = '{ jwt-auth: { issuer: "http://127.0.0.1:1", forward: { X-User: sub } MORE } }'
  test.each([
    ['the other branch passes', `{ any-of: [${jwt}, { key-auth: { header: X-Key } }] }`, false],
    ['its condition does not hold', jwt.replace('MORE', ', when: "request.method == \'PUT\'"'), false],
    ['it only tells (shadow)', jwt.replace('MORE', ', mode: shadow'), true],
  ])('do not pass from a client where %s', async (_, policies, passes) => {
    const up = await upstream()
    const gate = await gateway(claims.replace('POLICIES', policies.replace('MORE', '')), up)
    const recorded = gate.next()
    const answer = await ask(`${gate.url}/x`, { headers: { 'X-Key': '0123456789abcdef', 'x-user': 'admin' } })
    expect(answer.status).toBe(200)
    expect(up.seen[0]!.headers.includes('admin')).toBe(passes)
    const [record] = await recorded
    expect(record!.request.headers).toContain('admin')
    expect(record!.forwarded?.headers.includes('admin') ?? true).toBe(passes)
  })
})

describe('forwarding', () => {
  test('a request and its answer, with what each side sees', async () => {
    const up = await upstream()
    const gate = await gateway(plain, up)
    const recorded = gate.next()
    const answer = await ask(`${gate.url}/a/../books/17?x=%20y&x=2`, { headers: { Accept: 'text/x' } })
    expect(answer.status).toBe(200)
    expect(answer.body.toString()).toBe('{"ok":true}')
    expect(answer.headers['via']).toBe('1.1 gatehouse')
    expect(up.seen[0]).toMatchObject({ method: 'GET', url: '/books/17?x=%20y&x=2' })
    expect(up.seen[0]!.headers).toEqual(
      expect.arrayContaining(['Accept', 'text/x', 'X-Forwarded-For', '127.0.0.1', 'Via', '1.1 gatehouse']),
    )
    const [record] = await recorded
    expect(record).toMatchObject({
      verdict: 'pass',
      status: 200,
      request: { path: '/books/17', query: 'x=%20y&x=2' },
      route: { id: 'test/*' },
    })
    expect(Buffer.from(record!.response!.body!.bytes).toString()).toBe('{"ok":true}')
  })

  test.each(['POST', 'PUT', 'PATCH', 'DELETE'])(
    '%s bodies stream through, with and without a length',
    async (method) => {
      const up = await upstream()
      const gate = await gateway(plain, up)
      const body = Buffer.alloc(300_000, 'ab')
      await ask(`${gate.url}/x`, { method, headers: { 'Content-Length': body.length }, body })
      await ask(`${gate.url}/x`, { method, headers: { 'Transfer-Encoding': 'chunked' }, body })
      expect(up.seen.map((seen) => seen.body.equals(body))).toEqual([true, true])
    },
  )

  test('a long body is recorded as its beginning, its length and its hash', async () => {
    const body = Buffer.alloc(2_000_000, 'x')
    const up = await upstream((_, response) => response.end(body))
    const gate = await gateway(`${plain}capture: { bodyBytes: 1kb }\n`, up)
    const recorded = gate.next()
    await ask(`${gate.url}/x`)
    const [record] = await recorded
    const kept = record!.response!.body!
    expect([kept.bytes.length, kept.length, kept.truncated]).toEqual([1024, body.length, true])
    expect(kept.sha256).toBe(createHash('sha256').update(body).digest('hex'))
  })

  test.each([
    ['HEAD', 200, { 'Content-Length': '11' }],
    ['GET', 204, {}],
    ['GET', 304, { ETag: '"a"' }],
  ])('%s with %i has no body and keeps its headers', async (method, status, headers) => {
    const up = await upstream((_, response) => response.writeHead(status, headers).end())
    const gate = await gateway(plain, up)
    const answer = await ask(`${gate.url}/x`, { method })
    expect(answer.status).toBe(status)
    expect(answer.body.length).toBe(0)
    for (const [name, value] of Object.entries(headers)) expect(answer.headers[name.toLowerCase()]).toBe(value)
  })

  test('header order, case and duplicates survive both ways', async () => {
    const up = await upstream((_, response) =>
      response.writeHead(200, ['Set-Cookie', 'a=1', 'x-Odd', '1', 'Set-Cookie', 'b=2']).end(),
    )
    const gate = await gateway(plain, up)
    const answer = await ask(`${gate.url}/x`, {
      headers: ['Host', 'h.example', 'X-oDD', '1', 'Accept', 'a', 'X-oDD', '2'] as never,
    })
    const sent = up.seen[0]!.headers
    expect(sent.filter((text) => text === 'X-oDD')).toHaveLength(2)
    expect(sent.indexOf('X-oDD')).toBeLessThan(sent.indexOf('Accept'))
    expect(answer.raw.slice(0, 6)).toEqual(['Set-Cookie', 'a=1', 'x-Odd', '1', 'Set-Cookie', 'b=2'])
  })

  test('trailers travel in both directions', async () => {
    const up = await upstream((request, response) => {
      request.resume().on('end', () => {
        response.writeHead(200, { Trailer: 'X-Sum' })
        response.write('body')
        response.addTrailers({ 'X-Sum': request.trailers['x-digest'] ?? 'none' })
        response.end()
      })
    })
    const gate = await gateway(plain, up)
    const request = http.request(`${gate.url}/x`, {
      method: 'POST',
      headers: { Trailer: 'X-Digest', 'Transfer-Encoding': 'chunked' },
    })
    request.write('hello')
    request.addTrailers({ 'X-Digest': 'abc' })
    request.end()
    const [response] = (await once(request, 'response')) as [http.IncomingMessage]
    await response.resume().toArray()
    expect(response.trailers).toEqual({ 'x-sum': 'abc' })
  })

  test('100-continue reaches the upstream, and its answer the client', async () => {
    const up = await upstream()
    up.server.on('checkContinue', (request: http.IncomingMessage, response: http.ServerResponse) => {
      if (request.url === '/refuse') response.writeHead(403).end()
      else {
        response.writeContinue()
        request.resume().on('end', () => response.end('taken'))
      }
    })
    const gate = await gateway(plain, up)
    const send = async (path: string) => {
      const request = http.request(`${gate.url}${path}`, {
        method: 'POST',
        agent: false,
        headers: { Expect: '100-continue', 'Content-Length': 5 },
      })
      request.flushHeaders()
      let continued = false
      request.on('continue', () => {
        continued = true
        request.end('hello')
      })
      const [response] = (await once(request, 'response')) as [http.IncomingMessage]
      await response.resume().toArray()
      request.destroy()
      return [response.statusCode, continued]
    }
    expect(await send('/take')).toEqual([200, true])
    expect(await send('/refuse')).toEqual([403, false])
  })

  test('server-sent events arrive one by one, and are recorded at the head and at the end', async () => {
    let push: (text: string) => void = () => undefined
    let finish: () => void = () => undefined
    const up = await upstream((_, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' })
      push = (text) => response.write(text)
      finish = () => response.end()
      response.flushHeaders()
    })
    const gate = await gateway(plain, up)
    const request = http.get(`${gate.url}/events`)
    const [response] = (await once(request, 'response')) as [http.IncomingMessage]
    push('data: 1\n\n')
    expect(String((await once(response, 'data'))[0])).toBe('data: 1\n\n')
    push('data: 2\n\n')
    expect(String((await once(response, 'data'))[0])).toBe('data: 2\n\n')
    const recorded = gate.next()
    finish()
    expect((await recorded)[0]).toMatchObject({ verdict: 'pass', state: 'done', status: 200 })
  })

  test('a slow client holds the upstream back instead of filling memory', async () => {
    let written = 0
    const chunk = Buffer.alloc(256 * 1024)
    const up = await upstream((_, response) => {
      const more = () => {
        while (written < 200 * 1024 * 1024) {
          written += chunk.length
          if (!response.write(chunk)) return void response.once('drain', more)
        }
        response.end()
      }
      more()
    })
    const gate = await gateway(plain, up)
    const socket = net.connect(Number(new URL(gate.url).port), '127.0.0.1')
    socket.write('GET /big HTTP/1.1\r\nHost: x\r\n\r\n')
    await once(socket, 'readable')
    let before = -1
    // The upstream stops by itself once every buffer on the way is full.
    while (before !== written) {
      before = written
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
    expect(written).toBeLessThan(64 * 1024 * 1024)
    socket.destroy()
  })

  test('a client that leaves ends the call to the upstream', async () => {
    const up = await upstream(() => undefined)
    const gate = await gateway(plain, up)
    const recorded = gate.next()
    const arrived = once(up.server, 'request') as Promise<[http.IncomingMessage]>
    const request = http.get(`${gate.url}/hang`)
    request.on('error', () => undefined)
    const [incoming] = await arrived
    incoming.on('error', () => undefined)
    const closed = new Promise((resolve) => incoming.on('close', resolve))
    request.destroy()
    await closed
    expect((await recorded)[0]).toMatchObject({ verdict: 'aborted', status: 0 })
  })
})

describe('routing', () => {
  const routes = `
upstreams: { up: UPSTREAM }
apis:
  - name: shop
    routes:
      - { path: /books, methods: [GET, POST], upstream: up }
      - { path: "/v1/*", upstream: up, stripPrefix: /v1 }
      - { path: "/old/{id}", upstream: up, rewrite: "/new/{id}" }
      - { path: /host, upstream: up, preserveHost: true }
`
  test.each([
    ['GET', '/books', 200, '/books'],
    ['DELETE', '/books', 405, undefined],
    ['GET', '/nowhere', 404, undefined],
    ['GET', '/v1/a/b?c=d', 200, '/a/b?c=d'],
    ['GET', '/old/7', 200, '/new/7'],
  ])('%s %s → %i, upstream sees %s', async (method, path, status, seen) => {
    const up = await upstream()
    const gate = await gateway(routes, up)
    const answer = await ask(gate.url + path, { method })
    expect(answer.status).toBe(status)
    expect(up.seen[0]?.url).toBe(seen)
    if (status === 405) expect(answer.headers['allow']).toBe('GET, HEAD, POST')
    if (status === 404) expect(JSON.parse(answer.body.toString())).toMatchObject({ code: 'NO_ROUTE', status: 404 })
  })

  test('Location and cookies come back as the client knows the paths', async () => {
    const up = await upstream((_, response) =>
      response.writeHead(302, ['Location', '/a/c', 'Set-Cookie', 'sid=1; Path=/a']).end(),
    )
    const gate = await gateway(routes, up)
    const answer = await ask(`${gate.url}/v1/a/b`)
    expect(answer.headers['location']).toBe('/v1/a/c')
    expect(answer.headers['set-cookie']).toEqual(['sid=1; Path=/v1/a'])
  })

  test('Host is the upstream’s unless it is to be preserved', async () => {
    const up = await upstream()
    const gate = await gateway(routes, up)
    await ask(`${gate.url}/books`, { headers: { Host: 'shop.example' } })
    await ask(`${gate.url}/host`, { headers: { Host: 'shop.example' } })
    const hosts = up.seen.map(
      (seen) => seen.headers[seen.headers.findIndex((name) => name.toLowerCase() === 'host') + 1],
    )
    expect(hosts).toEqual([new URL(up.url).host, 'shop.example'])
  })
})

describe('reload', () => {
  test('a new revision is in force at once; what runs finishes on the old one', async () => {
    let release: () => void = () => undefined
    const up = await upstream((request, response) => {
      if (request.url === '/slow') release = () => response.end('old')
      else response.end('new')
    })
    const gate = await gateway(plain, up)
    const before = gate.gateway.workspace.revision
    const arrived = once(up.server, 'request')
    const slow = ask(`${gate.url}/slow`)
    await arrived
    await gate.rewrite(`${plain.replace('UPSTREAM', up.url)}policies:\n  - ip-restriction: { deny: [127.0.0.1] }\n`)
    expect((await ask(`${gate.url}/x`)).status).toBe(403)
    release()
    expect((await slow).body.toString()).toBe('old')
    expect(gate.records.map((record) => [record.status, record.revision === before])).toEqual([
      [403, false],
      [200, true],
    ])
  })
})
