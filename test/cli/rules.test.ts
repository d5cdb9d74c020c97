import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { cli, folderWith } from './cli.ts'

const base = 'gatehouse: 1\nupstreams: { app: "http://127.0.0.1:9" }\napis: [{ name: app, upstream: app }]\n'
const rules = `rules:
  - name: slow
    match: path:/search
    delay: { from: 100ms, to: 2s }
  - { name: down, enabled: false, share: 0.1, fault: { status: 503 } }
`
const some = folderWith({ 'gatehouse.yaml': base, 'rules/chaos.yaml': rules })
const none = folderWith({ 'gatehouse.yaml': base })
const wrong = folderWith({ 'gatehouse.yaml': base, 'rules/chaos.yaml': rules.replace('path:/search', 'pat:/search') })
afterAll(() => [some, none, wrong].forEach((place) => place.remove()))

describe('rules', () => {
  test('each with what it does in plain words', async () => {
    const { code, stdout } = await cli(['rules', some.folder])
    expect(code).toBe(0)
    expect(stdout).toBe(`● slow  rules/chaos.yaml:2
  For exchanges that match path:/search: lets the answer wait 100 ms to 2 s.
○ down  rules/chaos.yaml:5
  Off. For every exchange (10 % of them, by chance): answers 503 in the place of the upstream.
`)
  })

  test('--json prints the documented shape', async () => {
    const { stdout } = await cli(['rules', some.folder, '--json'])
    expect(JSON.parse(stdout)).toEqual({
      rules: [
        {
          name: 'slow',
          enabled: true,
          match: 'path:/search',
          share: 1,
          explain: 'For exchanges that match path:/search: lets the answer wait 100 ms to 2 s.',
          file: 'rules/chaos.yaml',
          line: 2,
        },
        expect.objectContaining({ name: 'down', enabled: false, share: 0.1 }),
      ],
    })
  })

  test('are turned on and off, run in another order and move between files, by their own lines alone', async () => {
    const place = folderWith({ 'gatehouse.yaml': `${base}# the end\n`, 'rules/chaos.yaml': rules })
    try {
      const order = async (...words: string[]) => {
        const { code, stdout } = await cli(['rules', ...words, '--json'])
        const listed = (JSON.parse(stdout) as { rules: { name: string; enabled: boolean; file: string }[] }).rules
        return [code, ...listed.map(({ name, enabled, file }) => `${name} ${enabled ? 'on' : 'off'} ${file}`)]
      }
      const chaos = () => readFileSync(join(place.folder, 'rules/chaos.yaml'), 'utf8')
      const [slow, down] = ['slow on rules/chaos.yaml', 'down off rules/chaos.yaml']
      expect(await order('on', 'slow', place.folder)).toEqual([1, slow, down])
      expect(await order('on', 'down', place.folder)).toEqual([0, slow, 'down on rules/chaos.yaml'])
      expect(chaos()).toBe(rules.replace('enabled: false', 'enabled: true'))
      writeFileSync(join(place.folder, 'rules/chaos.yaml'), rules)
      expect(await order('move', 'down', place.folder, '--earlier')).toEqual([0, down, slow])
      const other = 'slow on rules/a.yaml'
      expect(await order('move', 'slow', place.folder, '--to', 'rules/a.yaml')).toEqual([0, other, down])
      expect(chaos()).toBe('rules:\n  - { name: down, enabled: false, share: 0.1, fault: { status: 503 } }\n')
      expect(await order('move', 'slow', place.folder, '--later')).toEqual([0, down, slow])
    } finally {
      place.remove()
    }
  }, 60_000)

  test.each([
    [['off', 'no such', 'FOLDER'], 'there is no rule "no such"'],
    [['move', 'slow', 'FOLDER'], 'where to?'],
    [['move', 'slow', 'FOLDER', '--to', 'policies/x.yaml'], 'is no file of rules'],
    [['FOLDER', '--later'], 'go with move'],
  ])('what cannot be done is told: %j', async (words, says) => {
    const { code, stderr } = await cli(['rules', ...words.map((word) => word.replace('FOLDER', some.folder))])
    expect([code, stderr]).toEqual([2, expect.stringContaining(says)])
  })

  test('none, and a workspace with errors', async () => {
    expect((await cli(['rules', none.folder])).stdout).toMatch(/^no rules: write some in rules/)
    const { code, stderr } = await cli(['rules', wrong.folder])
    expect(code).toBe(2)
    expect(stderr).toContain('rules/chaos.yaml:3:12 error BAD_EXPRESSION "match" is not a query: there is no field pat')
  })
})
