import { once } from 'node:events'
import net from 'node:net'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ask, open, upstream } from './asking.ts'
import { proxied } from './proxied.ts'

/** What a client may send: whole heads, parts of them, TLS, other protocols, rubbish. */
const pieces = (target: string) =>
  fc.oneof(
    fc.constantFrom(
      `CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`,
      `CONNECT ${target} HTTP/1.1\r\n\r\n`,
      'CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n',
      `GET http://${target}/x HTTP/1.1\r\nHost: ${target}\r\n\r\n`,
      `POST http://${target}/x HTTP/1.1\r\nHost: ${target}\r\nContent-Length: 5\r\n\r\nab`,
      'GET / HTTP/1.1\r\nHost: gatehouse.internal\r\n\r\n',
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
      '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
      '\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00',
      'SSH-2.0-x\r\n',
      '\r\n\r\n',
      'Host: x\r\n',
    ),
    fc.string({ unit: 'binary', maxLength: 200 }),
  )

/** Sends the pieces with short pauses, and leaves: politely, at once, or by a reset. */
async function converse(port: number, parts: readonly string[], leave: 'end' | 'destroy' | 'reset'): Promise<void> {
  const socket = net.connect(port, '127.0.0.1')
  socket.on('error', () => undefined)
  socket.resume()
  await once(socket, 'connect')
  for (const part of parts) {
    if (socket.destroyed) return
    socket.write(Buffer.from(part, 'latin1'))
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  if (leave === 'end') socket.end()
  else if (leave === 'reset') socket.resetAndDestroy()
  else socket.destroy()
}

test('whatever clients send, the next one is served', async () => {
  const up = await upstream()
  const echo = net.createServer((socket) => {
    socket.on('error', () => undefined)
    socket.pipe(socket)
  })
  echo.listen(0, '127.0.0.1')
  await once(echo, 'listening')
  open.push({ close: async () => echo.close() })
  const { proxy } = await proxied()
  const target = `127.0.0.1:${(echo.address() as net.AddressInfo).port}`
  const conversation = fc.tuple(
    fc.array(pieces(target), { minLength: 1, maxLength: 4 }),
    fc.constantFrom('end' as const, 'destroy' as const, 'reset' as const),
  )
  const host = `127.0.0.1:${up.port}`
  await fc.assert(
    fc.asyncProperty(fc.array(conversation, { minLength: 10, maxLength: 10 }), async (conversations) => {
      await Promise.all(conversations.map(([parts, leave]) => converse(proxy.port, parts, leave)))
      const answer = await ask(proxy.url, { path: `http://${host}/after`, headers: { Host: host } })
      expect(answer.status).toBe(200)
    }),
    { numRuns: 15 },
  )
}, 60_000)
