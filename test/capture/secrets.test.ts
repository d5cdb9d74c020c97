import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { WorkspaceKey } from '../../gateway-core/config/workspace-key.ts'
import type { Place } from '../../gateway-core/exchange.ts'
import type { ExchangeRecord } from '../../gateway-core/capture/record.ts'
import { CaptureWriter } from '../../gateway-core/capture/writer.ts'
import { openRecorder } from '../../gateway-core/capture/recorder.ts'
import { body, captures, record, request, response, settings, temporaryFolder, testKey, write } from './records.ts'

/** No part of it is a word, so that finding it means that a secret leaked. */
const canary = 'cAnary-7f3Q+x/9 "zw=&%é'
const plain = 'cAnary7f3Qx9zwPLAIN'
const jwt = `eyJhbGciOiJSUzI1NiJ9.${Buffer.from('{"sub":"cAnary-subject"}').toString('base64url')}.c2lnbmF0dXJlLWNBbmFyeQ`
const percent = encodeURIComponent(canary)
const basic = Buffer.from(`alice:${canary}`).toString('base64')
const json = (value: unknown) => JSON.stringify(value)

const withHeader = (name: string, value: string) =>
  record({ request: request({ headers: ['Host', 'a', name, value] }) })
const withBody = (type: string, content: string | Uint8Array, ...headers: string[]) =>
  record({ request: request({ headers: ['Content-Type', type, ...headers], body: body(content) }) })
const echoed = (changes: Partial<ExchangeRecord>) =>
  record({ ...changes, request: request({ headers: ['Authorization', `Bearer ${plain}`], ...changes.request }) })
const sealedAt = (place: Place, changes: Partial<ExchangeRecord>) => record({ sealed: [place], ...changes })
const step = (evidence: unknown, more: object = {}) =>
  ({
    policy: 'workspace/p',
    type: 'p',
    phase: 'requestHeaders',
    verdict: 'pass',
    mode: 'enforce',
    at: 1,
    micros: 1,
    now: 1,
    sequence: 1,
    position: { file: 'gatehouse.yaml', line: 1, column: 1 },
    evidence,
    ...more,
  }) as ExchangeRecord['trace'][number]

const cases: Record<string, ExchangeRecord> = {
  'Authorization: Bearer': withHeader('Authorization', `Bearer ${plain}`),
  'Authorization: Basic': withHeader('authorization', `Basic ${basic}`),
  'Authorization of an unknown scheme': withHeader('Authorization', `${plain} more`),
  'Authorization: Digest': withHeader('Authorization', `Digest username="u", response="${plain}"`),
  'Proxy-Authorization': withHeader('Proxy-Authorization', `Bearer ${plain}`),
  'X-Api-Key': withHeader('X-Api-Key', plain),
  'X-Auth-Token': withHeader('x-auth-token', plain),
  'X-Csrf-Token': withHeader('X-CSRF-Token', plain),
  'X-Vendor-Api-Key': withHeader('X-Vendor-Api-Key', plain),
  Cookie: withHeader('Cookie', `theme=dark; sid=${plain}; c="${plain}2"`),
  'Set-Cookie': record({ response: response({ headers: ['Set-Cookie', `sid=${plain}; Path=/; HttpOnly`] }) }),
  'JWT in an ordinary header': withHeader('X-Forwarded-Thing', `id ${jwt}`),
  'query access_token': record({ request: request({ query: `a=1&access_token=${percent}` }) }),
  'query api_key': record({ request: request({ query: `api_key=${plain}&b=2` }) }),
  'query with an encoded name': record({ request: request({ query: `pass%77ord=${plain}` }) }),
  'absolute target': record({ request: request({ target: `http://a/x?token=${plain}`, path: '/x' }) }),
  'JWT in the path': record({ request: request({ path: `/verify/${jwt}` }) }),
  'Location with a code': record({ response: response({ headers: ['Location', `/cb?code=${plain}&state=1`] }) }),
  Referer: withHeader('Referer', `http://a/?x=1&token=${plain}`),
  'form client_secret': withBody('application/x-www-form-urlencoded', `grant_type=x&client_secret=${percent}`),
  'JSON password': withBody('application/json', json({ user: 'a', password: canary })),
  'JSON with an escaped member name': withBody('application/json', `{"pass\\u0077ord":"${plain}"}`),
  'JSON number as a secret': withBody('application/json', '{"otp": 7393827261}'),
  'nested JSON tokens': withBody('text/plain', json({ a: [{ refresh_token: { value: canary } }] })),
  'truncated JSON': withBody('application/json', `{"user":"a","password":"${plain}`),
  'multipart password': withBody(
    'multipart/form-data; boundary=b',
    `--b\r\nContent-Disposition: form-data; name="password"\r\n\r\n${plain}\r\n--b--`,
  ),
  'gzip body': withBody('application/json', gzipSync(json({ access_token: canary })), 'Content-Encoding', 'gzip'),
  'brotli cut off': withBody(
    'application/json',
    brotliCompressSync(json({ access_token: plain, more: 'x'.repeat(3000) })).subarray(0, -3),
    'Content-Encoding',
    'br',
  ),
  'coding that is a lie': withBody('application/json', json({ password: canary }), 'Content-Encoding', 'gzip'),
  'Latin-1 body': withBody('text/plain', Buffer.from(`password=${plain}&n=\xe9`, 'latin1')),
  'token response': record({
    response: response({ headers: ['Content-Type', 'application/json'], body: body(json({ id_token: jwt })) }),
  }),
  'echo in the response body': echoed({ response: response({ body: body(`you sent ${plain} and ${plain}`) }) }),
  'echo in base64': echoed({ response: response({ body: body(Buffer.from(`x${plain}y`).toString('base64')) }) }),
  'echo in hex': echoed({ response: response({ body: body(Buffer.from(plain).toString('hex')) }) }),
  'echo in a binary body': echoed({ response: response({ body: body(Buffer.from(`\0\xff${plain}`, 'latin1')) }) }),
  'echo in a gzip body': echoed({
    response: response({ headers: ['Content-Encoding', 'gzip'], body: body(gzipSync(`<p>${plain}</p>`)) }),
  }),
  'echo cut off': echoed({
    response: response({
      body: body(`you sent ${plain.slice(0, -3)}`, { truncated: true, length: 900, sha256: 'ab' }),
    }),
  }),
  'echo in another header': echoed({ response: response({ headers: ['X-Debug', `token was ${plain}`] }) }),
  'echo in the path': echoed({
    request: request({ path: `/${plain}`, headers: ['Authorization', `Bearer ${plain}`] }),
  }),
  'echo in evidence': echoed({ trace: [step([{ at: { in: 'header', name: 'x' }, observed: plain }])] }),
  'echo in an error': echoed({ error: `boom at ${plain}` }),
  'echo in facts and claims': echoed({
    facts: [{ key: 'token|x|', answer: { value: { form: 'jws', header: {}, claims: { jti: plain } } } }],
    claims: { jti: plain },
  }),
  'header that a policy sets': record({
    trace: [step(undefined, { changes: [{ kind: 'set-header', name: 'Authorization', value: `Bearer ${plain}` }] })],
  }),
  'query that a policy sets': record({
    trace: [step(undefined, { changes: [{ kind: 'set-query', query: `token=${plain}` }] })],
  }),
  'body that a policy sets': record({
    trace: [step(undefined, { changes: [{ kind: 'set-body', bytes: Buffer.from(`password=${plain}`) }] })],
  }),
  'secret evidence': record({ trace: [step([{ at: { in: 'header', name: 'x' }, observed: plain, secret: true }])] }),
  'forwarded request': record({
    forwarded: request({
      query: `token=${plain}`,
      headers: ['X-Api-Key', plain],
      body: body(json({ secret: canary })),
    }),
  }),
  'upstream response': record({
    upstreamResponse: response({ headers: ['Set-Cookie', `a=${plain}`], body: body(json({ token: plain })) }),
  }),
  trailers: record({ request: request({ trailers: ['X-Api-Token', plain] }) }),
  'sealed header': sealedAt({ in: 'header', name: 'X-Odd' }, { request: request({ headers: ['x-odd', plain] }) }),
  'sealed query': sealedAt({ in: 'query', name: 'odd' }, { request: request({ query: `odd=${percent}` }) }),
  'sealed pointer': sealedAt(
    { in: 'body', pointer: '/a/0/odd~1x', of: 'request' },
    { request: request({ headers: [], body: body(json({ a: [{ 'odd/x': canary }] })) }) },
  ),
  'sealed body': sealedAt({ in: 'body', of: 'response' }, { response: response({ body: body(`all ${plain}`) }) }),
  'sealed claim': sealedAt({ in: 'claim', name: 'ssn' }, { claims: { ssn: plain } }),
  'sealed path parameter': sealedAt(
    { in: 'path', name: 'key' },
    {
      request: request({ path: `/k/${plain}/x` }),
      route: { id: 'r', api: 'a', template: '/k/{key}/x', parameters: { key: plain }, upstreamPath: `/k/${plain}/x` },
    },
  ),
}

const forms = [canary, plain, jwt, jwt.split('.')[2]!, '7393827261', plain.slice(0, -3), plain.toLowerCase()]

/** Everything in the workspace's capture folder, as bytes. */
function files(folder: string): Buffer {
  const directory = join(folder, '.gatehouse')
  return Buffer.concat(readdirSync(directory).map((name) => readFileSync(join(directory, name))))
}

/** Spellings that a search of the files must not find. Base64 is looked for at each alignment. */
function spellings(secret: string): string[] {
  const bytes = Buffer.from(secret)
  const aligned = [0, 1, 2].flatMap((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .replaceAll('=', '')
    return [
      text.slice(shift === 0 ? 0 : shift + 1, -1),
      text
        .slice(shift === 0 ? 0 : shift + 1, -1)
        .replaceAll('+', '-')
        .replaceAll('/', '_'),
    ]
  })
  return [
    secret,
    json(secret).slice(1, -1),
    encodeURIComponent(secret),
    encodeURIComponent(secret).replaceAll('%20', '+'),
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
    ...aligned,
  ]
}

test.each(Object.entries(cases))('no secret in clear: %s', (_name, exchange) => {
  const folder = temporaryFolder()
  write(folder, [exchange])
  const found = files(folder)
  expect(found.length).toBeGreaterThan(4096)
  for (const form of forms) for (const spelling of spellings(form)) expect(found.includes(spelling)).toBe(false)
})

test.each(Object.entries(cases))('put back with the key: %s', (_name, exchange) => {
  const folder = temporaryFolder()
  write(folder, [exchange])
  const stored = captures(folder).get(exchange.id)!
  expect(stored.secrets).toBe(_name === 'body that a policy sets' ? 'none' : 'open')
  expect(stored.request.headers).toEqual(exchange.request.headers)
  expect(stored.request.target).toBe(exchange.request.target)
  expect(stored.request.query).toBe(exchange.request.query)
  expect(stored.request.path).toBe(exchange.request.path)
  expect(stored.response?.headers).toEqual(exchange.response?.headers)
  for (const message of ['request', 'response', 'forwarded', 'upstreamResponse'] as const) {
    const before = exchange[message]?.body
    const after = stored[message]?.body
    expect(after && Buffer.from(after.bytes).toString('latin1')).toBe(
      before && Buffer.from(before.bytes).toString('latin1'),
    )
  }
  expect(stored.claims).toEqual(exchange.claims)
  expect(stored.facts).toEqual(exchange.facts)
  expect(stored.route).toEqual(exchange.route)
  expect(stored.error).toBe(exchange.error)
})

test('another key, or none, sees markers', () => {
  const folder = temporaryFolder()
  const exchange = cases['Cookie']!
  write(folder, [exchange])
  const tag = testKey.tag(plain)
  for (const key of [null, new WorkspaceKey(new Uint8Array(32).fill(9))]) {
    const stored = captures(folder, key).get(exchange.id)!
    expect(stored.secrets).toBe('sealed')
    expect(stored.request.headers[3]).toMatch(
      new RegExp(`^theme=⟦sealed:[\\w-]{22}:4⟧; sid=⟦sealed:${tag}:${plain.length}⟧; c=⟦sealed:[\\w-]{22}:22⟧$`),
    )
  }
})

test('the scheme word and attributes stay readable', () => {
  const folder = temporaryFolder()
  write(folder, [cases['Authorization: Bearer']!, cases['Set-Cookie']!, cases['JSON number as a secret']!])
  const read = captures(folder)
  const [bearer, cookie, number] = ['Authorization: Bearer', 'Set-Cookie', 'JSON number as a secret'].map(
    (name) => read.get(cases[name]!.id, { secrets: 'sealed' })!,
  )
  expect(bearer!.request.headers[3]).toMatch(/^Bearer ⟦sealed:[\w-]{22}:19⟧$/)
  expect(cookie!.response!.headers[1]).toMatch(/^sid=⟦sealed:[\w-]{22}:19⟧; Path=\/; HttpOnly$/)
  expect(JSON.parse(Buffer.from(number!.request.body!.bytes).toString())).toEqual({
    otp: expect.stringMatching(/^⟦sealed:[\w-]{22}:10:literal⟧$/),
  })
})

test('equal secrets have equal tags across exchanges', () => {
  const folder = temporaryFolder()
  const [a, b] = [withHeader('X-Api-Key', plain), withHeader('Authorization', `Bearer ${plain}`)]
  write(folder, [a, b])
  const read = captures(folder)
  const marker = read.get(a.id, { secrets: 'sealed' })!.request.headers[3]
  expect(read.get(b.id, { secrets: 'sealed' })!.request.headers[3]).toBe(`Bearer ${marker}`)
})

test('expired secrets are forgotten', () => {
  const folder = temporaryFolder()
  const exchange = withHeader('X-Api-Key', plain)
  write(folder, [exchange], { secretsMs: -1 })
  write(folder, [record()])
  const read = captures(folder)
  expect(read.stats().sealedValues).toBe(0)
  expect(read.get(exchange.id)!.secrets).toBe('sealed')
})

test('a secret in a workspace file is sealed in the blobs of the revision', () => {
  const folder = temporaryFolder()
  const pem = `-----BEGIN PRIVATE KEY-----\n${plain}\n-----END PRIVATE KEY-----`
  const text = `keys: [${plain}]\ntoken: ${jwt}\npem: ${pem}\n`
  const writer = new CaptureWriter(folder, testKey, settings)
  writer.saveRevision('r1', [{ path: 'gatehouse.yaml', sha256: 'a', text }], [plain])
  writer.close()
  const found = files(folder)
  for (const form of [plain, jwt]) for (const spelling of spellings(form)) expect(found.includes(spelling)).toBe(false)
  expect(captures(folder).revisionFile('r1', 'gatehouse.yaml')).toBe(text)
  expect(captures(folder, null).revisionFile('r1', 'gatehouse.yaml')).toMatch(/^keys: \[⟦sealed:[\w-]{22}:19⟧\]\n/)
})

test('bodies made to be slow to search are not', () => {
  const long = 200_000
  const hostile = [
    'eyJ'.repeat(long / 3),
    'eyJhbGciOi.'.repeat(long / 11),
    '['.repeat(long),
    '{"password":'.repeat(long / 12),
    `password=${'&password='.repeat(long / 10)}`,
    'Content-Disposition: form-data; name=password'.repeat(long / 45),
    `content-disposition:${';name='.repeat(long / 6)}`,
    '\\"'.repeat(long / 2),
  ]
  const types = ['application/json', 'application/x-www-form-urlencoded', 'multipart/form-data', 'text/plain']
  const folder = temporaryFolder()
  // A search whose time grows with the square of the length would end by the test's own timeout.
  write(
    folder,
    hostile.flatMap((content) => types.map((type) => withBody(type, content))),
  )
  expect(captures(folder).count('')).toBe(hostile.length * types.length)
})

test('through the worker no secret reaches a file either', async () => {
  const folder = temporaryFolder()
  const recorder = openRecorder({ folder, key: testKey, settings })
  for (const exchange of Object.values(cases)) recorder.record(exchange)
  await recorder.flush()
  const found = files(folder)
  for (const form of forms) for (const spelling of spellings(form)) expect(found.includes(spelling)).toBe(false)
  await recorder.close()
  expect(captures(folder).count()).toBe(Object.keys(cases).length)
})
