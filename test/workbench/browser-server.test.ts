import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { browserSession } from '../../gateway-core/protocol/browser-session.ts'
import { createRpcClient } from '../../gateway-core/protocol/rpc-client.ts'
import { type BrowserServer, startBrowserServer } from '../../gateway-core/workbench/browser-server.ts'
import { handlersWith } from '../protocol/fake-handlers.ts'

let home: string
let server: BrowserServer
let opened: number
const handlers = handlersWith({ 'traffic.savedQueries': () => [] })

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'gatehouse-ui-'))
  const renderer = join(home, 'renderer')
  mkdirSync(join(renderer, 'assets'), { recursive: true })
  writeFileSync(join(renderer, 'index.html'), '<!doctype html><title>Gatehouse</title>')
  writeFileSync(join(renderer, 'assets', 'main-Dk3fG_7a.js'), 'export {}')
  writeFileSync(join(renderer, '.hidden'), 'hidden')
  writeFileSync(join(home, 'secret.txt'), 'top secret')
  symlinkSync(join(home, 'secret.txt'), join(renderer, 'assets', 'link.txt'))
  opened = 0
  server = await startBrowserServer({
    renderer,
    open: () => {
      opened++
      return { handlers, close: () => undefined }
    },
    helloMs: 300,
  })
})
afterEach(async () => {
  await server.close()
  rmSync(home, { recursive: true, force: true })
})

const port = () => Number(new URL(server.url).port)
const token = () => new URL(server.freshUrl()).hash.replace('#token=', '')

/** A raw request: no client tidies path or Host. */
function raw(lines: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port(), '127.0.0.1', () =>
      socket.write(`${lines.join('\r\n')}\r\nConnection: close\r\n\r\n`),
    )
    let text = ''
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')))
    socket.on('end', () => resolve(text))
    socket.on('error', reject)
  })
}

const get = (target: string, host = `127.0.0.1:${port()}`) => raw([`GET ${target} HTTP/1.1`, `Host: ${host}`])
const statusOf = (text: string) => Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1])

function upgrade(headers: Record<string, string | undefined>, path = '/rpc'): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = http.request({
      port: port(),
      host: '127.0.0.1',
      path,
      headers: {
        Connection: 'Upgrade',
        Upgrade: 'websocket',
        'Sec-WebSocket-Version': '13',
        'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
        ...Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined)),
      },
    })
    request.on('upgrade', (response, socket) => {
      socket.destroy()
      resolve(response.statusCode!)
    })
    request.on('response', (response) => {
      response.resume()
      resolve(response.statusCode!)
    })
    request.on('error', reject)
    request.end()
  })
}

/** Opens a socket as a page of ours, sends the frames, and tells what came and how it ended. */
function talk(...frames: (string | Buffer)[]): Promise<{ messages: string[]; code: number }> {
  return new Promise((resolve) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port()}/rpc`, { origin: `http://127.0.0.1:${port()}` })
    const messages: string[] = []
    socket.on('open', () => {
      for (const frame of frames) socket.send(frame)
    })
    socket.on('message', (data: Buffer) => {
      messages.push(data.toString())
      if (messages.length === 2) socket.close()
    })
    socket.on('error', () => undefined)
    socket.on('close', (code) => resolve({ messages, code }))
  })
}

const call = JSON.stringify({ t: 'call', id: 1, name: 'traffic.savedQueries', params: {} })
const hello = (secret: object) => JSON.stringify({ t: 'hello', ...secret })

describe('pages', () => {
  it('come with a policy that lets nothing foreign in, and no cookie', async () => {
    const text = await get('/')
    expect(statusOf(text)).toBe(200)
    expect(text).toContain(
      "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; " +
        "font-src 'self' data:; img-src 'self' data:; connect-src 'self'; worker-src 'self'; base-uri 'none'; " +
        "frame-ancestors 'none'; form-action 'none'\r\n",
    )
    expect(text).toContain('X-Content-Type-Options: nosniff')
    expect(text).toContain('Referrer-Policy: no-referrer')
    expect(text).toContain('Cache-Control: no-cache')
    expect(text).not.toMatch(/set-cookie/i)
  })

  it('keep assets whose names say their content, for good', async () => {
    const text = await get('/assets/main-Dk3fG_7a.js')
    expect(text).toContain('Content-Type: text/javascript')
    expect(text).toContain('Cache-Control: public, max-age=31536000, immutable')
  })

  it.each([
    '/../secret.txt',
    '/..%2fsecret.txt',
    '/%2e%2e/secret.txt',
    '/assets/../../secret.txt',
    '/assets/..%5c..%5csecret.txt',
    '//etc/passwd',
    '/assets/link.txt',
    '/.hidden',
    '/assets',
    '/%00',
    '/%zz',
    '/nothing',
  ])('lead nowhere else: %s', async (target) => {
    const text = await get(target)
    expect(statusOf(text)).toBe(404)
    expect(text).not.toContain('top secret')
    expect(text).toContain('nosniff')
  })

  it('answer only GET and HEAD', async () => {
    const host = `Host: 127.0.0.1:${port()}`
    expect(statusOf(await raw(['POST / HTTP/1.1', host, 'Content-Length: 0']))).toBe(405)
    expect(await raw(['HEAD / HTTP/1.1', host])).not.toContain('doctype')
  })

  it.each([
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '127.0.0.1@evil.example',
    '10.0.0.1',
    '',
  ])('are not there under the name %j, whoever points it here', async (host) => {
    expect(statusOf(await get('/', host))).toBe(421)
  })

  it.each(['localhost:1', '127.0.0.1', '[::1]:1'])('are there under %s', async (host) => {
    expect(statusOf(await get('/', host))).toBe(200)
  })
})

describe('the socket', () => {
  it('opens for pages of ours only', async () => {
    const host = `127.0.0.1:${port()}`
    expect(await upgrade({ Origin: `http://${host}` })).toBe(101)
    expect(await upgrade({ Origin: 'app://gatehouse' })).toBe(101)
    for (const origin of [
      'http://evil.example',
      'null',
      `https://${host}`,
      'http://127.0.0.1:1',
      'app://evil',
      undefined,
    ]) {
      expect(await upgrade({ Origin: origin })).toBe(403)
    }
    expect(await upgrade({ Origin: 'http://evil.example', Host: 'evil.example' })).toBe(421)
    expect(await upgrade({ Origin: `http://${host}` }, '/other')).toBe(404)
    expect(opened).toBe(0)
  })

  it('exchanges the token once for a key, and the key is good again', async () => {
    const one = token()
    const { messages } = await talk(hello({ token: one }), call)
    const { t, key } = JSON.parse(messages[0]!) as { t: string; key: string }
    expect([t, JSON.parse(messages[1]!)]).toEqual(['welcome', { t: 'result', id: 1, result: [] }])
    expect(await talk(hello({ token: one }), call)).toEqual({ messages: [], code: 4401 })
    expect((await talk(hello({ key }), call)).messages).toHaveLength(2)
    expect(opened).toBe(2)
  })

  it('lets an older token go when a new one is given out', async () => {
    const old = token()
    token()
    expect((await talk(hello({ token: old }))).code).toBe(4401)
  })

  it.each([
    ['nothing but a call', call],
    ['a wrong token', hello({ token: 'x' })],
    ['a wrong key', hello({ key: 'x' })],
    ['an empty key', hello({ key: '' })],
    ['no secret', hello({})],
    ['odd types', hello({ token: ['a'], key: { a: 1 } })],
    ['no JSON', '{'],
    ['null', 'null'],
    ['bytes', Buffer.from(hello({ key: 'x' }))],
    ['a long hello', hello({ token: 'x'.repeat(5000) })],
  ])('shows nothing to who comes with %s', async (_what, frame) => {
    token()
    expect(await talk(frame, call)).toEqual({ messages: [], code: 4401 })
    expect(opened).toBe(0)
  })

  it('waits for a hello only so long', async () => {
    expect((await talk()).code).toBe(4401)
  })

  it('ends a known connection that sends something else, or more than a frame may hold', async () => {
    expect((await talk(hello({ token: token() }), 'no json')).messages).toHaveLength(1)
    expect((await talk(hello({ token: token() }), 'x'.repeat(17 * 1024 * 1024))).messages).toHaveLength(1)
    const { messages } = await talk(
      hello({ token: token() }),
      JSON.stringify({ t: 'call', id: 1, name: 'workbench.destroy', params: {} }),
    )
    expect(JSON.parse(messages[1]!)).toMatchObject({ t: 'error', error: { code: 'UNKNOWN_CALL' } })
  })
})

describe('a page', () => {
  it('comes back after a reload with the key it keeps, without the token', async () => {
    const kept = new Map<string, string>()
    const storage = {
      getItem: (name: string) => kept.get(name) ?? null,
      setItem: (name: string, value: string) => void kept.set(name, value),
      removeItem: (name: string) => void kept.delete(name),
    }
    const socket = (url: string) => new WebSocket(url, { origin: `http://127.0.0.1:${port()}` }) as never
    const url = `ws://127.0.0.1:${port()}/rpc`
    const first = createRpcClient({ connect: browserSession({ url, token: token(), storage, socket }) })
    expect(await first.call('traffic.savedQueries')).toEqual([])
    first.close()
    const second = createRpcClient({ connect: browserSession({ url, storage, socket }) })
    expect(await second.call('traffic.savedQueries')).toEqual([])
    second.close()
    // A used token in a reloaded address bar does no harm where the key is there.
    const third = createRpcClient({
      connect: browserSession({ url, token: 'used', storage, socket }),
      retryMs: () => 5,
    })
    expect(await third.call('traffic.savedQueries')).toEqual([])
    third.close()
    kept.clear()
    await expect(browserSession({ url, storage, socket })()).rejects.toThrow('open the address that it printed')
    await expect(browserSession({ url, token: 'used', storage, socket })()).rejects.toThrow('open the address')
  })
})

describe('starting', () => {
  it('says what to do when the port is taken', async () => {
    const open = () => ({ handlers, close: () => undefined })
    await expect(startBrowserServer({ renderer: home, port: port(), open })).rejects.toMatchObject({
      message: `127.0.0.1:${port()} for the workbench is taken`,
      suggestion: 'choose another with --ui-port, or 0 for a free one',
    })
  })

  it('says that the screens are not built', async () => {
    rmSync(join(home, 'renderer', 'index.html'))
    expect(await get('/')).toContain('run "npm run build"')
  })
})
