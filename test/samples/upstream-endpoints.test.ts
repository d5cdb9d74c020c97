import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { startUpstream } from '../../samples/bookshop/upstream/server.ts'

let shop: Awaited<ReturnType<typeof startUpstream>>
beforeEach(async () => {
  shop = await startUpstream({ port: 0 })
})
afterEach(() => shop.close())

const asBen = { authorization: `Bearer e30.${Buffer.from('{"sub":"ben"}').toString('base64url')}.x` }

async function order(bookId: number) {
  const body = JSON.stringify({ items: [{ bookId, quantity: 1 }] })
  return (await (await fetch(`${shop.url}/orders`, { method: 'POST', headers: asBen, body })).json()) as { id: number }
}

async function titles(query: string) {
  const { items } = (await (await fetch(`${shop.url}/books?${query}`)).json()) as { items: { title: string }[] }
  return items.map((book) => book.title)
}

async function send(method: string, path: string, body = {}) {
  const response = await fetch(shop.url + path, { method, headers: asBen, body: JSON.stringify(body) })
  return { status: response.status, body: (await response.json()) as { id: string; totalCents: number } }
}

test('the catalogue filters by author, tag and price, and pages', async () => {
  expect(await titles('author=Jane Austen')).toEqual(['Pride and Prejudice'])
  expect(await titles('tag=sea')).toEqual(['Moby-Dick'])
  expect(await titles('price[min]=1100&price[max]=1300')).toEqual(['Moby-Dick', "The Strange Case of O'Malley"])
  expect(await titles('offset=1&limit=2')).toEqual(['Moby-Dick', 'Frankenstein'])
})

test('a cart is started, filled and bought, and then gone', async () => {
  const { id } = (await send('POST', '/carts')).body
  await send('PUT', `/carts/${id}/items/1`, { quantity: 3 })
  await send('PUT', `/carts/${id}/items/1`, { quantity: 2 })
  expect(await send('POST', `/carts/${id}/checkout`)).toMatchObject({ status: 201, body: { totalCents: 1798 } })
  expect((await send('POST', `/carts/${id}/checkout`)).status).toBe(404)
})

test('what needs a caller answers 401 without one', async () => {
  const statuses = ['orders', 'orders/1001', 'users/me', 'admin/users'].map(
    async (path) => (await fetch(`${shop.url}/${path}`)).status,
  )
  expect(await Promise.all(statuses)).toEqual([401, 401, 401, 401])
})

describe('large messages', () => {
  test.each([
    ['with its length', '', '2097152'],
    ['chunked', '&chunked=true', null],
  ])('a download %s', async (_, wish, length) => {
    const response = await fetch(`${shop.url}/downloads/catalogue?megabytes=2${wish}`)
    expect(response.headers.get('content-length')).toBe(length)
    expect((await response.arrayBuffer()).byteLength).toBe(2 * 1024 * 1024)
  })

  test('a reader who leaves in the middle harms nothing', async () => {
    const [response] = (await once(get(`${shop.url}/downloads/catalogue?megabytes=10240`), 'response')) as [
      IncomingMessage,
    ]
    await once(response, 'data')
    response.destroy()
    expect((await fetch(`${shop.url}/health`)).status).toBe(200)
  })

  test('an upload is measured', async () => {
    const body = Buffer.alloc(3_000_000, 'x')
    const response = await fetch(`${shop.url}/uploads`, { method: 'POST', body, headers: { 'content-type': 'text/x' } })
    const sha256 = createHash('sha256').update(body).digest('hex')
    expect(await response.json()).toEqual({ bytes: 3_000_000, sha256, contentType: 'text/x', trailers: {} })
  })
})

describe('server-sent events', () => {
  test('tick and end after the wanted count, and go on from the last id', async () => {
    const headers = { 'last-event-id': '41' }
    const response = await fetch(`${shop.url}/events?interval=10&count=2`, { headers })
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    expect(await response.text()).toBe(
      'retry: 1000\n\nid: 42\nevent: tick\ndata: {"ticks":1}\n\nid: 43\nevent: tick\ndata: {"ticks":2}\n\n',
    )
  })

  test('tell the news of the shop', async () => {
    const response = await fetch(`${shop.url}/events?interval=60000`)
    const { id } = await order(1)
    let seen = ''
    for await (const chunk of response.body as ReadableStream<Uint8Array>) {
      seen += Buffer.from(chunk).toString()
      if (seen.includes('event: order')) break
    }
    expect(seen).toContain('data: {"type":"stock","bookId":1,"stock":39}')
    expect(seen).toContain(`data: {"type":"order","id":${id}}`)
  })
})

describe('WebSocket', () => {
  test('greets, echoes text and bytes as they came, tells news', async () => {
    const socket = new WebSocket(`${shop.url.replace('http', 'ws')}/ws`, ['other', 'bookshop.v1'])
    const messages: unknown[] = []
    const wanted = (count: number) =>
      new Promise<void>((resolve) => {
        const look = () => (messages.length >= count ? resolve() : undefined)
        socket.on('message', look)
        look()
      })
    socket.on('message', (data: Buffer, binary) => messages.push(binary ? [...data] : data.toString()))
    await once(socket, 'open')
    expect(socket.protocol).toBe('bookshop.v1')
    socket.send('hello')
    socket.send(Buffer.from([1, 2, 255]))
    await wanted(3)
    await order(2)
    await wanted(5)
    expect(messages).toEqual([
      '{"type":"welcome"}',
      'hello',
      [1, 2, 255],
      '{"type":"stock","bookId":2,"stock":11}',
      '{"type":"order","id":1004}',
    ])
    socket.close()
    await once(socket, 'close')
  })

  test('is at /ws only', async () => {
    const socket = new WebSocket(`${shop.url.replace('http', 'ws')}/elsewhere`)
    const [error] = (await once(socket, 'error')) as [Error]
    expect(error.message).toBe('Unexpected server response: 404')
  })
})

describe('the lab', () => {
  test('echo tells the message as it arrived', async () => {
    const response = await fetch(`${shop.url}/lab/echo?a=%2F&a=2`, {
      method: 'PUT',
      body: 'hi',
      headers: { 'X-One': '1' },
    })
    const echo = (await response.json()) as { rawHeaders: string[] }
    expect(echo).toMatchObject({ method: 'PUT', url: '/lab/echo?a=%2F&a=2', httpVersion: '1.1', body: 'hi' })
    expect(echo.rawHeaders.map((text) => text.toLowerCase())).toContain('x-one')
  })

  test('status, redirect, cookies and gzip', async () => {
    expect((await fetch(`${shop.url}/lab/status/503`)).status).toBe(503)
    expect((await fetch(`${shop.url}/lab/status/101`)).status).toBe(400)
    const redirect = await fetch(`${shop.url}/lab/redirect`, { redirect: 'manual' })
    expect([redirect.status, redirect.headers.get('location')]).toEqual([302, `${shop.url}/health`])
    const split = await fetch(`${shop.url}/lab/redirect?to=/a%0d%0aX-Evil:1`, { redirect: 'manual' })
    expect(split.headers.get('location')).toBe('/aX-Evil:1')
    expect((await fetch(`${shop.url}/lab/cookies`)).headers.getSetCookie()).toHaveLength(2)
    expect(await (await fetch(`${shop.url}/lab/gzip`)).json()).toMatchObject({ compressed: true })
  })

  test('trailers arrive, and a broken answer breaks', async () => {
    const [response] = (await once(get(`${shop.url}/lab/trailers`), 'response')) as [IncomingMessage]
    response.resume()
    await once(response, 'end')
    expect(response.trailers).toEqual({ 'x-checksum': 'c0ffee' })
    await expect((await fetch(`${shop.url}/lab/broken`)).text()).rejects.toThrow('terminated')
  })

  test('HEAD answers as GET without a body', async () => {
    for (const path of ['/books/1', '/downloads/catalogue', '/health']) {
      const response = await fetch(shop.url + path, { method: 'HEAD' })
      expect([response.status, await response.text()]).toEqual([200, ''])
      expect(Number(response.headers.get('content-length'))).toBeGreaterThan(0)
    }
  })
})

test('closing cuts open streams and sockets at once', async () => {
  const own = await startUpstream({ port: 0 })
  const events = await fetch(`${own.url}/events`)
  const socket = new WebSocket(`${own.url.replace('http', 'ws')}/ws`)
  await once(socket, 'open')
  const closed = once(socket, 'close')
  await own.close()
  await closed
  await expect(events.text()).rejects.toThrow('terminated')
})
