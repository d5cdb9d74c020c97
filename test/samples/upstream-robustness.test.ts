import { once } from 'node:events'
import { connect } from 'node:net'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startUpstream } from '../../samples/bookshop/upstream/server.ts'

let shop: Awaited<ReturnType<typeof startUpstream>>
beforeAll(async () => {
  shop = await startUpstream({ port: 0 })
})
afterAll(() => shop.close())

const paths = `
  /books /books/ID /books/ID/cover /books/ID/cover-import /books/ID/reviews /books/ID/page
  /search?q=ID /excerpts?file=ID /orders /orders/ID /carts /carts/ID/items/ID /checkout /users/me
  /users/ID /auth/login /auth/text-message /admin/users /admin/users/ID/role /webhooks/inventory
  /lab/echo /lab/status/ID /lab/redirect?to=ID /v0/orders/ID /ID`
  .trim()
  .split(/\s+/)

describe('the server answers whatever comes, and stands', () => {
  test('any method, identifier and JSON body', async () => {
    const method = fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS')
    const id = fc.oneof(
      fc.integer().map(String),
      fc.string({ unit: 'binary' }),
      fc.constantFrom('1', '__proto__', '..'),
    )
    const body = fc.oneof(
      fc.json(),
      fc.string(),
      fc
        .record({ items: fc.jsonValue(), user: fc.jsonValue(), pin: fc.jsonValue(), url: fc.jsonValue() })
        .map((value) => JSON.stringify(value)),
    )
    await fc.assert(
      fc.asyncProperty(method, fc.constantFrom(...paths), id, body, async (verb, path, identifier, text) => {
        const url = shop.url + path.replaceAll('ID', () => encodeURIComponent(identifier.toWellFormed()))
        const authorization = `Bearer e30.${Buffer.from('{"sub":"ben"}').toString('base64url')}.x`
        const bodied = verb !== 'GET' && verb !== 'OPTIONS'
        const init = { method: verb, redirect: 'manual' as const, headers: { authorization } }
        const response = await fetch(url, bodied ? { ...init, body: text } : init)
        await response.arrayBuffer()
        return response.status >= 200 && response.status < 600
      }),
      { numRuns: 400 },
    )
    expect((await fetch(`${shop.url}/health`)).status).toBe(200)
  })

  test.each([
    'GET /elsewhere HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n',
    'GET /ws HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n',
    'GET /ws HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n',
    'POST /uploads HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf',
    'POST /checkout HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
    'GET /books HTTP/1.1\r\nHost: a\r\nOrigin: \u00e9\u007f\r\n\r\n',
    'nonsense\r\n\r\n',
  ])('a connection that says %j and resets', async (text) => {
    const { port, hostname } = new URL(shop.url)
    const socket = connect(Number(port), hostname)
    socket.on('error', () => undefined)
    await once(socket, 'connect')
    await new Promise((resolve) => socket.write(text, 'latin1', resolve))
    socket.resetAndDestroy()
    expect((await fetch(`${shop.url}/health`)).status).toBe(200)
  })
})
