import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Desk, makeDesk } from './desk.ts'

const yaml = `gatehouse: 1
listen: { http: "127.0.0.1:0" }
upstreams:
  shop: http://127.0.0.1:9
  other: http://127.0.0.1:9
consumers:
  - { name: app, groups: [readers] }
policies:
  - ip-restriction: { name: outer, deny: [192.0.2.0/24] }
  - acl: { allow: { consumers: [app], groups: [readers] } }
apis:
  - name: books
    openapi: openapi/books.yaml
    upstream: shop
    policies:
      - use: fair-use
    routes:
      - path: /books
        policies:
          - without: [outer]
`

let desk: Desk
beforeAll(async () => {
  desk = makeDesk({
    'gatehouse.yaml': yaml,
    'policies/sets.yaml':
      'fair-use:\n  - rate-limiting: { limit: 5, window: 1m, by: ip }\nstrict:\n  - request-size-limiting\n',
    'openapi/books.yaml': 'openapi: 3.1.0\ninfo: { title: Books, version: "1" }\npaths: {}\n',
    'environments/local.yaml': 'upstreams: { shop: "http://127.0.0.1:10" }\n',
    'tests/a.yaml': 'tests: []\n',
  })
  await desk.call('workbench.open', { folder: desk.folder })
})
afterAll(() => desk.close())

/** The names at the mark ¦, which is taken out. */
async function names(path: string, marked: string): Promise<string[]> {
  const before = marked.slice(0, marked.indexOf('¦')).split('\n')
  const text = marked.replace('¦', '')
  return desk.call('files.names', { path, text, line: before.length, column: before.at(-1)!.length + 1 })
}

it.each([
  ['upstream: shop', 'upstream: ¦', ['other', 'shop']],
  ['upstream: shop', 'upstream: sh¦', ['other', 'shop']],
  ['upstream: shop', 'upstream: s¦hop', ['other', 'shop']],
  ['use: fair-use', 'use: ¦', ['fair-use', 'strict']],
  ['without: [outer]', 'without: [¦]', ['acl', 'outer', 'rate-limiting', 'request-size-limiting']],
  ['consumers: [app]', 'consumers: [¦]', ['app']],
  ['groups: [readers] } }', 'groups: [¦] } }', ['readers']],
  ['openapi: openapi/books.yaml', 'openapi: ¦', ['openapi/books.yaml']],
  ['openapi: openapi/books.yaml', 'openapi: openapi/b¦', ['openapi/books.yaml']],
  // Where nothing is referred to.
  ['name: books', 'name: ¦', []],
  ['path: /books', 'path: ¦', []],
  ['gatehouse: 1', 'gatehouse: ¦', []],
])('%s with %s: %j', async (from, to, expected) => {
  expect(await names('gatehouse.yaml', yaml.replace(from, to))).toEqual(expected)
})

it('knows what tests expect', async () => {
  const test = (expected: string) => `tests:\n  - name: a\n    request: GET /books\n    expect: { ${expected} }\n`
  expect(await names('tests/a.yaml', test('decidedBy: ¦'))).toContain('outer')
  expect(await names('tests/a.yaml', test('consumer: ¦'))).toEqual(['app'])
})

it('answers whatever is typed', async () => {
  for (const text of ['¦', '{¦', '\t¦', '- - -¦', '&a [*a¦]', 'upstreams: [¦', '"¦', 'x: |\n  ¦']) {
    expect(Array.isArray(await names('gatehouse.yaml', text))).toBe(true)
  }
})
