import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import net, { type Socket } from 'node:net'
import tls, { type TLSSocket } from 'node:tls'
import { type Leaf, caPath, ensureLocalCa, hostLeafFor } from '../../gateway-core/proxy/local-ca.ts'
import { type TestGateway, type TestUpstream, testGateway, testUpstream, workspaceFolder } from '../gateway-fixture.ts'
import { open } from './asking.ts'

export interface ProxyRig {
  gate: TestGateway
  proxy: { host: string; port: number; url: string }
  /** PEM of the CA that signs what the proxy shows. */
  ca: string
}

/** A gateway with a forward proxy on a free port. `more` goes into `listen.proxy`. */
export async function proxied(body = '', more = '', files: Record<string, string> = {}): Promise<ProxyRig> {
  const listen = `listen: { http: "127.0.0.1:0", proxy: { address: "127.0.0.1:0"${more} } }\n`
  const gate = await testGateway(listen + body, files, {})
  open.push(gate)
  return { gate, proxy: gate.gateway.proxy.address!, ca: readFileSync(caPath(gate.folder), 'utf8') }
}

/** The CA of somebody else: servers of tests show its certificates. */
export async function otherCa(): Promise<{ pem: string; leaf(host: string): Promise<Leaf> }> {
  const place = workspaceFolder({})
  open.push({ close: async () => place.remove() })
  const ca = await ensureLocalCa(place.folder)
  return { pem: ca.certificate, leaf: (host) => hostLeafFor(ca, host) }
}

/** A TLS server on loopback with a certificate of `leaf`. */
export async function secureUpstream(leaf: Leaf, handler?: http.RequestListener): Promise<TestUpstream> {
  const server = https.createServer({ cert: leaf.certificate, key: leaf.key })
  const started = await testUpstream(handler, server as unknown as http.Server)
  open.push(started)
  return { ...started, url: started.url.replace('http:', 'https:') }
}

/** Asks for a tunnel; resolves with the status line and the socket behind it. */
export async function connect(
  port: number,
  target: string,
  more = '',
): Promise<{ status: number; head: string; socket: Socket }> {
  const socket = net.connect(port, '127.0.0.1')
  socket.on('error', () => undefined)
  socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n${more}\r\n`)
  let seen = Buffer.alloc(0)
  while (!seen.includes('\r\n\r\n')) {
    const [chunk] = (await Promise.race([once(socket, 'data'), once(socket, 'close').then(() => [undefined])])) as [
      Buffer?,
    ]
    if (chunk === undefined) break
    seen = Buffer.concat([seen, chunk])
  }
  socket.pause()
  const head = seen.toString('latin1')
  open.push({ close: async () => socket.destroy() })
  return { status: Number(/ (\d{3})/.exec(head)?.[1] ?? 0), head, socket }
}

/** A TLS client inside a tunnel. */
export async function connectTls(port: number, target: string, options: tls.ConnectionOptions): Promise<TLSSocket> {
  const { socket } = await connect(port, target)
  const inside = tls.connect({ socket, ...options })
  inside.on('error', () => undefined)
  await once(inside, 'secureConnect')
  return inside
}

/** The next bytes on a socket that `connect` gave. */
export async function heard(socket: Socket): Promise<string> {
  const next = once(socket, 'data')
  socket.resume()
  const [chunk] = (await next) as [Buffer]
  return String(chunk)
}

/** Tries TLS inside a tunnel and waits until it is over. */
export async function fails(port: number, target: string, options: tls.ConnectionOptions): Promise<void> {
  const { socket } = await connect(port, target)
  const inside = tls.connect({ socket, ...options })
  inside.on('error', () => undefined)
  await new Promise((resolve) => inside.once('close', resolve))
}

/** One request on a socket, and the answer as text until the server closes. */
export async function say(socket: Socket, bytes: string): Promise<string> {
  socket.write(bytes)
  let text = ''
  for await (const chunk of socket) text += String(chunk)
  return text
}

/** A TLS server on localhost whose CA the proxy trusts, and the proxy before it. */
export async function trusting(body = '', host = 'localhost') {
  const other = await otherCa()
  const up = await secureUpstream(await other.leaf(host))
  const target = `${host}:${up.port}`
  const rig = await proxied(body.replaceAll('UPSTREAM', up.url).replaceAll('TARGET', target), ', trust: [ca.pem]', {
    'ca.pem': other.pem,
  })
  return { ...rig, up, target }
}

/** One GET inside TLS that the proxy opened. */
export async function askInside({ proxy, ca }: ProxyRig, target: string, path: string, host = target): Promise<string> {
  const servername = net.isIP(target.replace(/:\d+$/, '')) ? '' : target.replace(/:\d+$/, '')
  const socket = await connectTls(proxy.port, target, { ca, servername, ALPNProtocols: ['http/1.1'] })
  return say(socket, `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
}
