import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type TestUpstream, testUpstream } from '../gateway-fixture.ts'
import { cli, folderWith } from './cli.ts'

const yaml = `gatehouse: 1
upstreams: { app: "http://127.0.0.1:9" }
apis:
  - name: shop
    upstream: app
    policies:
      - ip-restriction: { allow: [127.0.0.0/8] }
      - rate-limiting: { limit: 2, window: 1m, by: ip, algorithm: fixed-window }
      - data-mask: { fields: [/secret] }
    routes:
      - { path: "/books/{id}", methods: [GET, POST] }
`
let place: ReturnType<typeof folderWith>
let issuer: TestUpstream
beforeAll(async () => {
  issuer = await testUpstream()
  place = folderWith({
    'gatehouse.yaml': yaml,
    'environments/open.yaml': 'limits: { headerCount: 50 }\n',
    'environments/closed.yaml': 'policies:\n  ip-restriction: { allow: [10.0.0.0/8] }\n',
  })
})
afterAll(async () => {
  await issuer.close()
  place.remove()
})

const stepKeys = ['policy', 'type', 'phase', 'verdict', 'code', 'evidence', 'micros', 'position']

describe('decide', { timeout: 60_000 }, () => {
  test('a request that would pass: a table with evidence and position; exit 0', async () => {
    const { code, stdout } = await cli(['decide', place.folder, '--request', '-'], { stdin: 'GET /books/1\n' })
    expect(code).toBe(0)
    expect(
      stdout
        .replaceAll(/\d+ µs/g, 'SPENT')
        .split('\n')
        .map((line) => line.replaceAll(/ {2,}/g, '  ')),
    ).toEqual([
      'GET /books/1  ● 200 would pass',
      '  route shop/books/{id} → upstream app',
      '  ● ip-restriction  request headers  pass  SPENT  gatehouse.yaml:7:9',
      '  saw client address = 127.0.0.1, wanted an address in 127.0.0.0/8',
      '  ● rate-limiting  request headers  pass  SPENT  gatehouse.yaml:8:9',
      expect.stringMatching(/^ {2}saw .*wanted at most 2 per 1m/),
      '  ● data-mask  request headers  pass  SPENT  gatehouse.yaml:9:9',
      '',
      '',
    ])
  })

  test('--json prints the documented keys; denied: exit 1', async () => {
    const args = ['decide', place.folder, '-r', '-', '--env', 'closed', '--json']
    const { code, stdout, stderr } = await cli(args, { stdin: 'GET http://shop.example/books/1 HTTP/1.1\n' })
    expect([code, stderr]).toEqual([1, ''])
    const printed = JSON.parse(stdout) as { trace: Record<string, unknown>[] }
    expect(Object.keys(printed)).toEqual(['verdict', 'status', 'decidedBy', 'code', 'trace'])
    expect(printed).toMatchObject({
      verdict: 'deny',
      status: 403,
      decidedBy: 'api:shop/ip-restriction',
      code: 'IP_NOT_ALLOWED',
    })
    for (const step of printed.trace) expect(Object.keys(step)).toEqual(stepKeys)
    expect(printed.trace[0]).toMatchObject({
      policy: 'api:shop/ip-restriction',
      type: 'ip-restriction',
      phase: 'requestHeaders',
      verdict: 'deny',
      evidence: [{ at: { in: 'client' }, observed: '127.0.0.1' }],
      position: { file: 'gatehouse.yaml', line: 7, column: 9 },
    })
  })

  test('several requests count together, and responses in the file are judged', async () => {
    place.write(
      'requests.http',
      `# a comment
GET /books/1

### the second
POST /books/2 HTTP/1.1
Content-Type: application/json

{"title":"x"}

###
HTTP/1.1 201 Created
Content-Type: application/json

{"secret":"s3cret","id":2}

###
GET /books/3
`,
    )
    const args = ['decide', place.folder, '--request', 'requests.http', '--json']
    const { code, stdout } = await cli(args, { cwd: place.folder })
    const printed = JSON.parse(stdout) as {
      verdict: string
      status: number
      trace: { type: string; phase: string; verdict: string }[]
    }[]
    expect(printed.map(({ verdict, status }) => [verdict, status])).toEqual([
      ['pass', 200],
      ['pass', 201],
      ['deny', 429],
    ])
    const mask = printed[1]!.trace.find(({ type, phase }) => type === 'data-mask' && phase === 'responseBody')
    expect([mask?.verdict, code]).toEqual(['modify', 1])
    expect(stdout).not.toContain('s3cret')
  })

  test.concurrent.each([
    ['GET /books/1%2f..%2f2', 400, 'AMBIGUOUS_PATH'],
    ['GET /books/1\nHost: a\nHost: b', 400, 'BAD_HOST'],
    ['POST /books/1\nTransfer-Encoding: chunked\nContent-Length: 3\n\nabc', 400, 'AMBIGUOUS_LENGTH'],
    ['GET /nothing', 404, 'NO_ROUTE'],
    ['DELETE /books/1', 405, 'METHOD_NOT_ROUTED'],
  ])('%j is refused as the gateway refuses it', async (stdin, status, denial) => {
    const { code, stdout } = await cli(['decide', place.folder, '-r', '-', '--json'], { stdin })
    expect(JSON.parse(stdout)).toMatchObject({ verdict: 'refused', status, code: denial, decidedBy: null })
    expect(code).toBe(1)
  })

  test('a foreign HAR: every entry with its response', async () => {
    const entry = (url: string) => ({
      startedDateTime: '2026-01-01T00:00:00Z',
      request: { method: 'GET', url, httpVersion: 'h2', headers: [{ name: ':authority', value: 'a' }] },
      response: { status: 200, statusText: 'OK', headers: [], content: { text: '{"secret":1}' } },
    })
    place.write('foreign.har', JSON.stringify({ log: { entries: [entry('http://a/books/1'), entry('http://a/x')] } }))
    const args = ['decide', place.folder, '-r', 'foreign.har', '--json']
    const { stdout } = await cli(args, { cwd: place.folder })
    expect(JSON.parse(stdout)).toMatchObject([
      { verdict: 'pass', status: 200 },
      { verdict: 'refused', status: 404 },
    ])
  })

  test('two environments: the first step, field and values that differ', async () => {
    const args = ['decide', place.folder, '-r', '-', '--env', 'open', '--env', 'closed']
    const json = await cli([...args, '--json'], { stdin: 'GET /books/1' })
    const printed = JSON.parse(json.stdout) as { environments: object; firstDifference: object }
    expect(Object.keys(printed)).toEqual(['environments', 'firstDifference'])
    expect(printed).toMatchObject({
      environments: { open: { verdict: 'pass' }, closed: { verdict: 'deny' } },
      firstDifference: { step: 'api:shop/ip-restriction', field: 'verdict', a: 'pass', b: 'deny' },
    })
    expect(json.code).toBe(1)
    const same = await cli([...args.slice(0, -1), 'open', '--json'], { stdin: 'GET /books/1' })
    expect([same.code, (JSON.parse(same.stdout) as { firstDifference: unknown }).firstDifference]).toEqual([0, null])
    const text = await cli(args, { stdin: 'GET /books/1' })
    expect(text.stdout).toContain(
      'first difference: api:shop/ip-restriction, verdict\n  open: "pass"\n  closed: "deny"',
    )
  })

  test('--now is the time that policies see; keys of the issuer are fetched', async () => {
    const { SignJWT, exportJWK, generateKeyPair } = await import('jose')
    const { publicKey, privateKey } = await generateKeyPair('RS256')
    const jwk = { ...(await exportJWK(publicKey)), kid: 'k', alg: 'RS256', use: 'sig' }
    const keys = await testUpstream((_request, response) => response.end(JSON.stringify({ keys: [jwk] })))
    const expiry = Date.parse('2026-06-01T12:00:00Z') / 1000
    const token = await new SignJWT({ sub: 'ben' })
      .setProtectedHeader({ alg: 'RS256', kid: 'k' })
      .setIssuer('https://id.example')
      .setIssuedAt(expiry - 3600)
      .setExpirationTime(expiry)
      .sign(privateKey)
    const guarded = folderWith({
      'gatehouse.yaml': `gatehouse: 1
upstreams: { app: "http://127.0.0.1:9" }
apis:
  - name: shop
    upstream: app
    policies:
      - jwt-auth: { issuer: https://id.example, jwks: "${keys.url}/jwks" }
`,
    })
    const stdin = `GET /\nAuthorization: Bearer ${token}\n`
    const at = (now: string) => cli(['decide', guarded.folder, '-r', '-', '--now', now, '--json'], { stdin })
    const before = await at('2026-06-01T11:30:00Z')
    const after = await at('2026-06-01T13:00:00Z')
    await keys.close()
    guarded.remove()
    expect([before.code, after.code]).toEqual([0, 1])
    expect(JSON.parse(after.stdout)).toMatchObject({ status: 401, code: 'TOKEN_EXPIRED' })
    expect(before.stdout + after.stdout).not.toContain(token.split('.')[2])
  })

  test.concurrent.each([
    ['', 'stdin holds no request'],
    ['GET /a b c', 'stdin:1: this is no request line'],
    ['GET /\nno header', 'stdin:2: this is no header line'],
    ['HTTP/1.1 200 OK', 'stdin:1: a response has to follow its request'],
    ['{"log":{}}', 'stdin is no HAR: it has no list log.entries'],
    ['{', 'stdin is not JSON'],
  ])('%j cannot be judged: exit 2 and where', async (stdin, message) => {
    const { code, stdout, stderr } = await cli(['decide', place.folder, '-r', '-'], { stdin })
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(message)
  })
})
