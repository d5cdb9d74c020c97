import { describe, expect, it } from 'vitest'
import { formatProblems } from '../../gateway-core/config/diagnostics.ts'
import { loadWorkspace, loadWorkspaceFromText, type LoadOptions } from '../../gateway-core/config/load.ts'
import type { Workspace } from '../../gateway-core/config/workspace.ts'
import type { Plan } from '../../gateway-core/pipeline/plan.ts'

const nowhere = '/no-such-folder/shop'

/** Loads a workspace from texts alone; fails with the problems when there are errors. */
async function load(text: string, files: Record<string, string> = {}, options: LoadOptions = {}): Promise<Workspace> {
  const overlay = new Map(Object.entries({ 'gatehouse.yaml': text, ...files }))
  const { workspace, problems } = await loadWorkspace(nowhere, { overlay, env: {}, readOnly: true, ...options })
  if (!workspace) throw new Error(formatProblems(problems))
  return workspace
}

const ids = (plan: Plan) => plan.instances.map((instance) => instance.id)
const shop = `gatehouse: 1
upstreams: { books: http://127.0.0.1:9001 }
apis:
  - name: books
    upstream: books
`

describe('a workspace', () => {
  it('needs no more than a version, and has defaults for the rest', async () => {
    const workspace = await load('gatehouse: 1')
    expect(workspace).toMatchObject({
      name: 'shop',
      environment: undefined,
      listen: { http: { host: '127.0.0.1', port: 8080 }, https: undefined },
      routes: [],
      limits: { headerBytes: 16_384, headersMs: 10_000, bodyBytes: undefined },
      capture: { enabled: true, secretsMs: 86_400_000 },
      trustedProxies: [],
      onError: 'closed',
    })
  })

  it('reads upstreams in all their forms', async () => {
    const { upstreams } = await load(`gatehouse: 1
upstreams:
  short: http://127.0.0.1:9001/v1
  one: { url: https://books.internal, timeout: 1m30s, tls: { serverName: books } }
  many: { targets: [{ url: http://a, weight: 3 }, http://b], health: { path: /up } }
`)
    expect([...upstreams.values()].map(({ targets }) => targets.map(({ url, weight }) => [url.href, weight]))).toEqual([
      [['http://127.0.0.1:9001/v1', 100]],
      [['https://books.internal/', 100]],
      [
        ['http://a/', 3],
        ['http://b/', 100],
      ],
    ])
    expect(upstreams.get('one')).toMatchObject({ timeoutMs: 90_000, tls: { verify: true, serverName: 'books' } })
    expect(upstreams.get('many')?.health).toEqual({ path: '/up', intervalMs: 10_000 })
  })

  it.each([
    ['127.0.0.1:8081', { host: '127.0.0.1', port: 8081 }],
    ['"[::1]:0"', { host: '::1', port: 0 }],
    ['9090', { host: '127.0.0.1', port: 9090 }],
    ['{ address: 0.0.0.0:80 }', { host: '0.0.0.0', port: 80 }],
  ])('listens on %s', async (written, expected) => {
    expect((await load(`gatehouse: 1\nlisten: { http: ${written} }`)).listen.http).toEqual(expected)
  })

  it('can be named by its file', async () => {
    const overlay = new Map([[`${nowhere}/other.yaml`, 'gatehouse: 1\nname: other']])
    const { workspace } = await loadWorkspace(`${nowhere}/other.yaml`, { overlay, env: {}, readOnly: true })
    expect(workspace).toMatchObject({ name: 'other', folder: nowhere })
  })

  it('can be checked as an editor holds it', async () => {
    const { problems } = await loadWorkspaceFromText('gatehouse: 1\nnaem: x', nowhere, { env: {}, readOnly: true })
    expect(problems).toMatchObject([{ line: 2, column: 1, endColumn: 5, code: 'UNKNOWN_KEY' }])
  })

  it('says what to do when there is none', async () => {
    const { workspace, problems } = await loadWorkspace(nowhere, { env: {} })
    expect(workspace).toBeUndefined()
    expect(problems).toMatchObject([{ code: 'FILE_MISSING', severity: 'error' }])
  })
})

describe('routes', () => {
  it.each([
    ['/books/{id}', { kind: 'template', value: '/books/{id}' }],
    ['/books/*', { kind: 'prefix', value: '/books/*' }],
    ['/*', { kind: 'prefix', value: '/*' }],
    ['{ prefix: /books/ }', { kind: 'prefix', value: '/books/*' }],
    ['{ template: /books }', { kind: 'template', value: '/books' }],
    ['{ expression: "/v[12]/.+" }', { kind: 'expression', value: '/v[12]/.+' }],
  ])('match the path %s', async (written, expected) => {
    const { routes } = await load(`${shop}    routes:\n      - path: ${written}\n`)
    expect(routes[0]?.match.path).toEqual(expected)
  })

  it('match hosts, methods, headers and query; the API gives host and upstream', async () => {
    const { routes } = await load(`${shop}    host: API.example.com
    routes:
      - { path: /a, methods: [get], headers: { x-version: 2, x-debug: true }, query: { q: { matches: "a+" } } }
      - { path: /b, host: ["*.example.org"] }
      - { default: true }
`)
    expect(routes.map((route) => route.match)).toMatchObject([
      {
        hosts: ['api.example.com'],
        methods: ['GET'],
        headers: [{ name: 'x-version', equals: '2' }, { name: 'x-debug' }],
        query: [{ name: 'q', matches: 'a+' }],
      },
      { hosts: ['*.example.org'] },
      { path: { kind: 'any' } },
    ])
    expect(routes.map((route) => route.upstream)).toEqual(['books', 'books', 'books'])
  })

  it('strip what stands before the first parameter, or what is written', async () => {
    const { routes } = await load(`${shop}    routes:
      - { path: /api/books/*, stripPrefix: true }
      - { path: "/api/books/{id}", stripPrefix: true }
      - { path: "/api/films/{id}", stripPrefix: /api, rewrite: "/v2/{id}", preserveHost: true }
`)
    expect(routes.map(({ stripPrefix }) => stripPrefix)).toEqual(['/api/books', '/api/books', '/api'])
    expect(routes[2]).toMatchObject({ rewrite: '/v2/{id}', preserveHost: true })
  })

  it('are all requests for an API without routes', async () => {
    const { routes } = await load(shop)
    expect(routes).toMatchObject([{ id: 'books/*', match: { path: { kind: 'any' } }, upstream: 'books' }])
  })

  it('have ids of their own, also on one path', async () => {
    const { routes } = await load(`${shop}    routes:
      - { path: /books, methods: [GET] }
      - { path: /books, methods: [POST] }
      - { path: /books, methods: [POST], headers: { x: "1" } }
      - { path: /books, host: a.example, name: named }
`)
    expect(routes.map(({ id }) => id)).toEqual(['books/books', 'books/books[POST]', 'books/books[2]', 'books/named'])
  })

  it('know their line', async () => {
    const { routes } = await load(`${shop}    routes:\n      - methods: [GET]\n        path: /books\n`)
    expect(routes[0]?.position).toEqual({ file: 'gatehouse.yaml', line: 8, column: 15 })
  })
})

async function stateId(config: string): Promise<string | undefined> {
  const { unrouted } = await load(`gatehouse: 1\npolicies:\n  - ip-restriction: ${config}\n`)
  return unrouted.instances[0]?.stateId
}

describe('policies', () => {
  const scoped = `gatehouse: 1
policies:
  - ip-restriction: { name: office, allow: [10.0.0.0/8] }
apis:
  - name: books
    policies:
      - ip-restriction: { deny: [10.0.0.1] }
    routes:
      - path: /a
      - path: /b
        policies: [{ without: [office] }, { ip-restriction: { name: own, deny: [10.0.0.2] } }]
`

  it('come from the workspace, the API and the route, outer scopes first', async () => {
    const { routes, unrouted } = await load(scoped)
    expect(ids(unrouted)).toEqual(['workspace/office'])
    expect(routes.map(({ plan }) => ids(plan))).toEqual([
      ['workspace/office', 'api:books/ip-restriction'],
      ['api:books/ip-restriction', 'api:books/route:/b/own'],
    ])
  })

  it('are prepared once for all routes of their scope', async () => {
    const { routes } = await load(scoped)
    const shared = routes.map(({ plan }) => plan.instances.find(({ id }) => id === 'api:books/ip-restriction'))
    expect(shared[0]).toBe(shared[1])
  })

  it('know the line they stand on, and carry their notes', async () => {
    const { routes } = await load(`${shop}    policies:
      - ip-restriction:
          allow: [10.0.0.0/8]
          owner: platform
          compliance: [PCI-DSS 1.2, NIS2]
`)
    expect(routes[0]?.plan.instances[0]).toMatchObject({
      position: { file: 'gatehouse.yaml', line: 7, column: 9 },
      notes: { owner: 'platform', compliance: 'PCI-DSS 1.2, NIS2' },
    })
  })

  it('keep their state id while only mode and notes change', async () => {
    const first = await stateId('{ allow: [10.0.0.0/8] }')
    expect(first).toMatch(/^workspace\/ip-restriction#[\w-]+$/)
    expect(await stateId('{ mode: shadow, owner: me, allow: [10.0.0.0/8], deny: [] }')).toBe(first)
    expect(await stateId('{ allow: [10.0.0.0/9] }')).not.toBe(first)
    expect(await stateId('{ allow: [10.0.0.0/8], when: "true" }')).not.toBe(first)
  })

  it('are not there when off, and only note when in shadow', async () => {
    const { unrouted } = await load(`gatehouse: 1
policies:
  - ip-restriction: { name: a, mode: off, allow: [10.0.0.0/8] }
  - ip-restriction: { name: b, mode: shadow, allow: [10.0.0.0/8] }
`)
    expect(unrouted.instances.map(({ name, mode }) => [name, mode])).toEqual([['b', 'shadow']])
  })

  it('can be alternatives, and an alternative goes with a policy that is removed', async () => {
    const { routes } = await load(`gatehouse: 1
policies:
  - any-of:
      - ip-restriction: { name: office, allow: [10.0.0.0/8] }
      - [ip-restriction: { name: home, allow: [192.168.0.0/16] }, ip-restriction: { name: not-kids, deny: [192.168.0.9] }]
apis:
  - name: books
    routes:
      - path: /a
      - { path: /b, policies: [without: [not-kids]] }
      - { path: /c, policies: [without: [not-kids, office]] }
`)
    const nodes = routes.map(({ plan }) => plan.phases.requestHeaders)
    expect(nodes[0]).toMatchObject([{ kind: 'any-of', position: { line: 3, column: 5 } }])
    expect(routes.map(({ plan }) => plan.instances.map(({ name }) => name))).toEqual([
      ['office', 'home', 'not-kids'],
      ['office'],
      [],
    ])
  })

  it('come from named sets, each in the scope that uses it', async () => {
    const sets =
      'baseline:\n  - use: inner\n  - ip-restriction\ninner:\n  - ip-restriction: { name: deep, deny: [10.0.0.1] }\n'
    const { routes } = await load(`${shop}    policies: [use: baseline]\n`, { 'policies/common.yaml': sets })
    expect(ids(routes[0]!.plan)).toEqual(['api:books/deep', 'api:books/ip-restriction'])
    expect(routes[0]?.plan.instances[0]?.position).toEqual({ file: 'policies/common.yaml', line: 5, column: 5 })
  })
})

describe('environments', () => {
  const base = `gatehouse: 1
upstreams: { books: { url: http://base, timeout: 3s } }
consumers: [{ name: app, groups: [a] }]
policies:
  - ip-restriction: { allow: [10.0.0.0/8], deny: [10.0.0.1] }
`
  const files = {
    'environments/local.yaml': 'upstreams: { books: { url: http://local } }\n',
    'environments/staging.yaml': `upstreams: { books: http://staging, films: http://films }
consumers: [{ name: app, groups: [b] }, { name: other }]
limits: { headerCount: 7 }
policies:
  ip-restriction: { deny: [10.0.0.2] }
  workspace/ip-restriction: { mode: shadow }
`,
  }

  it('take local where there is one, and merge it', async () => {
    const { environment, upstreams } = await load(base, files)
    expect(environment).toBe('local')
    expect(upstreams.get('books')).toMatchObject({ targets: [{ url: new URL('http://local') }], timeoutMs: 3000 })
  })

  it.each([
    ['by option', { environment: 'staging' }],
    ['by variable', { env: { GATEHOUSE_ENV: 'staging' } }],
  ])('are chosen %s', async (_how, options) => {
    const { environment, upstreams, consumers, limits, unrouted } = await load(base, files, options)
    expect(environment).toBe('staging')
    expect([...upstreams].map(([name, { targets }]) => [name, targets[0]?.url.host])).toEqual([
      ['books', 'staging'],
      ['films', 'films'],
    ])
    expect(consumers.map(({ name, groups }) => [name, groups])).toEqual([
      ['app', ['b']],
      ['other', []],
    ])
    expect(limits.headerCount).toBe(7)
    expect(unrouted.instances[0]).toMatchObject({ mode: 'shadow' })
    expect(unrouted.instances[0]?.prepared).toMatchObject({
      allow: [{ text: '10.0.0.0/8' }],
      deny: [{ text: '10.0.0.2' }],
    })
  })

  it('say which there are when the one asked for is not', async () => {
    const overlay = new Map(Object.entries({ 'gatehouse.yaml': base, ...files }))
    const { problems } = await loadWorkspace(nowhere, { overlay, env: {}, readOnly: true, environment: 'stagin' })
    expect(problems).toMatchObject([{ code: 'UNKNOWN_REFERENCE', suggestion: 'did you mean "staging"?' }])
  })
})

async function revision(text: string, files?: Record<string, string>, options?: LoadOptions): Promise<string> {
  return (await load(text, files, options)).revision
}

describe('the revision', () => {
  it('is the same for the same files, and another for each that differs', async () => {
    const withSet = { 'policies/a.yaml': 'a: []' }
    const revisions = [
      await revision('gatehouse: 1'),
      await revision('gatehouse: 1 # a comment'),
      await revision('gatehouse: 1', withSet),
      await revision('gatehouse: 1', {}, { engineVersion: '2' }),
    ]
    expect(await revision('gatehouse: 1', withSet)).toBe(revisions[2])
    expect(new Set(revisions).size).toBe(4)
  })
})

describe('a large workspace', () => {
  it('loads whole: 1,000 APIs with routes and policies', async () => {
    const apis = Array.from(
      { length: 1000 },
      (_, at) => `  - name: api-${at}
    host: api-${at}.example.com
    policies:
      - ip-restriction: { deny: [10.6.${at % 256}.0/24] }
    routes:
      - path: /things/{id}
        methods: [GET, PATCH]
        upstream: books
        policies:
          - ip-restriction: { allow: [10.0.0.0/8] }
`,
    )
    const head = 'gatehouse: 1\nupstreams: { books: http://127.0.0.1:9001 }\napis:\n'
    const { routes } = await load(head + apis.join(''))
    expect(routes).toHaveLength(1000)
    expect(routes[999]).toMatchObject({ id: 'api-999/things/{id}', position: { line: 9999, column: 15 } })
    expect(ids(routes[999]!.plan)).toEqual([
      'api:api-999/ip-restriction',
      'api:api-999/route:/things/{id}/ip-restriction',
    ])
  })
})
