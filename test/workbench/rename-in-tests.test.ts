import { afterEach, beforeEach, expect, it } from 'vitest'
import { type Desk, makeDesk } from './desk.ts'

const yaml = `gatehouse: 1
listen: { http: "127.0.0.1:0" }
upstreams:
  shop: http://127.0.0.1:9
consumers:
  - { name: app, groups: [readers] }
apis:
  - name: books
    upstream: shop
    policies:
      - rate-limiting: { name: slow, limit: 10, window: 1m, by: ip }
    routes:
      - path: /books
      - { path: /more }
`

let desk: Desk
beforeEach(async () => {
  desk = makeDesk({ 'gatehouse.yaml': yaml })
  await desk.call('workbench.open', { folder: desk.folder })
})
afterEach(() => desk.close())

const place = (text: string, at: string, into: number) => {
  const before = text.slice(0, text.indexOf(at) + into).split('\n')
  return { line: before.length, column: before.at(-1)!.length + 1 }
}

const tests = `tests:
  - name: slow is kept
    request: { url: /books, headers: { X-API-Key: "\${consumer:app}" } }
    expect: { decidedBy: slow, route: books/list, consumer: app }
  - name: as a sequence
    sequence:
      - expect: { trace: { "api:books/slow": deny, "api:books/route:list/other": pass }, route: "books/more" }
`
it.each([
  [
    'a policy',
    'slow,',
    1,
    'calm',
    (text: string) => text.replace('decidedBy: slow', 'decidedBy: calm').replace('books/slow', 'books/calm'),
  ],
  [
    'an API',
    'name: books',
    7,
    'shelf',
    (text: string) =>
      text.replaceAll('api:books', 'api:shelf').replaceAll(': books/', ': shelf/').replace('"books/', '"shelf/'),
  ],
  [
    'a route',
    'name: list',
    7,
    'all',
    (text: string) => text.replace('books/list', 'books/all').replace('route:list', 'route:all'),
  ],
  [
    'a consumer',
    'name: app',
    7,
    'phone',
    (text: string) => text.replace('consumer:app', 'consumer:phone').replace('consumer: app', 'consumer: phone'),
  ],
])('follows %s into tests', async (_what, at, into, name, expected) => {
  const text = yaml.replace('- path: /books', '- name: list\n        path: /books')
  desk.write('tests/books.yaml', tests)
  const { files } = await desk.call('files.rename', { path: 'gatehouse.yaml', text, ...place(text, at, into), name })
  expect(files.find(({ path }) => path === 'tests/books.yaml')?.text).toBe(expected(tests))
})

it('leaves a route of the same name in another API alone', async () => {
  const text = yaml
    .replace('- path: /books', '- name: list\n        path: /books')
    .concat('  - { name: other, upstream: shop, routes: [{ name: list, path: /other }] }\n')
  desk.write('tests/books.yaml', 'tests: [{ name: x, request: GET /other, expect: { route: other/list } }]\n')
  const at = { path: 'gatehouse.yaml', text, ...place(text, 'name: list', 7) }
  expect((await desk.call('files.rename', { ...at, name: 'all' })).files).toEqual([
    { path: 'gatehouse.yaml', text: text.replace('name: list', 'name: all') },
  ])
})
