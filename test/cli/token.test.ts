import { describe, expect, onTestFinished, test } from 'vitest'
import { cli, folderWith } from './cli.ts'

/** Its issuer answers nobody: only the lab's own keys verify anything. */
function workspace(policy: string): string {
  const { folder, remove } = folderWith({
    'gatehouse.yaml': `gatehouse: 1
upstreams: { up: http://127.0.0.1:1 }
apis:
  - name: books
    policies:
      - jwt-auth: { issuer: "http://127.0.0.1:9", ${policy} }
    routes:
      - { path: "/*", upstream: up }
      - { path: /open, upstream: up, policies: [{ without: [jwt-auth] }] }
`,
  })
  onTestFinished(remove)
  return folder
}

interface Trial {
  rows: { id: string; passes: boolean; code?: string }[]
  taken: string[]
}

describe('gatehouse token', () => {
  test('mint signs the claims that the policy wants and those given, and decode reads them back', async () => {
    const folder = workspace('audience: books, algorithms: [ES256]')
    const minted = await cli(['token', 'mint', '-w', folder, '-c', '{"sub":"anna"}', '--lifetime', '1h'])
    expect(minted.code).toBe(0)
    const decoded = await cli(['token', 'decode', '-w', folder, '--json'], { stdin: minted.stdout })
    expect(decoded.code).toBe(1)
    expect(JSON.parse(decoded.stdout)).toMatchObject({
      decoded: {
        form: 'jwt',
        header: { alg: 'ES256' },
        claims: { iss: 'http://127.0.0.1:9', aud: 'books', sub: 'anna' },
      },
      policies: [{ policy: 'api:books/jwt-auth', accepted: false, code: 'KEYS_UNAVAILABLE' }],
    })
    expect(decoded.stdout).not.toContain(minted.stdout.trim())
  })

  test('try finds nothing that gets through a careful policy, and what gets through a careless one', async () => {
    const careful = await cli(['token', 'try', '-w', workspace('audience: books'), '-r', 'GET /x', '--json'])
    expect(careful.code).toBe(0)
    const report = JSON.parse(careful.stdout) as Trial
    expect(report.taken).toEqual([])
    expect(report.rows.map(({ passes }) => passes)).toEqual([true, ...report.rows.slice(1).map(() => false)])
    const careless = await cli(['token', 'try', '-w', workspace('requireExpiry: false'), '-r', 'GET /x', '--json'])
    expect(careless.code).toBe(1)
    expect((JSON.parse(careless.stdout) as Trial).taken).toEqual(['no-expiry', 'audience'])
  })

  test.each([
    [['token', 'decode'], 'which token?'],
    [['token', 'brew'], 'write token decode, token mint or token try'],
    [['token', 'mint', '-c', '{'], '--claims is no JSON'],
    [['token', 'mint', '--algorithm', 'none'], 'the lab does not sign with none'],
    [['token', 'try', '-r', 'books'], 'is no path'],
    [['token', 'try', '-r', '/open'], 'no policy reads a token of GET /open: it passes without any'],
  ])('%j says what to write instead', async (words, message) => {
    const { code, stderr } = await cli([...words, '-w', workspace('audience: books')])
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)])
  })
})
