import { expect, test } from 'vitest'
import { fieldGroups, filterFields } from '../../gateway-core/filter/fields.ts'
import { parseFilter } from '../../gateway-core/filter/grammar.ts'
import { matches } from '../../gateway-core/filter/evaluate.ts'
import { FilterError } from '../../gateway-core/filter/syntax.ts'
import { gzipSync } from 'node:zlib'
import { body, record, request, response } from '../capture/records.ts'

const now = Date.parse('2025-11-22T12:00:00Z')
const exchange = record({
  startedAt: now - 60_000,
  durationMicros: 150_000,
  status: 403,
  verdict: 'deny',
  code: 'SCOPE_MISSING',
  decidedBy: 'api:books/jwt-auth',
  request: request({
    method: 'POST',
    path: '/books/42',
    query: 'page=2&q=Dune',
    headers: ['Host', 'localhost:8080', 'X-Foo', 'Bar baz', 'X-Foo', 'second', 'Accept', 'text/html, */*'],
    body: body('{"title":"The Left Hand of Darkness"}'),
  }),
  response: response({
    status: 403,
    from: 'gateway',
    headers: ['Content-Type', 'application/problem+json', 'Content-Encoding', 'gzip'],
    body: body(gzipSync('{"code":"SCOPE_MISSING"}'), { length: 20_000 }),
  }),
  route: { id: 'books/books/{id}', api: 'books', template: '/books/{id}', parameters: { id: '42' }, upstreamPath: '/' },
  consumer: { name: 'Mobile-App', groups: ['readers', 'beta'] },
  trace: [
    ['api:books/jwt-auth', 'jwt-auth', 'deny'],
    ['workspace/limit-all', 'rate-limiting', 'would-deny'],
    ['workspace/later', 'cors', 'skipped'],
  ].map(([policy, type, verdict]) => ({
    policy: policy!,
    type: type!,
    verdict: verdict as 'deny',
    phase: 'requestHeaders',
    mode: 'enforce',
    at: 0,
    micros: 0,
    now: 0,
    sequence: 0,
    position: { file: 'gatehouse.yaml', line: 1, column: 1 },
    ...(verdict === 'deny' && {
      evidence: [{ at: { in: 'claim', name: 'scope' }, observed: 'read', expected: 'write' }],
    }),
  })),
})

const yes = `
host:localhost
host:localhost:8080
host:local*
status:403
status:4xx
status:400-499
status:200,403
status>=400
status>402 status<404
status<=403
status!=200
method:post
method:"POST"
verdict:deny code:scope_missing
policy:jwt-auth
policy:jwt*
policy:limit-all
policy:api:books/jwt-auth
policy~^jwt
denied:jwt-auth denied:limit-all
would-deny:rate-limiting
would-deny:*
decided:*/jwt-auth
path~^/books
path~^/books/\\d+$
path~"^/books/(41|42)$"
path~^/(books|x)/4[0-9]
path:/BOOKS
path=/books/42
path!=/books
query:page=2
url:42?page=2
route:books/*
api:books
consumer:mobile-app
group:beta
client:127.0.0.1
client:127.*
duration>100ms
duration:100ms-1s
duration<1m
size>10kb
size:20000
req.size<1kb
time>-5m
time:2025-11-22
time<2025-11-22T12:00:00Z
req.header.x-foo:bar
req.header.X-Foo:"bar baz"
req.header.x-foo=second
req.header.x-foo~^sec
req.header.x-foo:*
resp.header.content-type:problem
req.headers:text/html
headers:x-foo
body:darkness
resp.body:scope_missing
req.body~Left.*Dark
evidence:write
from:gateway
dune
DUNE
"left hand"
~Hand\\s+of
~hand\\ of|Hand\\ of
not status:200
!status:200
-status:200
not (status:200 or method:GET)
(status:403)
status:200 or status:403
status:403 and not method:GET or api:none
NOT api:none AND (dune OR nothing)
status!=200,201
api:none,books
`.trim()

test.each(yes.split('\n'))('holds: %s', (query) => {
  expect(matches(parseFilter(query, now), exchange)).toBe(true)
})

const no = `
host:8080
host:localhost:80
status:200
status:2xx
status>403
policy:jwt
policy:cors
denied:cors
would-deny:jwt-auth
path=/BOOKS/42
path~^books
method:GET
duration<100ms
size<1kb
time>-30s
time:2025-11-21
req.header.x-bar:*
req.header.x-foo=bar
resp.header.x-foo:bar
environment:*
env:staging
env!~staging -env:*x status:200
nothing
not status:403
status:403 api:none
status!=403,200
`.trim()

test.each(no.split('\n'))('does not hold: %s', (query) => {
  expect(matches(parseFilter(query, now), exchange)).toBe(false)
})

test('an empty query holds for everything', () => {
  expect(matches(parseFilter('  '), exchange)).toBe(true)
})

/** Query, the character where it goes wrong (under the caret), and what is said. */
const errors: [query: string, caret: string, message: RegExp, suggestion?: RegExp][] = [
  ['staus:403', '^', /there is no field staus/, /did you mean status:…/],
  ['status:403 polcy:x', '           ^', /there is no field polcy/, /did you mean policy/],
  ['http://localhost', '^', /there is no field http/, /quote it/],
  ['status:abc', '       ^', /abc is not a status/, /status:403/],
  ['status:', '       ^', /a value should follow status:/],
  ['status:403,', '           ^', /a value should follow/],
  ['status:499-400', '       ^', /range .* is empty/, /400-499/],
  ['duration>fast', '         ^', /not a duration/],
  ['time>yesterday', '     ^', /not a date/],
  ['size>10xb', '     ^', /not a size/],
  ['path~(', '     ^', /does not compile/],
  ['path~"(?=x)"', '      ^', /does not compile/, /look-around/],
  ['path~', '     ^', /regular expression should follow/],
  ['status~4..', '      ^', /number and has no text/],
  ['method>GET', '       ^', /cannot be compared/],
  ['(status:403', '^', /never closed/, /add \)/],
  ['status:403)', '          ^', /closes nothing/],
  ['path:"/books', '     ^', /quote is never closed/],
  ['status:403 or', '             ^', /ends where/],
  ['or status:403', '^', /not or/, /quote it/],
  ['not', '   ^', /ends where/],
  ['()', ' ^', /not \)/],
  ['req.header.:x', '           ^', /header name is missing/],
  ['""', '^', /empty word/],
  [`${'('.repeat(200)}`, `${' '.repeat(100)}^`, /100 levels/],
]

test.each(errors)('%s', (query, caret, message, suggestion) => {
  let error: unknown
  try {
    parseFilter(query, now)
  } catch (thrown) {
    error = thrown
  }
  expect(error).toBeInstanceOf(FilterError)
  expect((error as FilterError).message).toMatch(message)
  expect((error as FilterError).offset).toBe(caret.indexOf('^'))
  if (suggestion) expect((error as FilterError).suggestion).toMatch(suggestion)
})

test('every field and group documents itself with an example that parses', () => {
  for (const { example, help } of [...filterFields, ...Object.values(fieldGroups)]) {
    expect(() => parseFilter(example)).not.toThrow()
    expect(help).toMatch(/\.$/)
  }
})
