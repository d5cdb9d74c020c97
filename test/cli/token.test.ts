import { createHash, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, onTestFinished, test } from 'vitest'
import { decodeToken } from '../../gateway-core/tokens/decode.ts'
import { testUpstream } from '../gateway-fixture.ts'
import { cli, folderWith } from './cli.ts'

/** Its issuer answers nobody: only the lab's own keys verify anything. */
function workspace(policy: string, upstream = 'http://127.0.0.1:1'): string {
  const { folder, remove } = folderWith({
    'gatehouse.yaml': `gatehouse: 1
listen: { http: "127.0.0.1:0" }
upstreams: { up: "${upstream}" }
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

const sha256 = (text: string) => createHash('sha256').update(text).digest('base64url')

interface Trial {
  rows: { id: string; passes: boolean; status: number; code?: string; sent?: { status: number } }[]
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
  }, 60_000)

  test('try finds nothing that gets through a careful policy, and what gets through a careless one', async () => {
    const careful = await cli(['token', 'try', '-w', workspace('audience: books'), '-r', 'GET /x', '--json'])
    expect(careful.code).toBe(0)
    const report = JSON.parse(careful.stdout) as Trial
    expect(report.taken).toEqual([])
    expect(report.rows.map(({ passes }) => passes)).toEqual([true, ...report.rows.slice(1).map(() => false)])
    const careless = await cli(['token', 'try', '-w', workspace('requireExpiry: false'), '-r', 'GET /x', '--json'])
    expect(careless.code).toBe(1)
    expect((JSON.parse(careless.stdout) as Trial).taken).toEqual(['no-expiry', 'audience'])
  }, 60_000)

  test('tokens are bound to a key, whose proofs it makes, or to a certificate', async () => {
    const folder = workspace('audience: books')
    const run = async (...words: string[]) => (await cli(['token', ...words, '-w', folder])).stdout.trim()
    const claimsOf = (token: string) => decodeToken(token, Date.now()).claims!
    const bound = await run('mint', '--dpop', '--header', '{"kid":"other"}')
    const proof = decodeToken(await run('proof', 'PUT https://h/a?b=1', '--token', bound, '--nonce', 'n'), Date.now())
    expect(decodeToken(bound, Date.now()).header).toMatchObject({ kid: 'other' })
    expect(proof.claims).toMatchObject({ htm: 'PUT', htu: 'https://h/a', nonce: 'n', ath: sha256(bound) })
    const { crv, kty, x, y } = proof.header!['jwk'] as Record<string, string>
    expect(claimsOf(bound)['cnf']).toEqual({ jkt: sha256(JSON.stringify({ crv, kty, x, y })) })
    const made = JSON.parse(await run('certificate', 'anna', '--json')) as { certificate: string; thumbprint: string }
    expect(new X509Certificate(readFileSync(made.certificate)).subject).toContain('anna')
    expect(claimsOf(await run('mint', '--certificate', 'anna'))['cnf']).toEqual({ 'x5t#S256': made.thumbprint })
  }, 60_000)

  test('try sends each through a gateway that takes tokens of the lab', async () => {
    const upstream = await testUpstream()
    onTestFinished(() => upstream.close())
    const folder = workspace('audience: books', upstream.url)
    const tried = await cli(['token', 'try', '-w', folder, '-r', 'GET /x', '--send', '--json'])
    const { rows, taken } = JSON.parse(tried.stdout) as Trial
    expect([tried.code, taken]).toEqual([0, []])
    expect(rows[0]).toMatchObject({ id: 'right', passes: true, sent: { status: 200 } })
    for (const { sent, status, code } of rows.slice(1)) expect(sent).toMatchObject({ status, code })
  }, 60_000)

  test.each([
    [['token', 'decode'], 'which token?'],
    [['token', 'brew'], 'write token decode, mint, proof, certificate or try'],
    [['token', 'mint', '-c', '{'], '--claims is no JSON'],
    [['token', 'mint', '--algorithm', 'none'], 'the lab does not sign with none'],
    [['token', 'mint', '--header', '[]'], '--header is no JSON object'],
    [['token', 'mint', '--certificate', 'nobody'], 'there is no client certificate nobody'],
    [['token', 'proof', '/books'], 'a proof names the whole URL'],
    [['token', 'certificate', '../x'], 'a certificate needs a name'],
    [['token', 'try', '-r', 'books'], 'is no path'],
    [['token', 'try', '-r', '/open'], 'no policy reads a token of GET /open: it passes without any'],
  ])('%j says what to write instead', async (words, message) => {
    const { code, stderr } = await cli([...words, '-w', workspace('audience: books')])
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)])
  })
})
