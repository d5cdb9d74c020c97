import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { otherReadings } from '../../gateway-core/proxy/other-readings.ts'
import { type TestGateway, testGateway, type TestUpstream, testUpstream } from '../gateway-fixture.ts'
import { ask } from './asking.ts'

// A narrow route has policies; a wide one beside it has none. No spelling that a server could read as the narrow
// route's path may come by the wide one.

let upstream: TestUpstream
let gateway: TestGateway
const reached: string[] = []
beforeAll(async () => {
  upstream = await testUpstream((request, response) => {
    reached.push(request.url!)
    response.end('ok')
  })
  gateway = await testGateway(`
upstreams: { app: "${upstream.url}" }
apis:
  - name: shop
    upstream: app
    routes:
      - { path: /admin/*, policies: [ip-restriction: { deny: [127.0.0.0/8] }] }
      - { path: /report, policies: [ip-restriction: { deny: [127.0.0.0/8] }] }
      - { path: /users/me, policies: [ip-restriction: { deny: [127.0.0.0/8] }] }
      - { path: "/users/{name}" }
      - { path: /Mixed/Case, policies: [ip-restriction: { deny: [127.0.0.0/8] }] }
      - { path: /upload, methods: [POST], policies: [ip-restriction: { deny: [127.0.0.0/8] }] }
      - { path: "/open/", policies: [security-headers] }
      - { path: /open, policies: [ip-restriction: { deny: [127.0.0.0/8] }] }
      - { path: /plain }
      - { path: /listed, methods: [GET, POST] }
      - { path: /traced, methods: [TRACE] }
      - { path: /hosted/*, host: secret.example, policies: [ip-restriction: { deny: [127.0.0.0/8] }] }
      - { default: true }
`)
})
afterAll(async () => {
  await gateway.close()
  await upstream.close()
})

async function answerTo(target: string, method = 'GET'): Promise<string> {
  reached.length = 0
  const { status, body } = await ask(gateway.url, { path: target, method })
  const code = /"code":"(\w+)"/.exec(body.toString())?.[1]
  return code === undefined ? `${status} ${reached.join()}` : `${status} ${code}`
}

describe('a spelling that some servers read as the path of a narrower route is refused', () => {
  test.each([
    '//admin/x',
    '/admin//',
    '//admin',
    '/Admin/x',
    '/ADMIN',
    '/admin;a=b/x',
    '/admin;/x',
    '/;/admin/x',
    '/x/;/%252e%252e/admin/x',
    '/%2561dmin/x',
    '/%252561dmin/x',
    '/x%252f..%252fadmin/x',
    '/admin%252fx',
    '/admin./x',
    '/admin%20/x',
    '/report/',
    '/report;x',
    '/report.',
    '/report//',
    '/REPORT',
    '/Report/',
    '//report;a/',
    '/mixed/case',
    '/MIXED//CASE',
    '/users/me;x',
    '/users/%256de',
    '/users//me',
    '/users/me/',
  ])('%s', async (target) => {
    const answer = await answerTo(target)
    if (target === '/admin//') expect(answer).toBe('403 IP_DENIED')
    else expect(answer).toBe('400 AMBIGUOUS_ROUTE')
    expect(reached).toEqual([])
  })
})

describe('what is no such spelling goes its way, as it was sent', () => {
  test.each([
    ['/anything//at;all/', '/anything//at;all/'],
    ['/Other/Case', '/Other/Case'],
    ['/users/Me', '/users/Me'],
    ['/users/a;b=c', '/users/a;b=c'],
    ['/plain/', '/plain/'],
    ['/PLAIN', '/PLAIN'],
    ['/open/', '/open/'],
    ['/reports', '/reports'],
    ['/a%25b', '/a%25b'],
    ['/upload/', '/upload/'],
    ['/file.', '/file.'],
  ])('%s', async (target, sent) => {
    expect(await answerTo(target)).toBe(`200 ${sent}`)
  })

  test('the method belongs to the reading', async () => {
    expect(await answerTo('/upload/', 'POST')).toBe('400 AMBIGUOUS_ROUTE')
    expect(await answerTo('/upload', 'GET')).toBe('200 /upload')
  })
})

describe('a method that servers may act on in place of the one that was routed', () => {
  const override = async (method: string, path: string, fields: Record<string, string>) => {
    reached.length = 0
    const { status, body } = await ask(gateway.url, { path, method, headers: fields })
    const code = /"code":"(\w+)"/.exec(body.toString())?.[1]
    return code === undefined ? `${status} ${reached.join()}` : `${status} ${code}`
  }

  test.each([
    ['GET', '/upload', { 'X-HTTP-Method-Override': 'POST' }],
    ['GET', '/upload', { 'x-method-override': 'post' }],
    ['DELETE', '/upload', { X_HTTP_Method_Override: 'POST' }],
  ])('%s %s %o is refused: another route protects it', async (method, path, fields) => {
    expect(await override(method, path, fields)).toBe('400 AMBIGUOUS_ROUTE')
    expect(reached).toEqual([])
  })

  test.each([
    ['GET', '/plain', { 'X-HTTP-Method-Override': 'DELETE' }],
    ['GET', '/upload', { 'X-HTTP-Method-Override': 'PUT' }],
    ['POST', '/listed', { 'X-HTTP-Method-Override': 'GET' }],
    ['POST', '/listed', { 'X-HTTP-Method-Override': 'HEAD' }],
  ])('%s %s %o goes its way: one route takes both', async (method, path, fields) => {
    expect(await override(method, path, fields)).toBe(`200 ${path}`)
  })
})

test('TRACE gives back what the gateway adds: only a route that lists it takes it', async () => {
  expect(await answerTo('/plain', 'TRACE')).toBe('405 METHOD_NOT_ROUTED')
  expect(await answerTo('/traced', 'TRACE')).toBe('200 /traced')
  const { headers } = await ask(gateway.url, { path: '/plain', method: 'TRACE' })
  expect(headers['allow']).toBe('GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS')
})

test('readings of a path', () => {
  expect(otherReadings('/books/1')).toEqual([])
  expect(otherReadings('/')).toEqual([])
  expect(otherReadings('/a//b;c/')).toEqual(['/a//b/', '/a/b;c/', '/a//b;c', '/a/b'])
  expect(otherReadings('/x/%252e%252e/b')).toContain('/b')
})

test.each(['secret.example', 'Secret.Example.', 'secret.example.:80'])('the host %s is one host', async (host) => {
  const { status, body } = await ask(gateway.url, { path: '/hosted/x', headers: { host } })
  expect([status, JSON.parse(body.toString()).code]).toEqual([403, 'IP_DENIED'])
})
