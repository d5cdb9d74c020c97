import { afterAll, describe, expect, test } from 'vitest'
import { cli, folderWith } from './cli.ts'

const sound = `gatehouse: 1
upstreams: { app: "http://127.0.0.1:9" }
apis:
  - name: app
    upstream: app
    policies:
      - ip-restriction: { allow: [127.0.0.0/8] }
`
const places = [
  folderWith({ 'gatehouse.yaml': sound }),
  folderWith({
    'gatehouse.yaml': sound.replace('ip-restriction', 'ip-restricton').replace('upstream: app', 'upstream: ap'),
  }),
]
const [good, bad] = places as [(typeof places)[0], (typeof places)[0]]
afterAll(() => places.forEach((place) => place.remove()))

describe('check', () => {
  test('a sound workspace: a sentence, exit 0', async () => {
    const { code, stdout, stderr } = await cli(['check', good.folder])
    expect(stdout).toMatch(/^● no problems: 1 route, 1 policy, revision [0-9a-f]{7}\n$/)
    expect([code, stderr]).toEqual([0, ''])
  })

  test('problems: place, code, message, suggestion, the line with a caret; exit 1', async () => {
    const { code, stdout } = await cli(['check'], { cwd: bad.folder })
    expect(code).toBe(1)
    expect(stdout).toContain(
      'gatehouse.yaml:7:9 error UNKNOWN_POLICY there is no policy type "ip-restricton" — did you mean "ip-restriction"?',
    )
    expect(stdout).toContain('  7 |       - ip-restricton: { allow: [127.0.0.0/8] }\n    |         ^^^^^^^^^^^^^')
    expect(stdout).toMatch(/gatehouse\.yaml:5:15 error UNKNOWN_REFERENCE .*did you mean "app"\?/)
    expect(stdout.trimEnd().split('\n').at(-1)).toBe('2 errors')
  })

  test('--json prints the documented shape and nothing else', async () => {
    const { code, stdout, stderr } = await cli(['check', bad.folder, '--json'])
    const { problems, ...rest } = JSON.parse(stdout) as { problems: Record<string, unknown>[] }
    expect([code, stderr, rest]).toEqual([1, '', {}])
    expect(problems).toHaveLength(2)
    for (const problem of problems) {
      expect(Object.keys(problem)).toEqual(['file', 'line', 'column', 'severity', 'code', 'message', 'suggestion'])
    }
    expect(problems[1]).toMatchObject({
      file: 'gatehouse.yaml',
      line: 7,
      column: 9,
      severity: 'error',
      code: 'UNKNOWN_POLICY',
    })
  })

  test('warnings alone are fine, unless --strict', async () => {
    const warned = folderWith({ 'gatehouse.yaml': `${sound}onError: open\n` })
    const loose = await cli(['check', warned.folder])
    const strict = await cli(['check', warned.folder, '--strict'])
    warned.remove()
    expect([loose.code, strict.code]).toEqual([0, 1])
    expect(loose.stdout).toContain('warning UNSAFE')
  })

  test('looking makes nothing on disk', async () => {
    const { readdirSync } = await import('node:fs')
    await cli(['check', good.folder])
    expect(readdirSync(good.folder)).toEqual(['gatehouse.yaml'])
  })

  test('no workspace: exit 2 and what to do', async () => {
    const nowhere = await cli(['check', '/nowhere/at/all'])
    expect([nowhere.code, nowhere.stdout]).toEqual([2, ''])
    expect(nowhere.stderr).toContain('there is no folder /nowhere/at/all')
    const empty = folderWith({})
    const here = await cli(['check'], { cwd: empty.folder })
    empty.remove()
    expect(here.code).toBe(2)
    expect(here.stderr).toContain('this folder has no gatehouse.yaml')
  })

  test('hostile file content cannot reach the terminal as control characters', async () => {
    const hostile = folderWith({ 'gatehouse.yaml': `gatehouse: 1\n"\\e[31mred\u202e": 1\n\u009b31m: 2\n` })
    const { stdout, stderr } = await cli(['check', hostile.folder])
    hostile.remove()
    // oxlint-disable-next-line no-control-regex -- these are the characters looked for
    expect(stdout + stderr).not.toMatch(/[\0-\x08\x0b-\x1f\x7f-\x9f\u202e]/)
  })
})

describe('the command line as a whole', () => {
  test('--version, --help and help of each command', async () => {
    expect((await cli(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
    const help = await cli(['--help'])
    expect(help.code).toBe(0)
    const names = [...help.stdout.matchAll(/^ {2}([a-z]+) {2,}\S/gm)].map((match) => match[1]!)
    expect(names).toEqual(expect.arrayContaining(['serve', 'check', 'decide', 'send', 'run', 'capture', 'secret']))
    for (const name of names) {
      const own = await cli([name, '--help'])
      expect([own.code, own.stderr]).toEqual([0, ''])
      expect(own.stdout).toMatch(/^Usage {2}gatehouse .*\n[^]*\nOptions\n[^]*\nExamples\n[^]*\n--json prints\n/)
    }
  }, 60_000)

  test.concurrent.each([
    [['chek'], 'there is no command "chek" — did you mean "check"?'],
    [['xyzzy'], 'there is no command "xyzzy" — there are: serve, check, decide, '],
    [['check', '--jsn'], 'there is no option --jsn — did you mean --json?'],
    [['check', '--env'], '--env needs a value — write --env <name>'],
    [['check', '--env', '--json'], '--env needs a value, and --json looks like an option'],
    [['check', '--strict=yes'], '--strict takes no value'],
    [['check', 'a', 'b'], '"b" is one word too many'],
    [['serve', '--port', '99999'], '--port 99999 is not a number that fits'],
    [['serve', '--capture', 'maybe'], '--capture maybe — write on or off'],
    [['serve', '--upstream', 'localhost'], '--upstream localhost is no address'],
    [['serve', 'x', '--upstream', 'http://a'], 'a workspace and --upstream at once'],
    [['decide'], 'which request? --request is missing'],
    [['send', 'GET'], 'what to send?'],
    [['capture', 'lst'], 'there is no action "lst" — did you mean "list"?'],
    [['secret', 'sett'], 'there is no action "sett" — did you mean "set"?'],
    [['\x1b[31mred'], 'there is no command "\\x1b[31mred"'],
  ])('%j cannot run: exit 2, stdout empty, a message that helps', async (args, message) => {
    const { code, stdout, stderr } = await cli(args)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(message)
    expect(stderr).not.toContain('    at ')
  })
})
