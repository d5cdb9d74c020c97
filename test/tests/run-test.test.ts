import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { outcome, run, runOne } from './running.ts'

const given = `given:
  tokens:
    ben: { issuer: "https://id.example", sub: ben, aud: books, roles: [reader] }
`

describe('what a test expects', () => {
  it.each([
    [
      'request: { url: /books/1, token: ben }\nexpect: { verdict: pass, route: "books/books/{id}", consumer: ben }',
      'passed',
    ],
    ['request: { url: /books/1, token: ben }\nexpect: { verdict: deny }', '7:15 verdict: deny / pass'],
    ['request: GET /books/1\nexpect: { status: 401, code: TOKEN_MISSING, decidedBy: jwt-auth }', 'passed'],
    ['request: GET /books/1\nexpect: { consumer: null, headers: { WWW-Authenticate: true, Server: false } }', 'passed'],
    ['request: GET /books/1\nexpect: { headers: { WWW-Authenticate: false } }', /not there \/ Bearer/],
    [
      'request: GET /books/1\nexpect: { headers: { X-Shop: { matches: "o.en" }, Content-Type: { contains: problem } } }',
      'passed',
    ],
    ['request: GET /books/1\nexpect: { headers: { X-Shop: { matches: "o" } } }', /a text that matches o \/ "open"/],
    ['request: GET /books/1\nexpect: { body: { json: { /code: TOKEN_MISSING } } }', 'passed'],
    [
      'request: GET /books/1\nexpect: { body: { json: { /code: KEY_MISSING } } }',
      /body \/code: "KEY_MISSING" \/ "TOKEN_MISSING"/,
    ],
    ['request: GET /books/1\nexpect: { body: { json: { /no/such: 1 } } }', /body \/no\/such: 1 \/ nothing/],
    ['request: GET /books/1\nexpect: { body: { contains: [Token, missing], excludes: secret } }', 'passed'],
    ['request: GET /books/1\nexpect: { body: nothing }', /body: "nothing" \/ {"type"/],
    ['request: GET /nowhere\nexpect: { verdict: refused, code: NO_ROUTE, status: 404 }', 'passed'],
    ['request: GET /books/a%2fb\nexpect: { verdict: refused, code: AMBIGUOUS_PATH }', 'passed'],
    [
      'request: { url: "/search?q=x\'%20OR%201=1--" }\nexpect: { verdict: pass, trace: { injection-protection: would-deny } }',
      'passed',
    ],
    [
      'request: { url: "/search?q=x\'%20OR%201=1--" }\nexpect: { trace: { injection-protection: { code: INJECTION_DETECTED } } }',
      'passed',
    ],
    ['request: GET /search?q=sea\nexpect: { trace: { injection-protection: would-deny } }', /would-deny \/ pass/],
    ['request: GET /search?q=sea\nexpect: { trace: { acl: pass } }', /pass \/ it did not run/],
    [
      'request: { url: /books/1, headers: { X-API-Key: "${consumer:app}" } }\nexpect: { consumer: app, forwarded: { path: /books/1, headers: { X-API-Key: false } } }',
      'passed',
    ],
    ['request: { url: /books/1, headers: { X-API-Key: "${secret:app-key}" } }\nexpect: { consumer: app }', 'passed'],
    ['request: { url: /books/1, headers: { X-API-Key: "$${consumer:app}" } }\nexpect: { code: KEY_UNKNOWN }', 'passed'],
    ['request: { url: /books/1, headers: { X-API-Key: [one, two] } }\nexpect: { code: KEY_AMBIGUOUS }', 'passed'],
    [
      'request: { url: /books/1, headers: { Authorization: "bearer ${token:ben}" } }\nexpect: { consumer: ben }',
      'passed',
    ],
    ['request: GET /search\nexpect: { forwarded: { method: POST } }', /forwarded method: POST \/ GET/],
    ['request: GET /books/1\nexpect: { forwarded: { method: GET } }', /nothing was forwarded/],
  ])('%s → %s', async (body, wanted) => {
    const result = outcome(await runOne(body, given))
    if (typeof wanted === 'string') expect(result).toBe(wanted)
    else expect(result).toMatch(wanted)
  })

  it('of the response is judged on the response that the test gives', async () => {
    const response = 'response: { status: 201, headers: { Server: old }, json: { id: 7 } }'
    const body = `request: { url: /books/1, token: ben }\n${response}\n`
    expect(
      outcome(await runOne(`${body}expect: { status: 201, headers: { Server: false, X-Shop: open } }`, given)),
    ).toBe('passed')
    expect(outcome(await runOne(`${body}expect: { status: 200 }`, given))).toMatch(/status: 200 \/ 201/)
  })

  it('is not invented where only the upstream knows it', async () => {
    const failed = outcome(await runOne('request: GET /search\nexpect: { status: 200 }'))
    expect(failed).toMatch(/status: 200 \/ .* the test gives no response of the upstream/)
  })

  it('names every expectation that was not met, each with its line', async () => {
    const { failures } = await runOne(
      'request: GET /books/1\nexpect:\n  verdict: pass\n  status: 200\n  code: TOKEN_MISSING',
    )
    expect(
      failures.map(({ name, position }) => `${position.file}:${position.line}:${position.column} ${name}`),
    ).toEqual(['tests/a.yaml:5:7 verdict', 'tests/a.yaml:6:7 status'])
  })
})

describe('tokens of a test', () => {
  const ask = (token: string, code: string) =>
    runOne(
      `request: { url: /books/1, token: { issuer: "https://id.example", aud: books, sub: ben, roles: [reader], ${token} } }\nexpect: { ${code} }`,
    )
  it.each([
    ['alg: ES256', 'verdict: pass'],
    ['alg: EdDSA', 'verdict: pass'],
    ['alg: HS256', 'code: ALGORITHM_NOT_ALLOWED'],
    ['alg: none', 'code: ALGORITHM_NOT_ALLOWED'],
    ['signature: invalid', 'code: SIGNATURE_INVALID'],
    ['signature: none', 'code: SIGNATURE_INVALID'],
    ['exp: -1m', 'code: TOKEN_EXPIRED'],
    ['exp: null', 'code: EXPIRY_MISSING'],
    ['nbf: +5m', 'code: TOKEN_NOT_YET_VALID'],
    ['exp: 4102444800', 'verdict: pass'],
    ['claims: { aud: films }', 'code: AUDIENCE_NOT_ALLOWED'],
    ['claims: { iss: "https://other.example" }', 'code: ISSUER_NOT_ALLOWED'],
    ['header: { crit: [b64], b64: false }', 'code: TOKEN_MALFORMED'],
    ['header: { crit: [x] }', 'code: CRITICAL_HEADER_UNKNOWN'],
    ['claims: { roles: [] }', 'code: CONSUMER_NOT_ALLOWED'],
  ])('{ %s } → %s', async (token, wanted) => {
    expect(outcome(await ask(token, wanted))).toBe('passed')
  })

  it('fit whatever the workspace verifies with: a shared secret, fixed keys, an address', async () => {
    for (const source of ['secret: "${secret:hmac}"', 'jwks: "https://keys.example/jwks.json"']) {
      const alg = source.startsWith('secret') ? 'HS256' : 'RS256'
      const yaml = `gatehouse: 1
upstreams: { a: http://127.0.0.1:9001 }
apis: [{ name: a, upstream: a, policies: [{ jwt-auth: { ${source}, algorithms: [${alg}] } }] }]
`
      const tests = `tests: [{ name: it, request: { token: { sub: ben, alg: ${alg} } }, expect: { verdict: pass, consumer: ben } }]`
      const { results, problems } = await run(tests, { 'gatehouse.yaml': yaml })
      expect(problems).toEqual([])
      expect(results.map(outcome)).toEqual(['passed'])
    }
  })
})

describe('facts of a test', () => {
  const foreign = `Bearer ${[
    { alg: 'RS256', kid: 'k' },
    { iss: 'https://id.example', aud: 'books', sub: 'x', exp: 4e9 },
  ]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')}.AAAA`

  it('that are missing make it undecidable, by name, with what to write', async () => {
    const result = await runOne(
      `request: { url: /books/1, headers: { Authorization: "${foreign}" } }\nexpect: { verdict: deny }`,
    )
    expect(result.state).toBe('undecidable')
    expect(result.missing).toMatchObject({
      fact: 'signature|header:authorization|Bearer|issuer:https://id.example|RS256',
      policy: 'api:books/jwt-auth',
    })
    expect(result.missing!.todo).toContain('"https://id.example": { keys: [ … ] }')
  })

  it('can be given by their name, or as a key set', async () => {
    const request = `request: { url: /books/1, headers: { Authorization: "${foreign}" } }`
    const fact = '"signature|header:authorization|Bearer|issuer:https://id.example|RS256"'
    const ways = [
      [`facts: { ${fact}: { value: { valid: true } } }`, 'CONSUMER_NOT_ALLOWED'],
      [`facts: { ${fact}: { unavailable: no route to host } }`, 'KEYS_UNAVAILABLE'],
      ['keySets: { "https://id.example": { unavailable: no route to host } }', 'KEYS_UNAVAILABLE'],
    ] as const
    for (const [way, code] of ways) {
      expect(outcome(await runOne(`given: { ${way} }\n${request}\nexpect: { code: ${code} }`))).toBe('passed')
    }
  })

  it('also tell the time and the peer', async () => {
    const yaml = `gatehouse: 1
upstreams: { a: http://127.0.0.1:9001 }
apis: [{ name: a, upstream: a, policies: [{ ip-restriction: { allow: [10.0.0.0/8] } }] }]
`
    const tests = `given: { peer: 10.1.2.3 }
tests:
  - { name: in, request: GET /, expect: { verdict: pass } }
  - { name: out, given: { peer: 11.1.2.3 }, request: GET /, expect: { code: IP_NOT_ALLOWED } }
`
    expect((await run(tests, { 'gatehouse.yaml': yaml })).results.map(outcome)).toEqual(['passed', 'passed'])
  })
})

describe('a sequence', () => {
  const sequence = (steps: string) => runOne(`request: { url: /books/1, token: ben }\nsequence:\n${steps}`, given)

  it('counts on one state, and its time is virtual', async () => {
    const result = await sequence(`  - { repeat: 3, expect: { verdict: pass } }
  - { expect: { code: LIMIT_REACHED } }
  - { after: 1h, repeat: 3, expect: { verdict: deny } }`)
    expect(outcome(result)).toMatch(/^10:43 verdict: deny \/ /)
    expect(result.outcome!.which).toBe('request 5 of 7')
  })

  it('lets time pass between repetitions', async () => {
    expect(outcome(await sequence('  - { repeat: 50, every: 10s, expect: { verdict: pass } }'))).toBe('passed')
    expect(outcome(await sequence('  - { repeat: 4, every: 1s, expect: { verdict: pass } }'))).toMatch(/pass \/ deny/)
  })

  it('begins afresh in each test', async () => {
    const one = (name: string) =>
      `  - { name: ${name}, request: { url: /books/1, token: ben }, sequence: [{ repeat: 3, expect: { verdict: pass } }] }\n`
    const { results } = await run(`${given}tests:\n${one('first')}${one('second')}`)
    expect(results.map(outcome)).toEqual(['passed', 'passed'])
  })

  it('of thousands of requests is done in a moment', async () => {
    const result = await sequence(
      '  - { repeat: 3000, every: 10s, expect: { verdict: pass } }\n  - { expect: { verdict: deny } }',
    )
    expect(result.state).toBe('failed')
    expect(result.milliseconds).toBeLessThan(2000)
  })
})

it('judges the same test to the same trace every time', async () => {
  const body = 'request: { url: /books/1, token: ben }\nexpect: { verdict: deny }'
  const traces = []
  for (let time = 0; time < 2; time++) {
    const { outcome: found } = await runOne(body, given)
    traces.push(found!.trace.map((entry) => ({ ...entry, micros: 0, at: 0 })))
  }
  expect(traces[0]).toEqual(traces[1])
})

it('comes to a result for whatever a test may ask', async () => {
  const text = fc.oneof(
    fc.string(),
    fc.constantFrom(
      '/books/1',
      'http://',
      'https://x:y/',
      '*',
      '${token:ben}',
      '\r\nX: y',
      'Bearer ',
      '${consumer:app}',
      'chunked',
      '%',
      'é',
    ),
  )
  const header = fc.dictionary(
    fc.oneof(
      fc.string({ minLength: 1 }),
      fc.constantFrom('Host', 'Content-Length', 'Transfer-Encoding', 'Authorization', 'Content-Encoding', 'Cookie'),
    ),
    text,
    { maxKeys: 4 },
  )
  const request = fc.record(
    {
      method: fc.oneof(fc.constantFrom('GET', 'POST', 'HEAD', 'CONNECT', 'OPTIONS'), fc.string()),
      url: fc.oneof(
        text.filter((url) => url !== ''),
        fc.constant('/books/1'),
      ),
      headers: header,
      body: text,
      token: fc.oneof(fc.constant('ben'), fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 3 })),
    },
    { requiredKeys: ['url'] },
  )
  const response = fc.record(
    { status: fc.integer({ min: 100, max: 599 }), headers: header, body: text },
    { requiredKeys: [] },
  )
  const shared = { tokens: { ben: { issuer: 'https://id.example', sub: 'ben', aud: 'books', roles: ['reader'] } } }
  let judged = 0
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(request, response), { minLength: 1, maxLength: 3 }), async (pairs) => {
      const tests = pairs.map(([asked, answer], at) => ({
        name: String(at),
        request: asked,
        response: answer,
        expect: { status: 999 - 500 },
      }))
      const { results, problems } = await run(JSON.stringify({ given: shared, tests }))
      // Either the file says what is wrong with it, or each test has its result.
      expect(results.length === tests.length || problems.length > 0).toBe(true)
      judged += results.length
    }),
    { numRuns: 150 },
  )
  expect(judged).toBeGreaterThan(50)
}, 60_000)
