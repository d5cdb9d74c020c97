import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { observedHostOf, withHostRoute } from '../../gateway-core/workbench/host-route.ts'
import { loaded, workspaceFolder } from '../gateway-fixture.ts'

const github = { scheme: 'https', authority: 'api.github.com' } as const

const cases: [name: string, before: string, after: string][] = [
  [
    'block upstreams and APIs: at the end of each, comments stay',
    `# mine
gatehouse: 1
upstreams:
  books: http://127.0.0.1:9001 # the shop
  # more to come

apis:
    - name: books
      upstream: books
      policies: []   # none yet
# the end
`,
    `# mine
gatehouse: 1
upstreams:
  books: http://127.0.0.1:9001 # the shop
  api-github-com: https://api.github.com
  # more to come

apis:
    - name: books
      upstream: books
      policies: []   # none yet
    - name: api-github-com
      host: api.github.com
      upstream: api-github-com
      policies: []
# the end
`,
  ],
  [
    'flow collections stay on their line',
    'gatehouse: 1\nupstreams: { books: http://a }\napis: [{ name: books, upstream: books }]\n',
    'gatehouse: 1\nupstreams: { books: http://a, api-github-com: https://api.github.com }\napis: [{ name: books, upstream: books }, { name: api-github-com, host: api.github.com, upstream: api-github-com, policies: [] }]\n',
  ],
  [
    'neither is there',
    'gatehouse: 1\nlisten: { proxy: 8888 }',
    `gatehouse: 1
listen: { proxy: 8888 }
upstreams:
  api-github-com: https://api.github.com
apis:
  - name: api-github-com
    host: api.github.com
    upstream: api-github-com
    policies: []
`,
  ],
  [
    'both are there and empty',
    'gatehouse: 1\nupstreams: {}\napis: []\n',
    `gatehouse: 1
upstreams: { api-github-com: https://api.github.com }
apis:
  - name: api-github-com
    host: api.github.com
    upstream: api-github-com
    policies: []
`,
  ],
]

describe('a route of a host', () => {
  test.each(cases)('%s', async (_, before, after) => {
    const made = withHostRoute(before, github)
    expect(made.text).toBe(after)
    expect(made.text.split('\n')[made.line - 1]).toContain('name: api-github-com')
    const place = workspaceFolder({ 'gatehouse.yaml': made.text })
    const { routes } = await loaded(place.folder)
    place.remove()
    expect(routes.at(-1)).toMatchObject({ match: { hosts: ['api.github.com'] }, upstream: 'api-github-com' })
  })

  test('with CRLF, lines end as the others do', () => {
    const made = withHostRoute('gatehouse: 1\r\napis:\r\n  - name: a\r\n', github)
    expect(made.text.replaceAll('\r\n', '')).not.toContain('\n')
  })

  test('a name that is taken gets a number, a local server its port', () => {
    const text = 'gatehouse: 1\nupstreams: { localhost-9443: http://a }\n'
    const made = withHostRoute(text, { scheme: 'https', authority: 'localhost:9443' })
    expect(parse(made.text)).toEqual({
      gatehouse: 1,
      upstreams: { 'localhost-9443': 'http://a', 'localhost-9443-2': 'https://localhost:9443' },
      apis: [{ name: 'localhost-9443-2', host: 'localhost:9443', upstream: 'localhost-9443-2', policies: [] }],
    })
  })

  test('what is no YAML is left alone', () => {
    expect(() => withHostRoute('a: [', github)).toThrow(/cannot be read/)
    expect(() => withHostRoute('- a\n', github)).toThrow(/cannot be read/)
  })

  test.each([
    ['example.com', { scheme: 'https', authority: 'example.com' }],
    ['http://Example.com:80/x', { scheme: 'http', authority: 'example.com' }],
    ['https://localhost:9443', { scheme: 'https', authority: 'localhost:9443' }],
    ['localhost:3000', { scheme: 'https', authority: 'localhost:3000' }],
    ['ftp://x', undefined],
    ['', undefined],
    ['a b', undefined],
  ])('%s names %o', (text, host) => expect(observedHostOf(text)).toEqual(host))
})
