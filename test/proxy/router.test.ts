import { describe, expect, test } from 'vitest'
import type { PathMatch, Route, RouteMatch } from '../../gateway-core/config/workspace.ts'
import type { RequestMessage } from '../../gateway-core/exchange.ts'
import { HeaderList } from '../../gateway-core/headers.ts'
import { layOut } from '../../gateway-core/pipeline/plan.ts'
import { Router } from '../../gateway-core/proxy/router.ts'
import { upstreamPath } from '../../gateway-core/proxy/upstream-path.ts'

const plan = layOut([], () => [])

function route(
  id: string,
  path: string | PathMatch,
  more: Partial<RouteMatch> & Partial<Route> = {},
  order = 0,
): Route {
  const match: PathMatch =
    typeof path !== 'string' ? path : { kind: path.endsWith('/*') ? 'prefix' : 'template', value: path }
  const { hosts = [], methods = [], headers = [], query = [], ...rest } = more
  return {
    id,
    api: 'test',
    match: { hosts, path: match, methods, headers, query },
    upstream: 'up',
    stripPrefix: undefined,
    rewrite: undefined,
    preserveHost: false,
    plan,
    order,
    position: { file: 'gatehouse.yaml', line: 1, column: 1 },
    ...rest,
  }
}

function request(line: string, headers: Record<string, string> = {}): RequestMessage {
  const [method = 'GET', target = '/'] = line.split(' ')
  const [path = '', query = ''] = target.split('?')
  const authority = headers['host'] ?? 'api.example'
  return { method, scheme: 'http', authority, target, path, query, headers: HeaderList.of(headers), hasBody: false }
}

function found(routes: Route[], line: string, headers: Record<string, string> = {}): string {
  const routing = new Router(routes).match(request(line, headers))
  if (!routing.route) return routing.allowedMethods.length > 0 ? `405 ${routing.allowedMethods.join(',')}` : '404'
  const parameters = Object.entries(routing.parameters).map(([name, value]) => `${name}=${value}`)
  return [routing.route.id, ...parameters].join(' ')
}

describe('most specific first', () => {
  const routes = [
    route('default', { kind: 'any' }, {}, 0),
    route('all-books', '/books/*', {}, 1),
    route('book', '/books/{id}', {}, 2),
    route('latest', '/books/latest', {}, 3),
    route('cover', '/books/{id}/cover', {}, 4),
    route('json', '/books/{id}.json', {}, 5),
    route('deep', '/books/{id}/pages/*', {}, 6),
    route('numbered', { kind: 'expression', value: '/isbn/(?P<number>[0-9]{10})' }, {}, 7),
  ]
  test.each([
    ['GET /books/latest', 'latest'],
    ['GET /books/17', 'book id=17'],
    ['GET /books/17.json', 'json id=17'],
    ['GET /books/a%20b', 'book id=a b'],
    ['GET /books/17/cover', 'cover id=17'],
    ['GET /books/17/pages', 'deep id=17'],
    ['GET /books/17/pages/3/4', 'deep id=17'],
    ['GET /books/17/unknown', 'all-books'],
    ['GET /books', 'all-books'],
    ['GET /books/', 'all-books'],
    ['GET /bookshelf', 'default'],
    ['GET /isbn/0123456789', 'numbered number=0123456789'],
    ['GET /isbn/0123456789x', 'default'],
    ['GET /', 'default'],
  ])('%s → %s', (line, expected) => expect(found(routes, line)).toBe(expected))
})

describe('methods', () => {
  const routes = [
    route('read', '/books', { methods: ['GET'] }, 0),
    route('write', '/books', { methods: ['POST'] }, 1),
    route('any', '/orders', {}, 2),
    route('orders-post', '/orders', { methods: ['POST'] }, 3),
    route('traced', '/traced', { methods: ['TRACE'] }, 4),
  ]
  test.each([
    ['GET /books', {}, 'read'],
    ['HEAD /books', {}, 'read'],
    ['POST /books', {}, 'write'],
    ['DELETE /books', {}, '405 GET,HEAD,POST'],
    ['OPTIONS /books', {}, '405 GET,HEAD,POST'],
    ['OPTIONS /books', { origin: 'https://a.example', 'access-control-request-method': 'POST' }, 'write'],
    ['POST /orders', {}, 'orders-post'],
    ['GET /orders', {}, 'any'],
    ['BREW /orders', {}, 'any'],
    ['TRACE /orders', {}, '405 GET,HEAD,POST,PUT,PATCH,DELETE,OPTIONS'],
    ['TRACE /traced', {}, 'traced'],
  ])('%s %o → %s', (line, headers, expected) =>
    expect(found(routes, line, headers as Record<string, string>)).toBe(expected),
  )

  test.each([
    ['POST /books', 'DELETE', true],
    ['POST /books', 'GET, PATCH', true],
    ['POST /books', 'GET', false],
    ['GET /orders', 'DELETE', false],
    ['GET /nowhere', 'DELETE', false],
  ])('%s that names %s besides: contested %s', (line, other, contested) => {
    const router = new Router(routes)
    const asked = request(line, { 'x-http-method-override': other })
    expect(router.isContested(asked, router.match(asked).route)).toBe(contested)
  })
})

describe('hosts, headers and query', () => {
  const routes = [
    route('any-host', '/x', {}, 0),
    route('exact', '/x', { hosts: ['api.example'] }, 1),
    route('wild', '/x', { hosts: ['*.example'] }, 2),
    route('longer-wild', '/x', { hosts: ['*.eu.example'] }, 3),
    route('beta', '/x', { hosts: ['api.example'], headers: [{ name: 'X-Version', equals: '2' }] }, 4),
    route('flagged', '/y', { query: [{ name: 'flag' }] }, 5),
    route('matching', '/y', { query: [{ name: 'id', matches: '[0-9]+' }] }, 6),
  ]
  test.each([
    ['GET /x', { host: 'api.example' }, 'exact'],
    ['GET /x', { host: 'api.example:8080' }, 'exact'],
    ['GET /x', { host: 'other.example' }, 'wild'],
    ['GET /x', { host: 'a.eu.example' }, 'longer-wild'],
    ['GET /x', { host: 'example' }, 'any-host'],
    ['GET /x', { host: '[::1]:80' }, 'any-host'],
    ['GET /x', { host: 'api.example', 'X-Version': '2' }, 'beta'],
    ['GET /y?flag', {}, 'flagged'],
    ['GET /y?id=12', {}, 'matching'],
    ['GET /y?id=12a', {}, '404'],
  ])('%s %o → %s', (line, headers, expected) =>
    expect(found(routes, line, headers as Record<string, string>)).toBe(expected),
  )
})

describe('path for the upstream', () => {
  test.each([
    ['/api/*', { stripPrefix: '/api' }, '/api/books/1', '/books/1'],
    ['/api/*', { stripPrefix: '/api/' }, '/api', '/'],
    ['/api/*', { stripPrefix: '/ap' }, '/api/books', '/api/books'],
    ['/v1/books/{id}', { rewrite: '/books/{id}' }, '/v1/books/a%20b', '/books/a%20b'],
    ['/old/*', { rewrite: '/new/*' }, '/old/a/b', '/new/a/b'],
    ['/old/*', { rewrite: '/new/*' }, '/old', '/new'],
    ['/books/{id}', {}, '/books/1', '/books/1'],
  ])('%s %o: %s → %s', (template, more, path, expected) => {
    const one = route('one', template, more)
    const routing = new Router([one]).match(request(`GET ${path}`))
    expect(routing.route && upstreamPath(routing.route, path, routing.parameters)).toBe(expected)
  })
})

test('finds its route among a thousand APIs', () => {
  const routes = Array.from({ length: 1000 }, (_, at) => route(`api${at}`, `/api${at}/items/{id}`, {}, at))
  const router = new Router(routes)
  const routing = router.match(request('GET /api999/items/7'))
  expect(routing.route?.id).toBe('api999')
})
