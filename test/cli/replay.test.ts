import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DOMParser } from '@xmldom/xmldom'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CaptureReport, SequenceReport } from '../../gateway-core/protocol/replay-reports.ts'
import { testUpstream, type TestUpstream, workspaceFolder } from '../gateway-fixture.ts'
import { cli } from './cli.ts'

let upstream: TestUpstream
let authorization = ''
let posted = ''
let redeemed = 0
let place: ReturnType<typeof workspaceFolder>
const run = (...args: string[]) => cli(['replay', ...args], { cwd: place.folder })

beforeAll(async () => {
  upstream = await testUpstream((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      authorization = request.headers.authorization ?? authorization
      if (request.method === 'POST') posted = body
      if (request.url!.startsWith('/books/coupon') && redeemed++ > 0) response.statusCode = 409
      response.setHeader('Content-Type', 'application/json')
      response.end(JSON.stringify({ url: request.url, id: 7 }))
    })
  })
  place = workspaceFolder({
    'gatehouse.yaml': `gatehouse: 1
upstreams: { shop: "${upstream.url}" }
apis:
  - name: books
    upstream: shop
    routes:
      - path: /books/*
      - path: /closed/*
        policies:
          - ip-restriction: { allow: [203.0.113.0/24] }
`,
    'environments/open.yaml': 'policies: { ip-restriction: { allow: [127.0.0.0/8] } }\n',
    'sequences/good.yaml': `name: Good
rows: [{ n: 1 }, { n: 2 }]
steps:
  - name: one
    request: GET /books/{{n}}
    capture: { id: /id }
    expect: { status: 200, json: { /url: "/books/{{n}}" } }
  - name: two
    request: GET /closed/{{id}}
    expect: { status: 403, decidedBy: ip-restriction, code: IP_NOT_ALLOWED }
`,
    'sequences/bad.yaml': 'steps:\n  - request: GET /books/1\n    expect: { status: 404 }\n  - request: GET /books/2\n',
    'sequences/wrong.yaml': 'steps:\n  - request: GET /\n    expct: {}\n',
    'sequences/race.yaml': `steps:
  - request: GET /books/1
    capture: { id: /id }
  - name: redeem at once
    request: POST /books/coupon?by={{id}}
    race: { copies: 8, whole: true }
    expect: { answers: { 200: 1, 4xx: 7 } }
  - name: nobody once more
    request: POST /books/coupon
    race: 3
    expect: { status: [409, 410], answers: { 2xx: { above: 0 } } }
`,
    'sequences/hostile.yaml': `to: url
steps:
  - request: "GET ${upstream.url}/books/1?x=$\${env:PATH}{{$guid}}"
    capture: { taken: { regex: '(\\$[^}]*[}])' } }
  - request: GET ${upstream.url}/books/2
    headers: { Authorization: "Bearer {{taken}}" }
`,
    'requests/chain.http': `@auth = Bearer {{login.response.body.$.id}}{{suffix}}
@suffix = -file

# @name login
GET /books/{{$randomInt 1 2}}

> {%
  client.global.set("number", response.body.id);
  client.test("is there", function () {
    client.assert(response.status === 200, "it is not");
  });
%}

### after
POST /books/{{number}}
Authorization: {{auth}}
Content-Type: multipart/form-data; boundary=x

--x
Content-Disposition: form-data; name="f"; filename="a.txt"

< ./a.txt
--x--
`,
    'requests/a.txt': 'beside',
    'a.txt': 'of the workspace',
    'requests/some.http': 'GET /books/1\n\n###\n# @name closed\nGET /closed/1\n',
    'traffic.har': JSON.stringify({
      log: {
        entries: [
          {
            startedDateTime: '2026-01-01T00:00:00Z',
            request: { method: 'GET', url: 'http://h/books/1', headers: [] },
            response: { status: 200 },
          },
          {
            startedDateTime: '2026-01-01T00:00:00.200Z',
            request: { method: 'GET', url: 'http://h/closed/1', headers: [] },
            response: { status: 200 },
          },
          { request: { method: 'DELETE', url: 'http://h/books/1', headers: [] }, response: { status: 200 } },
          { request: { method: 'GET', url: 'nothing' } },
        ],
      },
    }),
  })
})
afterAll(async () => {
  place.remove()
  await upstream.close()
})

describe('a sequence', () => {
  it('passes, and tells each step, in a JUnit report too', async () => {
    const { code, stdout } = await run('sequences/good.yaml', '--junit', 'good.xml')
    expect(stdout.replaceAll(/\d+ ms/g, 'n ms')).toBe(`✓ one 200 n ms
  id = 7
✓ two 403 api:books/route:/closed/*/ip-restriction IP_NOT_ALLOWED n ms
✓ row 2 one 200 n ms
  id = 7
✓ row 2 two 403 api:books/route:/closed/*/ip-restriction IP_NOT_ALLOWED n ms
4 passed over 2 rows in n ms
`)
    expect(code).toBe(0)
    const cases = junitCases('good.xml')
    expect(cases.map(({ name }) => name)).toEqual(['row 1: one', 'row 1: two', 'row 2: one', 'row 2: two'])
    expect(cases.filter(({ wrong }) => wrong !== '')).toEqual([])
  })

  it('fails with what was found and where it is written, for programs too', async () => {
    const { code, stdout } = await run('sequences/bad.yaml', '--json', '--junit', 'bad.xml')
    const report = JSON.parse(stdout) as SequenceReport
    expect(code).toBe(1)
    expect(report).toMatchObject({ passed: 0, failed: 1, skipped: 1 })
    expect(report.steps[0]!.assertions).toEqual([{ line: 3, says: 'status is 404', passed: false, found: '200' }])
    const file = 'sequences/bad.yaml'
    expect(junitCases('bad.xml')).toEqual([
      { name: 'GET /books/1', file: `${file}:2`, wrong: `failure ${file}:3: status is 404, and found 200` },
      { name: 'GET /books/2', file: `${file}:4`, wrong: 'skipped ' },
    ])
  })

  it('goes by another environment', async () => {
    const { code, stdout } = await run('sequences/good.yaml', '--env', 'open')
    expect(stdout).toContain('status is 403, and found 200 sequences/good.yaml:10')
    expect(code).toBe(1)
  })

  it('races copies of a step, with what was captured before, and counts their answers', async () => {
    const { code, stdout } = await run('sequences/race.yaml')
    expect(
      stdout
        .replaceAll(/\d+ ms/g, 'n ms')
        .split('\n')
        .slice(2),
    ).toEqual([
      '✓ redeem at once 409 n ms',
      '     7 × 409 pass  {"url":"/books/coupon?by=7","id":7}',
      '     1 × 200 pass  {"url":"/books/coupon?by=7","id":7}',
      '✗ nobody once more 409 n ms',
      '     3 × 409 pass  {"url":"/books/coupon","id":7}',
      '  the number of answers 2xx is above 0, and found 3 × 409 sequences/race.yaml:11',
      '2 passed, 1 failed in n ms',
      '',
    ])
    expect(code).toBe(1)
  })

  it('gives no secret to a server that answers with its name', async () => {
    const { code, stdout } = await run('sequences/hostile.yaml')
    expect([code, authorization]).toEqual([0, 'Bearer ${env:PATH}'])
    expect(stdout).toContain('2 passed')
  })

  it('that has errors is not sent', async () => {
    const { code, stderr } = await run('sequences/wrong.yaml')
    expect(stderr).toContain('sequences/wrong.yaml:3 steps.0 has no "expct" — did you mean "expect"?')
    expect(code).toBe(2)
  })
})

it('the requests of a file are sent one after the other', async () => {
  const { code, stdout } = await run('requests/some.http', '--json')
  const report = JSON.parse(stdout) as SequenceReport
  expect(report.steps.map(({ name, status, state }) => [name, status, state])).toEqual([
    ['GET /books/1', 200, 'passed'],
    ['closed', 403, 'failed'],
  ])
  expect(code).toBe(1)
})

it('a request of a file uses what another was answered, files beside it, and values that are given', async () => {
  const { code, stdout } = await run('requests/chain.http', '--var', 'suffix=-given')
  expect(stdout).toContain('2 passed')
  expect([code, authorization]).toEqual([0, 'Bearer 7-given'])
  expect(stdout).toContain('number = 7')
  expect(posted).toBe('--x\r\nContent-Disposition: form-data; name="f"; filename="a.txt"\r\n\r\nbeside\r\n--x--\r\n')
})

it('copies of requests race, and are told by their answers', async () => {
  const { code, stdout } = await run('requests/some.http', '--race', '8', '--whole', '--json')
  expect(JSON.parse(stdout)).toMatchObject({
    technique: 'last-byte',
    copies: 8,
    groups: [
      { status: 200, copies: [0, 2, 4, 6], decided: 'pass' },
      { status: 403, copies: [1, 3, 5, 7] },
    ],
    problems: [],
  })
  expect(code).toBe(1)
})

describe('traffic', () => {
  it('of a HAR is sent again and compared', async () => {
    const { code, stdout, stderr } = await run('traffic.har', '--json')
    const report = JSON.parse(stdout) as CaptureReport
    expect(report).toMatchObject({ exchanges: 3, sent: 2, same: 1, otherStatus: 1, leftOut: [{ exchanges: 1 }] })
    expect(report.changes).toMatchObject([
      { url: '/closed/1', relation: 'otherStatus', after: { status: 403, code: 'IP_NOT_ALLOWED' } },
    ])
    expect(stderr).toContain('entry 4 is left out')
    expect(code).toBe(1)
  })

  it('is a report for builds, in which what is decided otherwise fails', async () => {
    const { code, stdout } = await run('traffic.har', '--junit', 'traffic.xml')
    expect(code).toBe(1)
    expect(stdout).toContain('1 other status')
    expect(junitCases('traffic.xml')).toEqual([
      { name: 'GET /books/1 (entry-1)', file: '', wrong: '' },
      {
        name: 'GET /closed/1 (entry-2)',
        file: '',
        wrong: expect.stringMatching(/^failure other status: 200 → 403 \S+ip-restriction IP_NOT_ALLOWED$/) as string,
      },
      { name: 'DELETE /books/1 (entry-3)', file: '', wrong: 'skipped ' },
    ])
    const xml = readFileSync(join(place.folder, 'traffic.xml'), 'utf8')
    expect(xml).toContain('DELETE: it may change something')
    const denied = await run('capture', '--query', 'code:IP_NOT_ALLOWED', '--env', 'open', '--junit', 'open.xml')
    expect(denied.code).toBe(1)
    const opened = junitCases('open.xml')
    expect(opened.length).toBeGreaterThan(0)
    for (const { wrong } of opened) expect(wrong).toMatch(/^failure newly allowed: 403 \S+ IP_NOT_ALLOWED → 200/)
  })

  it('of the workspace keeps its decisions, and its pace', async () => {
    const { code, stdout } = await run('capture', '--query', 'code:IP_NOT_ALLOWED', '--pace', '10000x', '--json')
    const report = JSON.parse(stdout) as CaptureReport
    expect(report.sent).toBeGreaterThan(0)
    expect(report.same).toBe(report.sent)
    expect(code).toBe(0)
    const opened = await run('capture', '--query', 'code:IP_NOT_ALLOWED', '--env', 'open')
    expect(opened.stdout).toMatch(/newly allowed GET \/closed\/\d {2}403 api:books\/route:\S+ IP_NOT_ALLOWED → 200/)
    expect(opened.code).toBe(1)
  })

  it('that changes something is sent on purpose only', async () => {
    const { stdout } = await run('traffic.har', '--query', 'method:DELETE', '--unsafe', '--json')
    expect(JSON.parse(stdout)).toMatchObject({ sent: 1, same: 1 })
    const { code, stderr } = await run('traffic.har', '--query', 'method:DELETE')
    expect([code, stderr]).toEqual([2, expect.stringContaining('nothing could be sent')])
  })

  it('that lost its secrets is sent with fresh ones, where it had some', async () => {
    const headers = [
      { name: 'Authorization', value: 'Bearer ⟦sealed:gone:9⟧' },
      { name: 'Accept', value: '*/*' },
    ]
    const entry = { request: { method: 'GET', url: 'http://h/books/1', headers }, response: { status: 200 } }
    writeFileSync(join(place.folder, 'sealed.har'), JSON.stringify({ log: { entries: [entry] } }))
    const [without, fresh] = await Promise.all([
      run('sealed.har', '--json'),
      run('sealed.har', '--json', '-H', 'authorization: Bearer fresh', '-H', 'X-Not-There: 1', '--to', 'upstream'),
    ])
    expect(without.code).toBe(2)
    expect(JSON.parse(fresh.stdout)).toMatchObject({ sent: 1, same: 1 })
    expect(authorization).toBe('Bearer fresh')
  }, 60_000)
})

it('says why it cannot run', async () => {
  writeFileSync(join(place.folder, 'broken.har'), '{')
  const cases: [string[], string][] = [
    [[], 'what to replay?'],
    [['nothing.yaml'], 'there is no file nothing.yaml'],
    [['capture', '--pace', 'quick'], '"quick" is no pace'],
    [['requests/some.http', '--var', 'user'], '--var user is no value — write it like --var user=anna'],
    [['capture', '--var', 'a=b'], '--var goes with a sequence or a .http file'],
    [['capture', '--to', 'moon'], '--to moon'],
    [['requests/some.http', '--race', '2', '--junit', 'x.xml'], '--junit goes with sequences and recorded traffic'],
    [['capture', '--query', 'status:'], '--query cannot be read'],
    [['broken.har'], 'broken.har cannot be read'],
  ]
  const results = await Promise.all(cases.map(([args]) => run(...args)))
  expect(results.map(({ code }) => code)).toEqual(cases.map(() => 2))
  for (const [at, { stderr }] of results.entries()) expect(stderr).toContain(cases[at]![1])
}, 60_000)

/** Cases of a report, each with the kind and message of what went wrong. */
function junitCases(file: string): { name: string; file: string; wrong: string }[] {
  const xml = readFileSync(join(place.folder, file), 'utf8')
  const cases = new DOMParser().parseFromString(xml, 'text/xml').getElementsByTagName('testcase')
  return Array.from(cases, (one) => {
    const wrong = Array.from(one.childNodes).find(({ nodeType }) => nodeType === 1) as
      | (ChildNode & { getAttribute(name: string): string | null })
      | undefined
    return {
      name: one.getAttribute('name')!,
      file: one.getAttribute('file')!,
      wrong: wrong ? `${wrong.nodeName} ${wrong.getAttribute('message') ?? ''}` : '',
    }
  })
}
