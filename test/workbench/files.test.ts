import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Handlers, CallName, Params, Result } from '../../gateway-core/protocol/protocol.ts'
import { Workbench } from '../../gateway-core/workbench/workbench.ts'
import { until } from '../protocol/transport-contract.ts'

const yaml = `# Books, and who may read them.
gatehouse: 1
listen: { http: "127.0.0.1:0" }
upstreams:
  shop: http://127.0.0.1:9   # the discard port
consumers:
  - { name: app, groups: [readers] }
apis:
  - name: books
    openapi: openapi/books.yaml
    upstream: shop
    policies:
      - use: fair-use
      - rate-limiting: { name: slow, limit: 10, window: 1m, by: ip }
    routes:
      - path: /books
        policies:
          - without: [slow]
      - { path: /more, upstream: "shop" }
`
const sets = 'fair-use:\n  - rate-limiting: { limit: 5, window: 1m, by: ip }\n'
const local =
  'upstreams:\n  shop: http://127.0.0.1:10\npolicies:\n  slow: { limit: 20 }\n  "api:books/slow": { limit: 30 }\n'
const document =
  'openapi: 3.1.0\ninfo: { title: Books, version: "1" }\npaths: { /books: { get: { responses: { "200": { description: ok } } } } }\n'

let home: string
let folder: string
let workbench: Workbench
let handlers: Handlers
let events: [string, unknown][]

const write = (path: string, text: string) => {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), text)
}
const call = <N extends CallName>(name: N, params: Params<N>) =>
  handlers[name](params, { signal: new AbortController().signal }) as Promise<Result<N>> | Result<N>
const place = (text: string, at: string, into = 1) => {
  const offset = text.indexOf(at) + into
  const before = text.slice(0, offset).split('\n')
  return { line: before.length, column: before.at(-1)!.length + 1 }
}

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'gatehouse-files-'))
  folder = join(home, 'workspace')
  write('gatehouse.yaml', yaml)
  write('policies/sets.yaml', sets)
  write('environments/local.yaml', local)
  write('openapi/books.yaml', document)
  write('notes.txt', 'hello')
  const options = { mode: 'browser', env: {}, folders: { config: join(home, 'config'), workspaces: home } } as const
  workbench = new Workbench({ ...options, samples: join(home, 'samples') })
  events = []
  handlers = workbench.connect((name, data) => events.push([name, data])).handlers
  await workbench.open(folder)
})
afterEach(async () => {
  await workbench.close()
  rmSync(home, { recursive: true, force: true })
})

describe('the tree', () => {
  it('shows what one edits, by its kind, and never what holds keys', async () => {
    const nodes = JSON.stringify(await call('files.tree', {}))
    const list = JSON.parse(nodes) as { path: string; kind: string; children?: { path: string; kind: string }[] }[]
    expect(list.flatMap((one) => [one, ...(one.children ?? [])]).map(({ path, kind }) => `${path} ${kind}`)).toEqual([
      'gatehouse.yaml workspace',
      'environments environment',
      'environments/local.yaml environment',
      'openapi openapi',
      'openapi/books.yaml openapi',
      'policies policies',
      'policies/sets.yaml policies',
      'notes.txt other',
    ])
  })
})

describe('paths', () => {
  const ways = [
    '../secret',
    '/etc/passwd',
    'a/../../secret',
    '.gatehouse/key',
    'policies/../.gatehouse/key',
    '',
    '.',
    'a//b',
    'C:\\x',
    '.GATEHOUSE/key',
    '.git/config',
    'a\0b',
  ]
  it.each(ways)('%j leads nowhere', async (path) => {
    write('../secret', 'top secret')
    for (const name of ['files.read', 'files.check', 'files.write', 'files.draft'] as const) {
      const params = name === 'files.read' ? { path } : { path, text: 'x', base: '' }
      await expect((async () => call(name, params as never))()).rejects.toMatchObject({ name: 'RpcError' })
    }
  })

  it('of links lead nowhere either when they leave the workspace', async () => {
    write('../outside/secret', 'top secret')
    symlinkSync(join(home, 'outside'), join(folder, 'inside'))
    symlinkSync(join(folder, '.gatehouse', 'key'), join(folder, 'harmless.txt'))
    for (const path of ['inside/secret', 'inside/new', 'harmless.txt']) {
      expect(() => call('files.read', { path })).toThrow(expect.objectContaining({ name: 'RpcError' }))
      await expect(call('files.write', { path, text: 'x', base: '' })).rejects.toMatchObject({ name: 'RpcError' })
    }
  })
})

describe('writing', () => {
  it('puts the text in force before it answers', async () => {
    const { version } = await call('files.read', { path: 'policies/sets.yaml' })
    const before = workbench.state().workspace!.revision
    const text = sets.replace('limit: 5', 'limit: 6')
    const written = await call('files.write', { path: 'policies/sets.yaml', text, base: version })
    expect(written.state).toBe('saved')
    expect(readFileSync(join(folder, 'policies/sets.yaml'), 'utf8')).toBe(text)
    expect(workbench.state().workspace!.revision).not.toBe(before)
  })

  it('merges what others changed elsewhere, and asks where both changed the same', async () => {
    const { version } = await call('files.read', { path: 'gatehouse.yaml' })
    const theirs = yaml.replace('# Books, and who may read them.', '# Books.')
    write('gatehouse.yaml', theirs)
    const mine = yaml.replace('path: /books\n', 'path: /all-books\n')
    expect(await call('files.write', { path: 'gatehouse.yaml', text: mine, base: version })).toMatchObject({
      state: 'conflict',
      text: theirs,
      merged: theirs.replace('path: /books\n', 'path: /all-books\n'),
    })
    const clash = yaml.replace('# Books, and who may read them.', '# Mine.')
    expect(await call('files.write', { path: 'gatehouse.yaml', text: clash, base: version })).toMatchObject({
      state: 'conflict',
      merged: null,
    })
    expect(readFileSync(join(folder, 'gatehouse.yaml'), 'utf8')).toBe(theirs)
  })

  it('makes a new file, and does not take one that is there for it', async () => {
    expect(await call('files.write', { path: 'tests/new.yaml', text: 'a: 1\n', base: '' })).toMatchObject({
      state: 'saved',
    })
    expect(await call('files.write', { path: 'notes.txt', text: 'mine', base: '' })).toMatchObject({
      state: 'conflict',
      text: 'hello',
      merged: null,
    })
  })

  it('keeps mode, byte order mark and line ends', async () => {
    writeFileSync(join(folder, 'notes.txt'), '\u{FEFF}one\r\ntwo\r\n')
    chmodSync(join(folder, 'notes.txt'), 0o640)
    const { text, version } = await call('files.read', { path: 'notes.txt' })
    expect(text).toBe('one\r\ntwo\r\n')
    await call('files.write', { path: 'notes.txt', text: 'one\r\n2\r\n', base: version })
    expect(readFileSync(join(folder, 'notes.txt'), 'utf8')).toBe('\u{FEFF}one\r\n2\r\n')
    expect(statSync(join(folder, 'notes.txt')).mode & 0o777).toBe(0o640)
  })

  it('tells the screens of changes on disk, and not of its own', async () => {
    const { version } = await call('files.read', { path: 'notes.txt' })
    await call('files.write', { path: 'notes.txt', text: 'own', base: version })
    write('policies/sets.yaml', `${sets}# more\n`)
    await until(() =>
      events.some(
        ([name, data]) => name === 'files.changed' && (data as { path: string }).path === 'policies/sets.yaml',
      ),
    )
    rmSync(join(folder, 'notes.txt'))
    await until(() =>
      events.some(([name, data]) => name === 'files.changed' && (data as { version: null }).version === null),
    )
    const told = events.filter(([name]) => name === 'files.changed').map(([, data]) => (data as { path: string }).path)
    expect(told).toEqual(['policies/sets.yaml', 'notes.txt'])
  })
})

describe('drafts', () => {
  it('are kept of an emptied file too, and forgotten without a text', async () => {
    const { version } = await call('files.read', { path: 'notes.txt' })
    await call('files.draft', { path: 'notes.txt', text: '', base: version })
    expect((await call('files.read', { path: 'notes.txt' })).draft).toEqual({ text: '', base: version })
    await call('files.draft', { path: 'notes.txt', base: version })
    expect((await call('files.read', { path: 'notes.txt' })).draft).toBeUndefined()
  })

  it('survive the core, and go when the file is saved', async () => {
    const { version } = await call('files.read', { path: 'notes.txt' })
    await call('files.draft', { path: 'notes.txt', text: 'half', base: version })
    await workbench.close()
    const options = { mode: 'browser', env: {}, folders: { config: join(home, 'config'), workspaces: home } } as const
    workbench = new Workbench({ ...options, samples: join(home, 'samples') })
    handlers = workbench.connect(() => undefined).handlers
    await workbench.open(folder)
    expect(await call('files.read', { path: 'notes.txt' })).toMatchObject({
      text: 'hello',
      draft: { text: 'half', base: version },
    })
    await call('files.write', { path: 'notes.txt', text: 'whole', base: version })
    expect((await call('files.read', { path: 'notes.txt' })).draft).toBeUndefined()
  })
})

// The first check starts a thread.
describe('checking', { timeout: 60_000 }, () => {
  it('says what the loader says, with unsaved texts of other files', async () => {
    const renamedSets = sets.replace('fair-use', 'fairer-use')
    const text = yaml.replace('use: fair-use', 'use: fairer-use')
    expect(await call('files.check', { path: 'gatehouse.yaml', text })).toMatchObject([
      { file: 'gatehouse.yaml', line: 13, code: 'UNKNOWN_REFERENCE', suggestion: 'did you mean "fair-use"?' },
    ])
    await call('files.draft', { path: 'policies/sets.yaml', text: renamedSets, base: '' })
    expect(await call('files.check', { path: 'gatehouse.yaml', text })).toEqual([])
  })

  it('never throws, whatever is typed', async () => {
    for (const text of ['', '{', '\t- a', 'gatehouse: [', '- - -', '&a [*a]', '\u{0}', '%YAML 9']) {
      expect(Array.isArray(await call('files.check', { path: 'gatehouse.yaml', text }))).toBe(true)
    }
  })
})

describe('schemas', () => {
  it('offer each type of policy once', async () => {
    for (const path of ['gatehouse.yaml', 'policies/x.yaml', 'environments/x.yaml']) {
      const { schema } = (await call('files.schema', { path })) as { schema: { $defs: Record<string, object> } }
      const item = JSON.stringify(schema.$defs['policyItem'])
      expect(item).toContain('"rate-limiting":{')
      expect(item).not.toContain('"rate-limiting"]')
      expect(item).not.toContain('"enum"')
    }
  })

  it('are those of each kind of file', async () => {
    expect(await call('files.schema', { path: 'gatehouse.yaml' })).toMatchObject({
      schema: { properties: { apis: {} } },
    })
    expect(await call('files.schema', { path: 'environments/x.yaml' })).toMatchObject({
      schema: { properties: { upstreams: {} } },
    })
    expect(await call('files.schema', { path: 'policies/x.yaml' })).toMatchObject({
      schema: { additionalProperties: {} },
    })
    expect(await call('files.schema', { path: 'openapi/books.yaml' })).toEqual({ schema: null })
  })
})

describe('definitions', () => {
  it.each([
    [
      'an upstream of an API',
      yaml,
      'gatehouse.yaml',
      'upstream: shop',
      11,
      { path: 'gatehouse.yaml', line: 5, column: 3 },
    ],
    [
      'a quoted upstream of a route',
      yaml,
      'gatehouse.yaml',
      '"shop"',
      2,
      { path: 'gatehouse.yaml', line: 5, column: 3 },
    ],
    ['a policy set', yaml, 'gatehouse.yaml', 'fair-use', 3, { path: 'policies/sets.yaml', line: 1, column: 1 }],
    ['a removed policy', yaml, 'gatehouse.yaml', '[slow]', 2, { path: 'gatehouse.yaml', line: 14, column: 32 }],
    [
      'an OpenAPI document',
      yaml,
      'gatehouse.yaml',
      'openapi/books.yaml',
      3,
      { path: 'openapi/books.yaml', line: 1, column: 1 },
    ],
    ['an overlay', local, 'environments/local.yaml', 'shop', 1, { path: 'gatehouse.yaml', line: 5, column: 3 }],
    [
      'a policy that an environment changes',
      local,
      'environments/local.yaml',
      'slow',
      1,
      { path: 'gatehouse.yaml', line: 14, column: 32 },
    ],
    [
      'a removed policy that has no name but its type',
      yaml.replace('[slow]', '[cors]').replace('apis:', 'policies: [cors]\napis:'),
      'gatehouse.yaml',
      'without: [cors]',
      11,
      { path: 'gatehouse.yaml', line: 8, column: 12 },
    ],
    ['nothing', yaml, 'gatehouse.yaml', 'gatehouse: 1', 2, null],
  ])('of %s', async (_what, text, path, at, into, expected) => {
    expect(await call('files.definition', { path, text, ...place(text, at, into) })).toEqual(expected)
  })
})

describe('renaming', () => {
  it('changes the name wherever it stands, and nothing else', async () => {
    const { files } = await call('files.rename', {
      path: 'gatehouse.yaml',
      text: yaml,
      ...place(yaml, 'shop: http'),
      name: 'store',
    })
    expect(files).toEqual([
      {
        path: 'gatehouse.yaml',
        text: yaml
          .replace('  shop: http', '  store: http')
          .replace('upstream: shop', 'upstream: store')
          .replace('"shop"', '"store"'),
      },
      { path: 'environments/local.yaml', text: local.replace('shop', 'store') },
    ])
  })

  it('follows a policy into the ids by which environments change it', async () => {
    const { files } = await call('files.rename', {
      path: 'gatehouse.yaml',
      text: yaml,
      ...place(yaml, 'slow,'),
      name: 'calm',
    })
    expect(files.map(({ text }) => text)).toEqual([yaml.replaceAll('slow', 'calm'), local.replaceAll('slow', 'calm')])
  })

  it('follows an API', async () => {
    const { files } = await call('files.rename', {
      path: 'gatehouse.yaml',
      text: yaml,
      ...place(yaml, 'name: books', 7),
      name: 'shelf',
    })
    expect(files.map(({ text }) => text)).toEqual([
      yaml.replace('name: books', 'name: shelf'),
      local.replace('api:books', 'api:shelf'),
    ])
  })

  it('refuses what is no name, what is taken, and what is not there', async () => {
    const at = { path: 'gatehouse.yaml', text: yaml, ...place(yaml, 'shop: http') }
    expect(() => call('files.rename', { ...at, name: 'a b' })).toThrow('is no name')
    expect(() => call('files.rename', { path: 'gatehouse.yaml', text: yaml, line: 2, column: 3, name: 'x' })).toThrow(
      'no name that can',
    )
    const two = yaml.replace('consumers:', '  other: http://127.0.0.1:11\nconsumers:')
    expect(() =>
      call('files.rename', { path: 'gatehouse.yaml', text: two, ...place(two, 'shop: http'), name: 'other' }),
    ).toThrow('already')
  })
})
