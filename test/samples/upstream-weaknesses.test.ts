import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startUpstream } from '../../samples/bookshop/upstream/server.ts'
import { readCurl } from './curl.ts'

interface Row {
  owasp: string
  endpoint: string
  line: string
}

const readme = readFileSync(new URL('../../samples/bookshop/README.md', import.meta.url), 'utf8')
const rows: Row[] = [...readme.matchAll(/^\| ((?:API|Injection).+?) \| (.+?) \| .+? \| `(.+)` \|$/gm)].map(
  ([, owasp, endpoint, line]) => ({
    owasp: (owasp as string).startsWith('API') ? (owasp as string).split(' ')[0] : owasp,
    endpoint: (endpoint as string).replaceAll('`', ''),
    line,
  }),
) as Row[]

/** A token for ben as the identity provider would give it; the upstream never looks at its signature. */
const ben = `e30.${Buffer.from(JSON.stringify({ sub: 'ben' })).toString('base64url')}.x`

interface Answer {
  status: number
  headers: Headers
  body: string
}

/** What each line must show. The key is the row's OWASP number and endpoint; rows and keys must agree exactly. */
const shows: Record<string, (answer: Answer, shop: string) => void | Promise<void>> = {
  'API1 GET /orders/{id}': ({ body }) => expect(JSON.parse(body)).toMatchObject({ id: 1003, customer: 'carla' }),
  'API1 DELETE /orders/{id}': async ({ status }, shop) => {
    expect(status).toBe(204)
    expect((await ask(shop, 'curl $SHOP/orders/1001 -H "Authorization: Bearer $TOKEN"')).status).toBe(404)
  },
  'API2 any endpoint with a token': ({ body }) => expect(JSON.parse(body)).toMatchObject({ name: 'carla' }),
  'API2 POST /auth/login': async ({ body }, shop) => {
    expect(JSON.parse(body)).toEqual({ token: 'session-ben-1', user: 'ben' })
    const guesses = await Promise.all(
      Array.from({ length: 60 }, (_, guess) =>
        ask(shop, `curl $SHOP/auth/login --json '{"user":"ben","pin":"${String(guess).padStart(4, '0')}"}'`),
      ),
    )
    expect(guesses.flatMap(({ status }, guess) => (status === 200 ? [guess] : []))).toEqual([42])
  },
  'API3 GET /users/{name}': ({ body }) => {
    const leaked = { cards: [{ number: '4111111111111111' }], pin: '4711', email: 'anna@bookshop.example' }
    expect(JSON.parse(body)).toMatchObject({ ...leaked, passwordHash: expect.any(String) as string })
  },
  'API3 PATCH /users/me': ({ body }) =>
    expect(JSON.parse(body)).toMatchObject({ name: 'ben', role: 'admin', creditCents: 1_000_000 }),
  'API3 GET /books/{id}/reviews': ({ body }) => expect(body).toContain('ben@bookshop.example'),
  'API4 GET /books/{id}/cover': ({ body }) => expect(body.length).toBeGreaterThan(4000 * 4000),
  'API4 GET /books': ({ body }) => expect((JSON.parse(body) as { items: unknown[] }).items).toHaveLength(20_000),
  'API4 POST /auth/text-message': async ({ body }, shop) => {
    expect(JSON.parse(body)).toMatchObject({ sentToday: 1, costTodayCents: 7 })
    const again = await ask(shop, `curl $SHOP/auth/text-message --json '{"phone":"+49 30 5550102"}'`)
    expect(JSON.parse(again.body)).toMatchObject({ sentToday: 2, costTodayCents: 14 })
  },
  'API5 GET /admin/users': ({ body }) => expect((JSON.parse(body) as { items: unknown[] }).items).toHaveLength(3),
  'API5 PUT /admin/users/{name}/role': ({ body }) =>
    expect(JSON.parse(body)).toMatchObject({ name: 'ben', role: 'admin' }),
  'API5 DELETE /books/{id}': async ({ status }, shop) => {
    expect(status).toBe(204)
    expect((await ask(shop, 'curl $SHOP/books/4')).status).toBe(404)
  },
  'API6 POST /checkout': async ({ status }, shop) => {
    expect(status).toBe(201)
    expect(JSON.parse((await ask(shop, 'curl $SHOP/books/6')).body)).toMatchObject({ stock: 0 })
  },
  'API6 POST /checkout with coupons': ({ body }) => expect(JSON.parse(body)).toMatchObject({ totalCents: 0 }),
  'API7 POST /books/{id}/cover-import': async ({ body }, shop) => {
    expect(JSON.parse(body)).toMatchObject({ status: 200, preview: expect.stringContaining('hunter2') as string })
    expect((await ask(shop, 'curl $SHOP/internal/credentials')).status).toBe(403)
  },
  'API8 any endpoint': ({ status, body }) => {
    expect(status).toBe(500)
    expect(JSON.parse(body)).toMatchObject({
      stack: expect.stringMatching(/call\.ts:\d+/) as string,
      node: process.version,
    })
  },
  'API8 any endpoint, headers': ({ headers }) => {
    expect(headers.get('access-control-allow-origin')).toBe('https://evil.example')
    expect(headers.get('access-control-allow-credentials')).toBe('true')
    expect(headers.get('x-powered-by')).toContain(process.version)
    expect(headers.has('x-content-type-options') || headers.has('content-security-policy')).toBe(false)
  },
  'API8 GET /debug/config': ({ body }) => expect(body).toContain('hunter2'),
  'API9 GET /v0/customers': ({ body }) => expect(body).toContain('4111111111111111'),
  'API9 GET /v0/orders/{id}': ({ body }) => expect(JSON.parse(body)).toMatchObject({ customer: 'ben' }),
  'API10 POST /webhooks/inventory': async ({ body }, shop) => {
    expect(JSON.parse(body)).toMatchObject({ id: 1, priceCents: 1 })
    expect((await ask(shop, 'curl $SHOP/books/1/page')).body).toContain('<script>alert(1)</script>')
  },
  'Injection (SQL) GET /search': ({ body }) => expect(body).toContain('378282246310005'),
  'Injection (NoSQL) POST /auth/login with operators': ({ body }) =>
    expect(JSON.parse(body)).toMatchObject({ user: 'carla' }),
  'Injection (path traversal) GET /excerpts': ({ body }) => expect(body).toContain('root:x:0:0'),
}

let shop: Awaited<ReturnType<typeof startUpstream>>
beforeEach(async () => {
  shop = await startUpstream({ port: 0 })
})
afterEach(() => shop.close())

async function ask(url: string, line: string): Promise<Answer> {
  const local = line.replaceAll('http://127.0.0.1:9001', url)
  const { url: target, ...init } = readCurl(local, { SHOP: url, TOKEN: ben })
  const response = await fetch(target, init)
  return { status: response.status, headers: response.headers, body: await response.text() }
}

describe('every line of the table of weaknesses shows its weakness', () => {
  test.each(rows)('$owasp $endpoint', async ({ owasp, endpoint, line }) => {
    const show = shows[`${owasp} ${endpoint}`]
    expect(show, 'a line without an expectation').toBeDefined()
    await show?.(await ask(shop.url, line), shop.url)
  })

  test('the table covers every OWASP row, and nothing here misses its line', () => {
    const owasp = new Set(rows.map((row) => row.owasp))
    expect([...owasp].filter((name) => name.startsWith('API'))).toEqual(
      Array.from({ length: 10 }, (_, index) => `API${index + 1}`),
    )
    expect(rows.map((row) => `${row.owasp} ${row.endpoint}`).sort()).toEqual(Object.keys(shows).sort())
  })
})

describe('trying a weakness harms nobody', () => {
  test.each(['http://192.0.2.1/', 'http://example.com/', 'http://127.0.0.1.example.com/', 'ftp://127.0.0.1/'])(
    'the cover import does not go to %s',
    async (url) => {
      const line = `curl $SHOP/books/1/cover-import -H "Authorization: Bearer $TOKEN" --json '{"url":"${url}"}'`
      const { status, body } = await ask(shop.url, line)
      expect(status).toBe(502)
      expect(body).toContain('loopback addresses only')
    },
  )

  test.each(['width=1e9&height=1e9', 'width=-5&height=10', 'width=x'])('a cover of %s is refused', async (size) => {
    expect((await ask(shop.url, `curl "$SHOP/books/1/cover?${size}"`)).status).toBe(500)
  })

  test('a page larger than memory allows is refused', async () => {
    expect((await ask(shop.url, 'curl "$SHOP/books?limit=1e12"')).status).toBe(500)
  })

  test.each([
    'SELECT (WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x FROM c) SELECT count(*) FROM c), 1, 1, 1',
    'SELECT hex(randomblob(500000000)), 1, 1, 1',
    "SELECT format('%999999999d', 1), 1, 1, 1",
  ])('an injected %s is refused at once', async (select) => {
    const { status, body } = await ask(shop.url, `curl -G $SHOP/search --data-urlencode "q=x' UNION ${select} --"`)
    expect([status, JSON.parse(body)]).toMatchObject([
      500,
      { error: expect.stringMatching(/^not authorized/) as string },
    ])
  })

  test.each(['%', '%E0%A4%A', '%00', "'"])('the path /books/%s leaves the server standing', async (id) => {
    expect((await ask(shop.url, `curl "$SHOP/books/${id}"`)).status).toBeGreaterThanOrEqual(400)
    expect((await ask(shop.url, 'curl $SHOP/health')).status).toBe(200)
  })

  test.each(['null', '[]', '7', '{"items":null}', '{"__proto__":{"polluted":true}}'])(
    'the body %s leaves the server standing',
    async (body) => {
      for (const path of ['checkout', 'orders', 'auth/login', 'webhooks/inventory', 'books', 'books/1/reviews']) {
        await ask(shop.url, `curl $SHOP/${path} -H "Authorization: Bearer $TOKEN" --json '${body}'`)
      }
      expect((await ask(shop.url, 'curl $SHOP/health')).status).toBe(200)
      expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
    },
  )
})
