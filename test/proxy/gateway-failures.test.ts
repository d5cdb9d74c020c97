import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { ask, gateway, plain, raw, upstream } from './asking.ts'

describe('when the upstream fails', () => {
  test('nobody listens: 502 that says so in the record, not to the client', async () => {
    const gate = await gateway(plain.replace('UPSTREAM', 'http://127.0.0.1:1'))
    const recorded = gate.next()
    const answer = await ask(`${gate.url}/x`)
    expect(answer.status).toBe(502)
    expect(answer.body.toString()).not.toContain('127.0.0.1:1')
    expect((await recorded)[0]).toMatchObject({
      verdict: 'failed',
      code: 'UPSTREAM_UNREACHABLE',
      error: expect.stringContaining('ECONNREFUSED'),
    })
  })

  test('no answer in time: 504', async () => {
    const up = await upstream(() => undefined)
    const gate = await gateway(plain.replace('up: UPSTREAM', `up: { targets: [{ url: "${up.url}" }], timeout: 300ms }`))
    const answer = await ask(`${gate.url}/x`)
    expect([answer.status, JSON.parse(answer.body.toString()).code]).toEqual([504, 'UPSTREAM_TIMEOUT'])
  })

  test('it closes before a head: 502', async () => {
    const up = await upstream((request) => request.socket.destroy())
    const gate = await gateway(plain, up)
    const answer = await ask(`${gate.url}/x`, { method: 'POST', body: 'x' })
    expect([answer.status, JSON.parse(answer.body.toString()).code]).toEqual([502, 'UPSTREAM_BROKEN'])
  })

  test('it breaks in the middle of the body: the client sees a broken answer, never a whole one', async () => {
    const up = await upstream((_, response) => {
      response.writeHead(200, { 'Content-Length': '1000' })
      response.write('part', () => response.destroy())
    })
    const gate = await gateway(plain, up)
    const recorded = gate.next()
    await expect(ask(`${gate.url}/x`)).rejects.toThrow()
    expect((await recorded)[0]).toMatchObject({ verdict: 'failed', code: 'UPSTREAM_BROKEN', status: 200 })
  })

  test('another target is tried when one cannot be reached', async () => {
    const up = await upstream()
    const gate = await gateway(
      plain.replace('up: UPSTREAM', `up: { targets: [{ url: "http://127.0.0.1:1" }, { url: "${up.url}" }] }`),
    )
    const statuses = await Promise.all(Array.from({ length: 20 }, async () => (await ask(`${gate.url}/x`)).status))
    expect(new Set(statuses)).toEqual(new Set([200]))
  })
})

describe('bodies that policies read', () => {
  const validated = `
upstreams: { up: UPSTREAM }
apis:
  - name: test
    policies:
      - request-size-limiting: { body: 1kb }
    routes:
      - { path: "/*", upstream: up }
`
  test('are held, judged decoded and forwarded as they came', async () => {
    const up = await upstream()
    const gate = await gateway(validated, up)
    const zipped = gzipSync('{"a":1}')
    const recorded = gate.next()
    expect(
      (await ask(`${gate.url}/x`, { method: 'POST', headers: { 'Content-Encoding': 'gzip' }, body: zipped })).status,
    ).toBe(200)
    expect(up.seen[0]!.body.equals(zipped)).toBe(true)
    expect((await recorded)[0]!.request.body!.bytes).toEqual(new Uint8Array(zipped))
  })

  test.each([
    ['too long', { body: 'x'.repeat(3000) }, 413],
    ['an archive bomb', { headers: { 'Content-Encoding': 'gzip' }, body: gzipSync(Buffer.alloc(10_000_000)) }, 413],
    ['not what its coding says', { headers: { 'Content-Encoding': 'gzip' }, body: 'plain' }, 400],
    ['an unknown coding', { headers: { 'Content-Encoding': 'lzma' }, body: 'x' }, 415],
  ])('%s: %o', async (_, options, status) => {
    const up = await upstream()
    const gate = await gateway(validated, up)
    expect((await ask(`${gate.url}/x`, { method: 'POST', ...options })).status).toBe(status)
    expect(up.seen).toEqual([])
  })

  test('a body that breaks off never reaches the upstream as a whole one', async () => {
    const up = await upstream()
    const gate = await gateway(validated, up)
    const answer = await raw(gate.url, 'POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\nhello')
    expect(answer).toMatch(/^HTTP\/1\.1 400 /)
    expect(up.seen).toEqual([])
  })
})

test('the body of a request that was denied by its headers is recorded too, so that it can be sent again', async () => {
  const up = await upstream()
  const gate = await gateway(`${plain}policies:\n  - ip-restriction: { deny: [127.0.0.1] }\n`, up)
  const recorded = gate.next()
  const answer = await ask(`${gate.url}/x`, { method: 'PATCH', body: '{"price":1}' })
  expect(answer.status).toBe(403)
  const [record] = await recorded
  expect(Buffer.from(record!.request.body!.bytes).toString()).toBe('{"price":1}')
  expect(up.seen).toEqual([])
})
