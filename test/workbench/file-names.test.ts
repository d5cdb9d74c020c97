import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { until } from '../protocol/transport-contract.ts'
import { type Desk, makeDesk } from './desk.ts'

const yaml = `gatehouse: 1
listen: { http: "127.0.0.1:0" }
upstreams: { shop: "http://127.0.0.1:9" }
apis:
  - name: books
    openapi: "openapi/books.yaml"   # by its name
    upstream: shop
    policies: [{ use: fair-use }]
    routes: [{ path: /books }]
`
const document =
  'openapi: 3.1.0\ninfo: { title: Books, version: "1" }\npaths: { /books: { get: { responses: { "200": { description: ok } } } } }\n'

let desk: Desk
const read = (path: string) => readFileSync(join(desk.folder, path), 'utf8')
beforeEach(async () => {
  desk = makeDesk({
    'gatehouse.yaml': yaml,
    'openapi/books.yaml': document,
    'policies/sets.yaml': 'fair-use:\n  - rate-limiting: { limit: 5, window: 1m, by: ip }\n',
    'notes.txt': 'hello',
  })
  await desk.call('workbench.open', { folder: desk.folder })
})
afterEach(() => desk.close())

it('a file gets another name, with what was typed, and the texts that name it', async () => {
  const { version } = await desk.call('files.read', { path: 'openapi/books.yaml' })
  await desk.call('files.draft', { path: 'openapi/books.yaml', text: `${document}# half`, base: version })
  await desk.call('files.draft', { path: 'gatehouse.yaml', text: `# typed\n${yaml}`, base: '' })
  const { files } = await desk.call('files.move', { from: 'openapi/books.yaml', to: 'openapi/v2/shop.yaml' })
  expect(files).toEqual([
    { path: 'gatehouse.yaml', text: `# typed\n${yaml.replace('openapi/books.yaml', 'openapi/v2/shop.yaml')}` },
  ])
  expect(read('gatehouse.yaml')).toBe(yaml)
  await expect(desk.call('files.read', { path: 'openapi/books.yaml' })).rejects.toThrow('there is no file')
  expect(await desk.call('files.read', { path: 'openapi/v2/shop.yaml' })).toMatchObject({
    text: document,
    draft: { text: `${document}# half` },
  })
})

it('a file goes with its draft, and what misses it then is said', async () => {
  const { version } = await desk.call('files.read', { path: 'notes.txt' })
  await desk.call('files.draft', { path: 'notes.txt', text: 'half', base: version })
  await desk.call('files.remove', { path: 'notes.txt' })
  expect(existsSync(join(desk.folder, 'notes.txt'))).toBe(false)
  desk.write('notes.txt', 'hello')
  expect((await desk.call('files.read', { path: 'notes.txt' })).draft).toBeUndefined()
  const { revision } = desk.workbench.state().workspace!
  await desk.call('files.remove', { path: 'policies/sets.yaml' })
  expect(desk.workbench.state().workspace).toMatchObject({ revision, problems: [{ code: 'UNKNOWN_REFERENCE' }] })
})

it('keeps what makes the folder a workspace, and writes over nothing', async () => {
  for (const [from, to, why] of [
    ['gatehouse.yaml', 'other.yaml', 'makes this folder a workspace'],
    ['secrets.enc.yaml', 'other.yaml', 'keeps the secrets'],
    ['notes.txt', 'gatehouse.yaml', 'makes this folder a workspace'],
    ['notes.txt', 'policies/sets.yaml', 'already'],
    ['notes.txt', '../notes.txt', 'names no file'],
    ['none.txt', 'other.txt', 'there is no file none.txt'],
    ['policies', 'sets', 'there is no file policies'],
    ['notes.txt', 'policies/sets.yaml/x', 'cannot be renamed'],
  ] as const) {
    await expect(desk.call('files.move', { from, to }), `${from} to ${to}`).rejects.toThrow(why)
  }
  for (const path of ['gatehouse.yaml', 'policies', 'none.txt', '.gatehouse/key']) {
    await expect(desk.call('files.remove', { path }), path).rejects.toMatchObject({ name: 'RpcError' })
  }
  expect(read('notes.txt')).toBe('hello')
  expect(read('gatehouse.yaml')).toBe(yaml)
})

it('the screens hear of a file that goes, also when nobody read it', async () => {
  rmSync(join(desk.folder, 'notes.txt'))
  await until(() => desk.heard('files.changed').some(({ path, version }) => path === 'notes.txt' && version === null))
})
