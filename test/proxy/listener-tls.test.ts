import { mkdtemp, rm, stat } from 'node:fs/promises'
import http2 from 'node:http2'
import https from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import tls from 'node:tls'
import { beforeAll, describe, expect, it } from 'vitest'
import type { HttpsListen } from '../../gateway-core/config/workspace.ts'
import {
  caPath,
  clientLeafFor,
  ensureLocalCa,
  type Leaf,
  leafFor,
  type LocalCa,
} from '../../gateway-core/proxy/local-ca.ts'
import { loadTlsMaterial, type TlsMaterial } from '../../gateway-core/proxy/tls.ts'
import { closing, rig, until } from './listening.ts'

const listen: HttpsListen = {
  host: '127.0.0.1',
  port: 0,
  certificate: undefined,
  key: undefined,
  clientCertificates: 'none',
  clientCa: undefined,
}
let folder: string
let ca: LocalCa
let material: TlsMaterial
let alice: Leaf
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatehouse-tls-'))
  material = await loadTlsMaterial(folder, listen)
  ca = await ensureLocalCa(folder)
  alice = await clientLeafFor(ca, 'alice')
  return () => rm(folder, { recursive: true })
})

/** One request over HTTP/1.1 and TLS; resolves with status and body. */
function get(
  port: number,
  options: https.RequestOptions = {},
): Promise<{ status: number; body: string; port: number; authorized: boolean }> {
  return new Promise((resolve, reject) => {
    const request = https.request(
      { host: '127.0.0.1', port, path: '/x', ca: ca.certificate, agent: false, ...options },
      (response) => {
        const { localPort: port = 0, authorized } = response.socket as tls.TLSSocket
        let body = ''
        response.setEncoding('utf8')
        response.on('data', (text: string) => {
          body += text
        })
        response.on('end', () => resolve({ status: response.statusCode!, body, port, authorized }))
      },
    )
    request.on('error', reject)
    request.end()
  })
}

describe('the local CA', () => {
  it('is kept with its keys for the owner alone', async () => {
    expect((await ensureLocalCa(folder)).certificate).toBe(ca.certificate)
    expect((await stat(join(folder, '.gatehouse/tls/ca.key.pem'))).mode & 0o777).toBe(0o600)
    expect((await stat(join(folder, '.gatehouse/tls/localhost.key.pem'))).mode & 0o777).toBe(0o600)
    expect((await stat(caPath(folder))).isFile()).toBe(true)
  })

  it('names localhost and its addresses, and what else is asked for', async () => {
    const leaf = new X509Certificate((await leafFor(ca, ['api.test'])).certificate)
    for (const host of ['localhost', 'api.test']) expect(leaf.checkHost(host)).toBe(host)
    for (const address of ['127.0.0.1', '::1']) expect(leaf.checkIP(address)).toBe(address)
    expect(leaf.checkIssued(new X509Certificate(ca.certificate))).toBe(true)
    expect(Date.parse(leaf.validTo) - Date.parse(leaf.validFrom)).toBeLessThan(398 * 86_400_000)
  })

  it('renews a certificate before its end, and the leaf when the CA is new', async () => {
    const other = await mkdtemp(join(tmpdir(), 'gatehouse-tls-'))
    closing(() => rm(other, { recursive: true }))
    const day = 86_400_000
    const now = Date.now()
    const first = await ensureLocalCa(other, now)
    const leaf = await leafFor(first, [], now)
    expect((await leafFor(first, [], now + 20 * day)).certificate).toBe(leaf.certificate)
    expect((await leafFor(first, [], now + 61 * day)).certificate).not.toBe(leaf.certificate)
    const later = await ensureLocalCa(other, now + 3_640 * day)
    expect(later.certificate).not.toBe(first.certificate)
    const renewed = await leafFor(later, [], now + 3_640 * day)
    expect(new X509Certificate(renewed.certificate).verify(new X509Certificate(later.certificate).publicKey)).toBe(true)
  })

  it('keeps hostile names out of the subject', async () => {
    const leaf = new X509Certificate((await leafFor(ca, ['a.test, O=Evil'])).certificate)
    expect(leaf.subject).toBe('CN=a.test\\, O=Evil')
  })
})

describe('HTTPS', () => {
  it('serves HTTP/1.1 with a certificate that clients of the local CA trust', async () => {
    const { httpsPort, requests, listener } = await rig({ tls: material })
    expect(await get(httpsPort)).toMatchObject({ status: 200, body: 'GET /x 0' })
    expect(requests[0]).toMatchObject({ listener: 'https', head: { scheme: 'https', httpVersion: '1.1' } })
    expect(requests[0]!.peer.tls!.protocol).toBe('TLSv1.3')
    expect(requests[0]!.peer.certificates).toBeUndefined()
    expect(listener.addresses.https!.url).toBe(`https://127.0.0.1:${httpsPort}`)
  })

  it('makes a certificate for the host a client names', async () => {
    const { httpsPort, requests } = await rig({ tls: material })
    const { authorized } = await get(httpsPort, { servername: 'shop.test', headers: { host: 'shop.test' } })
    expect(authorized).toBe(true)
    expect(requests[0]!.peer.tls!.serverName).toBe('shop.test')
  })

  it('judges HTTP/1.1 as strictly as without TLS', async () => {
    const { httpsPort, refusals } = await rig({ tls: material })
    for (const bytes of [
      'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
      'GET / HTTP/2.0\r\nHost: a\r\n\r\n',
      'GET / HTTP/1.1\r\nAccept: x\r\n\r\n',
      'GET / HTTP/1.1\r\nbad line\r\n\r\n',
      `GET / HTTP/1.1\r\nX: ${'y'.repeat(20_000)}\r\n\r\n`,
      'CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n',
    ]) {
      const socket = tls.connect({ port: httpsPort, host: '127.0.0.1', ca: ca.certificate })
      let text = ''
      socket.on('data', (data) => {
        text += data.toString()
      })
      socket.on('error', () => {})
      socket.write(bytes)
      await once(socket, 'close')
      expect(text).toMatch(/^HTTP\/1\.1 (400|431|501|505) /)
    }
    expect(refusals.map((refusal) => refusal.code)).toEqual([
      'BAD_HOST',
      'UNSUPPORTED_VERSION',
      'BAD_HOST',
      'MALFORMED_REQUEST',
      'HEADERS_TOO_LARGE',
      'UPGRADE_REFUSED',
    ])
  })

  it('ignores an unknown upgrade, refuses h2c, and hands over a WebSocket handshake', async () => {
    const { httpsPort, refusals, requests, upgrades } = await rig({ tls: material })
    const talk = async (fields: string) => {
      const socket = tls.connect({ port: httpsPort, host: '127.0.0.1', ca: ca.certificate })
      let text = ''
      socket.on('data', (data) => {
        text += data.toString()
      })
      socket.on('error', () => {})
      socket.write(`GET /up HTTP/1.1\r\nHost: a\r\nConnection: close, Upgrade\r\n${fields}\r\n\r\n`)
      await once(socket, 'close')
      return text.slice(9, 12)
    }
    expect(await talk('Upgrade: foo')).toBe('200')
    expect(await talk('Upgrade: h2c')).toBe('501')
    const key = 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='
    expect(await talk(`Upgrade: websocket\r\n${key}`)).toBe('101')
    expect([requests.length, refusals.length, upgrades.length]).toEqual([1, 1, 1])
    expect(upgrades[0]).toMatchObject({ listener: 'https', head: { scheme: 'https' } })
  })

  it('bounds a slow head', async () => {
    const { httpsPort, refusals } = await rig({ tls: material, limits: { headersMs: 200 } })
    const socket = tls.connect({ port: httpsPort, host: '127.0.0.1', ca: ca.certificate })
    socket.on('error', () => {})
    socket.write('GET / HTTP/1.1\r\n')
    const [data] = (await once(socket, 'data')) as [Buffer]
    expect(data.toString()).toMatch(/^HTTP\/1\.1 408 /)
    expect(refusals.map((refusal) => refusal.code)).toEqual(['REQUEST_TIMEOUT'])
    socket.destroy()
  })

  it('reports a handshake that fails', async () => {
    const { httpsPort, refusals } = await rig({ tls: material })
    const socket = tls.connect({
      port: httpsPort,
      host: '127.0.0.1',
      maxVersion: 'TLSv1.1',
      minVersion: 'TLSv1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    })
    await once(socket, 'error')
    await until('the failure is reported', () => refusals.length === 1)
    expect(refusals[0]).toMatchObject({ kind: 'connection', code: 'TLS_HANDSHAKE_FAILED', listener: 'https' })
  })

  it('takes a new certificate without dropping a connection', async () => {
    const { httpsPort, listener } = await rig({ tls: material })
    const agent = new https.Agent({ keepAlive: true, maxSockets: 1 })
    closing(() => agent.destroy())
    const before = await get(httpsPort, { agent })
    const fresh = await leafFor(ca, ['rotated.test'])
    listener.update({ tls: { ...material, ...fresh } })
    const after = await get(httpsPort, { agent })
    expect(after.port).toBe(before.port)
    const probe = tls.connect({ port: httpsPort, host: '127.0.0.1', ca: ca.certificate })
    await once(probe, 'secureConnect')
    expect(probe.getPeerX509Certificate()!.checkHost('rotated.test')).toBe('rotated.test')
    probe.destroy()
  })
})

const subjects = (certificates: readonly Uint8Array[] | undefined) =>
  certificates?.map((der) => new X509Certificate(der).subject.replaceAll('\n', ', '))

describe('client certificates', () => {
  it('optional: the chain as it was sent, or none', async () => {
    const { httpsPort, requests } = await rig({ tls: material, https: { clientCertificates: 'optional' } })
    await get(httpsPort)
    await get(httpsPort, { cert: alice.certificate, key: alice.key })
    expect(requests[0]!.peer.certificates).toBeUndefined()
    expect(subjects(requests[1]!.peer.certificates)).toEqual([
      'CN=alice',
      expect.stringContaining('CN=Gatehouse local CA'),
    ])
  })

  it('optional: also one that nobody trusts, for a policy to judge', async () => {
    const other = await mkdtemp(join(tmpdir(), 'gatehouse-tls-'))
    closing(() => rm(other, { recursive: true }))
    const mallory = await clientLeafFor(await ensureLocalCa(other), 'mallory')
    const { httpsPort, requests } = await rig({ tls: material, https: { clientCertificates: 'optional' } })
    await get(httpsPort, { cert: mallory.certificate, key: mallory.key })
    expect(subjects(requests[0]!.peer.certificates)![0]).toBe('CN=mallory')
  })

  it('required: none or an untrusted one gets no request through', async () => {
    const other = await mkdtemp(join(tmpdir(), 'gatehouse-tls-'))
    closing(() => rm(other, { recursive: true }))
    const mallory = await clientLeafFor(await ensureLocalCa(other), 'mallory')
    const { httpsPort, requests, refusals } = await rig({ tls: material, https: { clientCertificates: 'required' } })
    const none = await get(httpsPort)
    expect(none).toMatchObject({ status: 400, body: expect.stringContaining('A client certificate is required.') })
    const untrusted = await get(httpsPort, { cert: mallory.certificate, key: mallory.key })
    expect(untrusted).toMatchObject({ status: 400, body: expect.stringContaining('not trusted') })
    const session = http2.connect(`https://127.0.0.1:${httpsPort}`, { ca: ca.certificate })
    session.on('error', () => {})
    const stream = session.request({ ':path': '/h2' })
    stream.on('error', () => {})
    await once(session, 'close')
    expect(requests).toEqual([])
    expect(refusals.map((refusal) => refusal.code)).toEqual(Array(3).fill('TLS_HANDSHAKE_FAILED'))
    expect((await get(httpsPort, { cert: alice.certificate, key: alice.key })).status).toBe(200)
  })

  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'a client that resumes its session (%s) shows its whole chain again',
    async (version) => {
      const { httpsPort, requests } = await rig({ tls: material, https: { clientCertificates: 'optional' } })
      const options = {
        port: httpsPort,
        host: '127.0.0.1',
        ca: ca.certificate,
        cert: alice.certificate,
        key: alice.key,
        maxVersion: version,
      } as const
      let session: Buffer | undefined
      for (let at = 0; at < 2; at++) {
        const socket = tls.connect({ ...options, ...(session ? { session } : {}) })
        socket.on('session', (ticket: Buffer) => {
          session = ticket
        })
        socket.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
        socket.resume()
        await once(socket, 'close')
        session ??= socket.getSession()
      }
      expect(requests).toHaveLength(2)
      for (const { peer } of requests) expect(subjects(peer.certificates)).toHaveLength(2)
    },
  )

  it('reach HTTP/2 requests too', async () => {
    const { httpsPort, requests } = await rig({ tls: material, https: { clientCertificates: 'required' } })
    const session = http2.connect(`https://127.0.0.1:${httpsPort}`, {
      ca: ca.certificate,
      cert: alice.certificate,
      key: alice.key,
    })
    const stream = session.request({ ':path': '/h2' })
    const [headers] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders]
    expect(headers[':status' as keyof typeof headers]).toBe(200)
    expect(subjects(requests[0]!.peer.certificates)![0]).toBe('CN=alice')
    session.destroy()
  })
})
