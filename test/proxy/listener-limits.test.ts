import type { ServerResponse } from 'node:http'
import net from 'node:net'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { startListener } from '../../gateway-core/proxy/listener.ts'
import { findPortHolder } from '../../gateway-core/proxy/port-holder.ts'
import { closing, codes, converse, echo, rig, statuses, until, wideLimits } from './listening.ts'

const close = 'Host: a\r\nConnection: close\r\n\r\n'

describe('slow clients', () => {
  it('a head that drips in is answered 408 after headersMs, however steadily it drips', async () => {
    const { port, refusals } = await rig({ limits: { headersMs: 150 } })
    const drops = Array.from({ length: 60 }, (_, at) => (at === 0 ? 'GET / HTTP/1.1\r\n' : `X-${at}: y\r\n`))
    const text = await converse(port, drops)
    expect({ statuses: statuses(text), codes: codes(text) }).toEqual({ statuses: [408], codes: ['REQUEST_TIMEOUT'] })
    expect(refusals.map((refusal) => refusal.code)).toEqual(['REQUEST_TIMEOUT'])
  })

  it('a body that stops is answered 408 after idleMs', async () => {
    const { port, refusals } = await rig({ limits: { idleMs: 100 } })
    const text = await converse(port, [`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc`])
    expect({ statuses: statuses(text), codes: codes(text) }).toEqual({ statuses: [408], codes: ['REQUEST_TIMEOUT'] })
    expect(refusals).toHaveLength(1)
    expect(refusals[0]!.head).toMatchObject({ method: 'POST', path: '/' })
  })

  it('a slow body that keeps coming passes', async () => {
    const { port } = await rig({ limits: { idleMs: 150 } })
    const text = await converse(
      port,
      [`POST / HTTP/1.1\r\nContent-Length: 8\r\n${close}`, 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'],
      50,
    )
    expect(text.endsWith('POST / 8')).toBe(true)
  })

  it('a slow answer is not the client’s silence', async () => {
    const { port } = await rig({
      limits: { idleMs: 60 },
      request: ({ req, res }) => {
        req.resume()
        setTimeout(() => res.end('late'), 300)
      },
    })
    const text = await converse(port, [`POST / HTTP/1.1\r\nContent-Length: 3\r\n${close}abc`])
    expect(statuses(text)).toEqual([200])
  })

  it('a body that the handler does not read is not the client’s silence', async () => {
    const { port } = await rig({
      limits: { idleMs: 60 },
      request: (inbound) => void setTimeout(echo, 300, inbound),
    })
    const text = await converse(port, [`POST / HTTP/1.1\r\nContent-Length: 200000\r\n${close}${'x'.repeat(200_000)}`])
    expect(text.endsWith('POST / 200000')).toBe(true)
  })

  it('a client that waits for 100 Continue while the handler thinks is not silent', async () => {
    const { port } = await rig({
      limits: { idleMs: 60 },
      request: (inbound) => void setTimeout(echo, 200, inbound),
    })
    const socket = net.connect(port, '127.0.0.1')
    socket.write(`POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n${close}`)
    const [first] = (await once(socket, 'data')) as [Buffer]
    expect(first.toString()).toContain('100 Continue')
    socket.write('hi')
    const [second] = (await once(socket, 'data')) as [Buffer]
    expect(second.toString()).toContain('200 OK')
    socket.destroy()
  })

  it('a client that reads nothing is cut', async () => {
    let cut = false
    const { port } = await rig({
      limits: { idleMs: 100 },
      request: ({ res }) => {
        res.on('close', () => {
          cut = !res.writableFinished
        })
        res.end(Buffer.alloc(30_000_000))
      },
    })
    const socket = net.connect(port, '127.0.0.1')
    socket.on('error', () => {})
    socket.pause()
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    await until('the connection is cut', () => cut)
    socket.destroy()
  })

  it('an idle kept-alive connection is closed without a word', async () => {
    const { port, refusals } = await rig({ limits: { keepAliveMs: 50, idleMs: 100 } })
    const text = await converse(port, ['GET / HTTP/1.1\r\nHost: a\r\n\r\n'])
    expect(statuses(text)).toEqual([200])
    expect(refusals).toEqual([])
  })
})

describe('chunks', () => {
  const head = 'POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n'

  it.each([
    ['plain', '5\r\nhello\r\n0\r\n\r\n'],
    ['leading zeros', '0005\r\nhello\r\n0\r\n\r\n'],
    ['an extension, which is dropped', '5;x=y\r\nhello\r\n0\r\n\r\n'],
    ['a trailer', '5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n'],
  ])('%s: read, and the next request too', async (_name, body) => {
    const { port } = await rig()
    const text = await converse(port, [`${head}${body}GET /next HTTP/1.1\r\n${close}`])
    expect(statuses(text)).toEqual([200, 200])
    expect(text).toContain('POST /c 5')
  })

  it.each([
    ['a line break inside an extension', '5;x="\r\n"\r\nhello\r\n0\r\n\r\n'],
    ['a bare LF after an extension', '5;a\nhello\r\n0\r\n\r\n'],
    ['a bare CR inside an extension', '5;a\rb\r\nhello\r\n0\r\n\r\n'],
    ['an empty extension', '5;\r\nhello\r\n0\r\n\r\n'],
    ['space after the size', '5 \r\nhello\r\n0\r\n\r\n'],
    ['a prefix before the size', '0x5\r\nhello\r\n0\r\n\r\n'],
    ['a sign before the size', '+5\r\nhello\r\n0\r\n\r\n'],
    ['a size that overflows', 'fffffffffffffffff\r\nhello'],
    ['bare LF', '5\nhello\n0\n\n'],
    ['no line break after the data', '5\r\nhello0\r\n\r\n'],
    ['no line break at the end', '5\r\nhello\r\n0\r\n'],
    ['a trailer that claims a length', '5\r\nhello\r\n0\r\nContent-Length: 3\r\n\r\n'],
  ])('%s: refused, and nothing that follows is served', async (_name, body) => {
    const { port, requests, refusals } = await rig()
    const text = await converse(port, [`${head}${body}GET /next HTTP/1.1\r\n${close}`])
    expect(statuses(text)).toEqual([400])
    expect(requests.map((inbound) => inbound.head.path)).toEqual(['/c'])
    expect(refusals).toHaveLength(1)
  })
})

describe('a message that breaks after its head', () => {
  const bad = `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n`

  it('is answered 400 by the listener where the handler does not care', async () => {
    const { port, refusals } = await rig()
    const text = await converse(port, [`${bad}GET /smuggled HTTP/1.1\r\n${close}`])
    expect({ statuses: statuses(text), codes: codes(text) }).toEqual({ statuses: [400], codes: ['MALFORMED_REQUEST'] })
    expect(refusals).toHaveLength(1)
  })

  it('is told to the handler once, which answers', async () => {
    const faults: string[] = []
    const { port, refusals } = await rig({
      request: (inbound) => {
        inbound.req.on('error', () => {})
        inbound.req.resume()
        inbound.faults = {
          onFault: (code) => {
            faults.push(code)
            inbound.res.statusCode = 422
            inbound.res.end('mine')
          },
        }
      },
    })
    const text = await converse(port, [bad, 'more\r\n', 'and more'])
    expect(statuses(text)).toEqual([422])
    expect(text).toMatch(/^connection: close\r$/im)
    expect(faults).toEqual(['MALFORMED_REQUEST'])
    expect(refusals).toEqual([])
  })

  it('ends the connection where a response had begun', async () => {
    const { port } = await rig({
      request: ({ req, res }) => {
        req.on('error', () => {})
        req.resume()
        ;(res as ServerResponse).write('begun')
      },
    })
    const text = await converse(port, [bad])
    expect(statuses(text)).toEqual([200])
    expect(text).toContain('begun')
  })
})

const one = (path: string) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`

describe('several requests on one connection', () => {
  it('are answered in order, a refusal after those before it', async () => {
    const { port, requests, refusals } = await rig({
      request: ({ head, res }) => void setTimeout(() => res.end(head.path), head.path === '/a' ? 60 : 0),
    })
    for (const bad of [`GET /x HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n`, 'GET /x HTTP/1.1\r\nbroken\r\n\r\n']) {
      const text = await converse(port, [one('/a') + one('/b') + bad + one('/c')])
      expect(statuses(text)).toEqual([200, 200, 400])
      expect(text.indexOf('/a')).toBeLessThan(text.indexOf('/b'))
    }
    expect(requests.map(({ head }) => head.path)).toEqual(['/a', '/b', '/a', '/b'])
    expect(refusals).toHaveLength(2)
  })

  it('what is reported of a malformed head holds no value of it', async () => {
    const { port, refusals } = await rig()
    await converse(port, [
      'GET /books?token=hush HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer hush\r\nCookie: hush\r\nBad Name: hush\r\n\r\n',
    ])
    expect(refusals).toHaveLength(1)
    expect(JSON.stringify(refusals)).not.toContain('hush')
    expect(refusals[0]).toMatchObject({ code: 'MALFORMED_REQUEST', head: { method: 'GET', target: '/books' } })
    expect(refusals[0]!.head!.rawHeaders).toContain('Authorization')
    expect(refusals[0]!.offset).toBeGreaterThan(80)
  })

  it('a handler that throws is answered 500, and the listener goes on', async () => {
    let thrown = 0
    const { port } = await rig({
      request: () => {
        thrown += 1
        throw new Error('hush')
      },
    })
    for (let at = 0; at < 2; at++) {
      const text = await converse(port, [`GET / HTTP/1.1\r\n${close}`])
      expect({ statuses: statuses(text), codes: codes(text) }).toEqual({ statuses: [500], codes: ['INTERNAL_ERROR'] })
      expect(text).not.toContain('hush')
    }
    expect(thrown).toBe(2)
  })
})

describe('the number of connections', () => {
  it('is limited: one more is answered 503, and another is welcome when one has gone', async () => {
    const { port, refusals, listener } = await rig({ limits: { connections: 2 } })
    const held = [net.connect(port, '127.0.0.1'), net.connect(port, '127.0.0.1')]
    await until('both are connected', () => listener.stats().connections === 2)
    const text = await converse(port, [`GET / HTTP/1.1\r\n${close}`])
    expect({ statuses: statuses(text), codes: codes(text) }).toEqual({ statuses: [503], codes: ['OVERLOADED'] })
    expect(refusals).toMatchObject([{ code: 'OVERLOADED', kind: 'connection' }])
    held[0]!.destroy()
    await until('one has gone', () => listener.stats().connections < 2)
    expect(statuses(await converse(port, [`GET / HTTP/1.1\r\n${close}`]))).toEqual([200])
    held[1]!.destroy()
  })

  it('follows new limits', async () => {
    const { port, listener } = await rig()
    listener.update({ limits: { ...wideLimits, connections: 0, headerBytes: 100 } })
    expect(statuses(await converse(port, [`GET / HTTP/1.1\r\n${close}`]))).toEqual([503])
    listener.update({ limits: { ...wideLimits, headerCount: 3 } })
    expect(statuses(await converse(port, [`GET / HTTP/1.1\r\nA: b\r\nC: d\r\n${close}`]))).toEqual([431])
  })
})

describe('closing', () => {
  it('lets an exchange finish within the grace, takes no new connection, and closes idle ones', async () => {
    const held: { release?: () => void } = {}
    const { port, listener, requests } = await rig({
      request: ({ res }) => {
        held.release = () => res.end('done')
      },
    })
    const idle = converse(port, [])
    const talk = converse(port, ['GET / HTTP/1.1\r\nHost: a\r\n\r\n'])
    await until('the request has come', () => requests.length === 1)
    const before = Date.now()
    const closed = listener.close(4_000)
    await expect(converse(port, ['GET / HTTP/1.1\r\nHost: a\r\n\r\n'])).rejects.toThrow('ECONNREFUSED')
    held.release!()
    expect(statuses(await talk)).toEqual([200])
    await closed
    await idle
    expect(Date.now() - before).toBeLessThan(2_000)
  })

  it('cuts what is left after the grace', async () => {
    const { port, listener, requests } = await rig({ request: () => {} })
    const talk = converse(port, ['GET / HTTP/1.1\r\nHost: a\r\n\r\n'])
    await until('the request has come', () => requests.length === 1)
    await listener.close(30)
    expect(await talk).toBe('')
  })
})

describe('a taken port', () => {
  const handler = { request: () => {}, upgrade: () => {}, refused: () => {} }

  it('is explained with who holds it and what to do', async () => {
    const holder = spawn(
      process.execPath,
      ['-e', 'require("net").createServer().listen(0, "127.0.0.1", function () { console.log(this.address().port) })'],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    closing(() => void holder.kill())
    const [line] = (await once(holder.stdout, 'data')) as [Buffer]
    const port = Number(String(line))
    const start = startListener({
      listen: { http: { host: '127.0.0.1', port }, https: undefined },
      limits: wideLimits,
      handler,
    })
    await expect(start).rejects.toThrow(
      new RegExp(
        `^127\\.0\\.0\\.1:${port} is taken by .+ \\(pid ${holder.pid}\\): .+; stop it or set listen\\.http in gatehouse\\.yaml`,
      ),
    )
    expect(await findPortHolder(port)).toMatchObject({ pid: holder.pid })
  })

  it('leaves nothing open', async () => {
    const taken = net.createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    closing(() => void taken.close())
    const { port } = taken.address() as net.AddressInfo
    const listen = { http: { host: '127.0.0.1', port }, https: undefined }
    await expect(startListener({ listen, limits: wideLimits, handler })).rejects.toThrow(/taken/)
    await expect(
      startListener({
        listen: { http: { host: '203.0.113.1', port: 1 }, https: undefined },
        limits: wideLimits,
        handler,
      }),
    ).rejects.toThrow(/203\.0\.113\.1:1 is not an address of this machine; set listen\.http/)
  })
})
