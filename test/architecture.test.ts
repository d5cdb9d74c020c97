import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'
import { denialCodesOf } from '../build/denial-codes.ts'
import { loadWorkspace } from '../gateway-core/config/load.ts'
import { denials, diagnostics } from '../gateway-core/errors.ts'
import { policies } from '../gateway-core/policies/index.ts'

const root = dirname(import.meta.dirname)
const core = filesUnder('gateway-core')
const ours = [...core, ...['samples', 'test', 'build'].flatMap(filesUnder)]

/** From the bottom to the top: a file imports from its own layer and from lower ones. */
const layers: readonly (readonly string[])[] = [
  ['gateway-core', 'foundation', 'json'],
  ['openapi', 'pipeline'],
  ['policies'],
  // Rules in the workspace are written in the query language, the store searches by it, and it knows the store's rows.
  ['config', 'filter', 'capture'],
  ['protocol'],
  ['facts'],
  ['proxy'],
  ['rejudge', 'import'],
  ['intercept', 'replay', 'tests', 'tokens', 'cases'],
  ['workbench'],
  ['cli'],
]

/** Contracts that stand in a higher folder, and that every layer may import. */
const foundation = ['config/closest.ts', 'config/config-of.ts', 'config/units.ts', 'config/public-keys.ts']

/** What reads the clock, the network, the disk, the environment or chance: policies ask `judge` instead. */
const impure =
  /\bDate\.now\(|new Date\(\)|Math\.random\(|process\.|\bfetch\(|performance\.|\bset(?:Timeout|Interval|Immediate)\(|from 'node:(?!buffer'|crypto'|util'|url')/

describe('the layers', () => {
  it('import one way only', () => {
    const wrong = core.flatMap((file) =>
      importsOf(file)
        .filter((imported) => rankOf(imported) > rankOf(file))
        .map((imported) => `${file} imports ${imported}`),
    )
    expect(wrong).toEqual([])
  })

  it('have a place for every folder', () => {
    expect(core.filter((file) => rankOf(file) === -1)).toEqual([])
  })

  it('keep policies to the pipeline and what they judge', () => {
    const allowed = /^gateway-core\/(?:[a-z-]+\.ts|pipeline\/|policies\/|openapi\/)/
    const wrong = policyFiles().flatMap((file) =>
      importsOf(file)
        .filter((imported) => !allowed.test(imported) && rankOf(imported) > 0)
        .map((imported) => `${file} imports ${imported}`),
    )
    expect(wrong).toEqual([])
  })

  it('let no policy touch the world', () => {
    const wrong = policyFiles().flatMap((file) => {
      const found = impure.exec(withoutComments(textOf(file)))
      return found ? [`${file} uses ${found[0]}`] : []
    })
    expect(wrong).toEqual([])
  })
})

describe('the files', () => {
  it('have no default exports', () => {
    expect(core.filter((file) => /^export default/m.test(textOf(file)))).toEqual([])
  })

  it('are one idea each: at most 400 lines', () => {
    const long = ours
      .map((file) => [file, textOf(file).split('\n').length - 1] as const)
      .filter(([, lines]) => lines > 400)
    expect(long).toEqual([])
  })
})

describe('the codes', () => {
  const sources = core
    .filter((file) => file !== 'gateway-core/errors.ts')
    .map((file) => textOf(file))
    .join('\n')
  const documented = textOf('docs/reference/codes.md')

  it.each([
    ['denial', Object.keys(denials)],
    ['diagnostic', Object.keys(diagnostics)],
  ])('of every %s are used and documented', (_kind, codes) => {
    expect(codes.filter((code) => !sources.includes(`'${code}'`))).toEqual([])
    expect(codes.filter((code) => !documented.includes(`| \`${code}\` |`))).toEqual([])
  })
})

describe('the policies', () => {
  it('are registered once each', () => {
    const types = policies.map((policy) => policy.type)
    expect(types).toEqual([...new Set(types)])
    const declared = policyFiles().flatMap((file) =>
      [...textOf(file).matchAll(/definePolicy\(\{\s+type: '([a-z0-9-]+)'/g)].map((match) => match[1]!),
    )
    expect([...types].sort()).toEqual(declared.sort())
  })

  describe.each(policies.map((policy) => [policy.type, policy] as const))('%s', (type, policy) => {
    it('has its test', () => {
      const tests = filesUnder('test/policies').filter((file) => file.endsWith('.test.ts'))
      const own = tests.filter(
        (file) => file.startsWith(`test/policies/${type}.`) || file.startsWith(`test/policies/${type}/`),
      )
      expect(own).not.toEqual([])
    })

    it('has an example that loads without problems', async () => {
      const { workspace, problems } = await loadExample(type, policy.docs.example)
      expect(problems).toEqual([])
      expect(workspace?.routes[0]?.plan.instances.map((instance) => instance.policy.type)).toContain(type)
    })

    it('describes every key', () => {
      const properties = Object.entries((policy.config['properties'] ?? {}) as Record<string, { description?: string }>)
      expect(properties.filter(([, property]) => !property.description).map(([key]) => key)).toEqual([])
    })

    it('says which codes it denies with', () => {
      const denies = policyFiles().some((file) => file.includes(`/${type}`) && /\bdeny\(/.test(textOf(file)))
      if (denies) expect(denialCodesOf(type)).not.toEqual([])
    })
  })
})

/** The example as the policies of an API that has a document, a consumer and an identity policy before it, but for preflights. */
function loadExample(type: string, example: string) {
  const indented = example.replaceAll(/^/gm, '      ')
  const workspace = `gatehouse: 1
upstreams: { books: http://127.0.0.1:9001 }
consumers: [{ name: mobile-app, groups: [readers, editors, reader, editor, admin], keys: ["\${env:KEY}"] }]
policies:
  - key-auth: { name: identity }
apis:
  - name: books
    openapi: books.yaml
    upstream: books
    policies:
${indented}
`
  const document = `openapi: 3.1.0
info: { title: Books, version: "1" }
paths: { /books: { get: { responses: { "200": { description: ok } } } } }
`
  const identified = type !== 'cors' && policies.some((policy) => policy.type === 'key-auth')
  const text = identified ? workspace : workspace.replace(/policies:\n.*\n(?=apis)/, '')
  return loadWorkspace(join(root, 'no-such-workspace'), {
    overlay: new Map([
      ['gatehouse.yaml', text],
      ['books.yaml', document],
    ]),
    env: { KEY: 'a-key-of-the-test' },
    readOnly: true,
  })
}

function policyFiles(): string[] {
  return core.filter((file) => file.startsWith('gateway-core/policies/') && file !== 'gateway-core/policies/index.ts')
}

/** Layer of a file: its folder, or `gateway-core` for the nouns at the top. */
function layerOf(file: string): string {
  const inside = file.replace('gateway-core/', '')
  if (foundation.includes(inside)) return 'foundation'
  return inside.includes('/') ? inside.slice(0, inside.indexOf('/')) : 'gateway-core'
}

function rankOf(file: string): number {
  return layers.findIndex((layer) => layer.includes(layerOf(file)))
}

function importsOf(file: string): string[] {
  const paths = [...textOf(file).matchAll(/(?:from|import) '(\.[^']+)'/g)].map((match) => match[1]!)
  return paths
    .map((path) => relative(root, join(root, dirname(file), path)))
    .filter((path) => path.startsWith('gateway-core/'))
}

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '')
}

function textOf(file: string): string {
  return readFileSync(join(root, file), 'utf8')
}

function filesUnder(folder: string): string[] {
  const entries = readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .sort()
}
