import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { captureFile, openDatabase } from '../../gateway-core/capture/schema.ts'
import { cli, folderWith } from './cli.ts'

// What a person can mend is said in a line, with exit code 2, and never as a stack.

const sound = `gatehouse: 1
listen: { http: 127.0.0.1:0 }
upstreams: { app: "http://127.0.0.1:9" }
apis: [{ name: app, upstream: app }]
`
const good = folderWith({ 'gatehouse.yaml': sound })
const newer = folderWith({ 'gatehouse.yaml': sound })
const blocked = folderWith({ 'gatehouse.yaml': sound, '.gatehouse': 'a file' })
const nothing = folderWith({ 'notes.txt': 'no workspace' })
const hidden = folderWith({ 'gatehouse.yaml/inner.txt': 'a folder of that name' })
afterAll(() => [good, newer, blocked, nothing, hidden].forEach((place) => place.remove()))

const database = openDatabase(newer.folder, { create: true })
database.exec('PRAGMA user_version = 999')
database.close()

describe('a trouble that a person can mend', () => {
  test.each<[string, string[], RegExp, Record<string, string>?]>([
    [
      'a key of the wrong length',
      ['capture', 'list', '-w', good.folder],
      /GATEHOUSE_KEY is not/,
      { GATEHOUSE_KEY: 'x' },
    ],
    ['the same for a case', ['case', 'export', 'x', '-w', good.folder], /GATEHOUSE_KEY is not/, { GATEHOUSE_KEY: 'x' }],
    ['a capture of a newer version', ['capture', 'list', '-w', newer.folder], /newer Gatehouse/],
    ['the same for a case', ['case', 'export', newer.folder, 'x'], /newer Gatehouse/],
    ['the same for Replay', ['replay', newer.folder, 'capture'], /newer Gatehouse/],
    ['a file in the place of a folder', ['capture', 'list', '-w', blocked.folder], /\.gatehouse.*ENOTDIR/],
    ['the same for the CA', ['ca', 'export', blocked.folder], /\.gatehouse\S*: not a directory \(mkdir, ENOTDIR\)/],
    ['a folder without workspace', ['check', nothing.folder], /has no gatehouse\.yaml/],
    ['the same where captures are read', ['capture', 'list', '-w', nothing.folder], /is no workspace, and nothing was/],
    ['the same for coverage', ['case', 'export', 'x', '-w', nothing.folder], /is no workspace, and nothing was/],
    ['tokens without a word', ['token'], /what about tokens\? — write token decode/],
  ])('%s', async (_, args, said, env) => {
    const { code, stdout, stderr } = await cli(args, env ? { env } : {})
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(said)
    expect(stderr).not.toMatch(/\n\s+at /)
  })

  test('reading makes nothing where nothing is', async () => {
    await cli(['capture', 'list', '-w', nothing.folder])
    await cli(['coverage', nothing.folder])
    expect(readdirSync(nothing.folder)).toEqual(['notes.txt'])
    expect(existsSync(captureFile(nothing.folder))).toBe(false)
  })

  test('a folder in the place of gatehouse.yaml, and other encodings', async () => {
    expect((await cli(['check', hidden.folder])).stdout).toContain('cannot be read: it is a folder')
    const place = join(good.folder, 'encodings')
    mkdirSync(place)
    for (const [bytes, where] of [
      [Buffer.from('\ufeffgatehouse: 1\n', 'utf16le'), '1:1'],
      [Buffer.concat([Buffer.from('gatehouse: 1\nname: caf'), Buffer.from([0xe9, 0x0a])]), '2:10'],
    ] as const) {
      writeFileSync(join(place, 'gatehouse.yaml'), bytes)
      const { code, stdout } = await cli(['check', place])
      expect([code, stdout]).toEqual([1, expect.stringContaining('the file is not UTF-8 — save it as UTF-8')])
      expect(stdout).toContain(`gatehouse.yaml:${where} error YAML_SYNTAX`)
    }
  })
})

test('a token is taken apart where there is no workspace', async () => {
  const { code, stdout, stderr } = await cli(['token', 'decode', 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbm5hIn0.'], {
    cwd: nothing.folder,
  })
  expect([code, stderr]).toEqual([0, expect.stringContaining('no workspace here')])
  expect(stdout).toContain('sub: "anna"')
})

describe('decide reads the requests of Replay', () => {
  test('with variables and references in their places, and lines where they were', async () => {
    const place = folderWith({
      'gatehouse.yaml': `${sound.replace('upstream: app }', 'upstream: app, policies: [key-auth] }')}consumers: [{ name: a, keys: ["\${env:KEY}"] }]\n`,
      'a.http': `@id = 5\n@path = /books/{{id}}\n\n### one\nGET {{path}}?q={{7*7}}\nX-API-Key: \${env:KEY}\n\n### two\nPOST /x\n\n{"a":"\${env:KEY}"}\n`,
      'b.http': '### one\nGET /x\nX-API-Key: ${secret:nope}\n',
    })
    const env = { KEY: 'key-of-a-caller' }
    const { code, stdout } = await cli(['decide', place.folder, '-r', join(place.folder, 'a.http')], { env })
    expect(stdout).toMatch(/GET \/books\/5\?q=\{\{7\*7\}\}\s+● 200 would pass/)
    expect(stdout).toMatch(/POST \/x\s+✕ 401 denied by key-auth KEY_MISSING/)
    expect(code).toBe(1)
    const missing = await cli(['decide', place.folder, '-r', join(place.folder, 'b.http')], { env })
    expect(missing.stderr).toMatch(/b\.http:3: \$\{secret:nope\} has no value — set it: gatehouse secret set nope/)
    place.remove()
  })
})
