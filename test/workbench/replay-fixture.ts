import { testUpstream, type TestUpstream } from '../gateway-fixture.ts'
import { type Desk, makeDesk } from './desk.ts'

export const apiKey = 'a-key-of-the-test'

const yaml = (url: string) => `gatehouse: 1
name: tests
listen: { http: "127.0.0.1:0" }
upstreams: { shop: "${url}" }
consumers: [{ name: app, groups: [reader], keys: ["\${env:KEY}"] }]
policies:
  - key-auth: { header: X-API-Key }
apis:
  - name: books
    openapi: books.yaml
    upstream: shop
    routes:
      - path: /books/*
        policies:
          - acl: { allow: { groups: [editor] } }
      - path: /open/*
`

const document = `openapi: 3.1.0
info: { title: Books, version: "1" }
paths:
  /open/{id}:
    post:
      operationId: add
      parameters: [{ name: id, in: path, required: true, schema: { type: integer, minimum: 5 } }]
      requestBody: { content: { application/json: { schema: { type: object, properties: { title: { type: string, example: Sea } } } } } }
      responses: { "200": { description: ok } }
`

/** A workbench on a workspace with two environments, each with an upstream of its own. */
export interface ReplayFixture {
  desk: Desk
  /** Fields and body of the last request that reached an upstream. */
  last(): { raw: string[]; body: Buffer; url: string }
  close(): Promise<void>
}

export async function replayFixture(): Promise<ReplayFixture> {
  let last: { raw: string[]; body: Buffer; url: string } = { raw: [], body: Buffer.alloc(0), url: '' }
  const serve = (name: string) => serveShop(name, (request) => (last = request))
  const [upstream, other] = [await serve('one'), await serve('two')]
  const desk = makeDesk(
    {
      'gatehouse.yaml': yaml(upstream.url),
      'books.yaml': document,
      'environments/local.yaml': '{}\n',
      'environments/staging.yaml': `upstreams: { shop: "${other.url}" }\npolicies: { acl: { allow: { groups: [reader] } } }\n`,
      'requests/open.http': '@id = 9\n\n### One\nGET /open/{{id}}\nX-API-Key: ${env:KEY}\n',
      'requests/cover.bin': '\u0000\u0001binary',
    },
    { env: { KEY: apiKey } },
  )
  await desk.call('workbench.open', { folder: desk.folder })
  return {
    desk,
    last: () => last,
    async close() {
      await desk.close()
      await upstream.close()
      await other.close()
    },
  }
}

function serveShop(
  name: string,
  note: (request: { raw: string[]; body: Buffer; url: string }) => void,
): Promise<TestUpstream> {
  let count = 0
  return testUpstream((incoming, response) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('end', () => {
      note({ raw: incoming.rawHeaders, body: Buffer.concat(chunks), url: incoming.url! })
      response.setHeader('Content-Type', 'application/json')
      if (incoming.url === '/open/login') {
        response.setHeader('Set-Cookie', 'sid=from-login; Path=/')
        response.end('{"access_token":"token-of-login-123","id":7}')
      } else if (incoming.url === '/open/away') {
        response.statusCode = 302
        response.setHeader('Location', '/open/there?x=1')
        response.end()
      } else if (incoming.url === '/open/slow') setTimeout(() => response.end('{}'), 20_000).unref()
      else response.end(JSON.stringify({ from: name, count: ++count, items: [{ id: 1, at: Date.now() }] }))
    })
  })
}
