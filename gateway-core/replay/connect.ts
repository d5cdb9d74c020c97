import net from 'node:net'
import tls from 'node:tls'
import type { ReplayAnswer } from '../protocol/replay.ts'
import { ReplayError } from './replay-error.ts'

/** Where a request goes. */
export interface Destination {
  scheme: 'http' | 'https'
  host: string
  port: number
  /** Go on although the certificate cannot be verified; what is wrong with it is told. */
  insecure: boolean
  /** Our own gateway: its certificate comes from its local CA, and nothing is told about that. */
  own?: boolean
}

export type Timings = ReplayAnswer['timings']
export type TlsDetails = NonNullable<ReplayAnswer['tls']>

export interface Connected {
  socket: net.Socket
  tls?: TlsDetails
  /** Protocol chosen by ALPN, `h2` or `http/1.1`; undefined without TLS. */
  alpn: string | undefined
}

/** Microseconds since `start` (of `performance.now()`). */
export function since(start: number): number {
  return Math.round((performance.now() - start) * 1000)
}

/** Takes an origin apart; a path behind it is not looked at. */
export function destinationOf(origin: string, insecure: boolean, own = false): Destination {
  if (!URL.canParse(origin))
    throw new ReplayError(`${origin.slice(0, 200)} is no address`, 'write it like http://host:port')
  const url = new URL(origin)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new ReplayError(`${url.protocol} is not HTTP`, 'write an address with http:// or https://')
  }
  const scheme = url.protocol === 'https:' ? 'https' : 'http'
  const port = url.port === '' ? (scheme === 'https' ? 443 : 80) : Number(url.port)
  return { scheme, host: url.hostname.replace(/^\[|\]$/g, ''), port, insecure, ...(own && { own }) }
}

/** Connects, and speaks TLS where the destination does. Notes when each was there. Throws a ReplayError. */
export async function connect(
  destination: Destination,
  alpn: readonly string[],
  timings: Timings,
  start: number,
  signal: AbortSignal,
): Promise<Connected> {
  const { host, port, scheme } = destination
  const plain = net.connect({ host, port, noDelay: true })
  try {
    await settled(plain, 'connect', signal)
    timings.connected = since(start)
    if (scheme === 'http') return { socket: plain, alpn: undefined }
    const insecure = destination.insecure || destination.own === true
    const secure = tls.connect({
      socket: plain,
      ...(net.isIP(host) === 0 && { servername: host }),
      host,
      ALPNProtocols: [...alpn],
      rejectUnauthorized: !insecure,
    })
    await settled(secure, 'secureConnect', signal)
    timings.secured = since(start)
    return { socket: secure, tls: detailsOf(secure, destination), alpn: secure.alpnProtocol || undefined }
  } catch (error) {
    plain.destroy()
    throw failure(error as NodeJS.ErrnoException, destination, signal)
  }
}

function settled(socket: net.Socket, event: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason as Error)
    if (signal.aborted) return stop()
    signal.addEventListener('abort', stop, { once: true })
    const clean = () => signal.removeEventListener('abort', stop)
    socket.once(event, () => {
      clean()
      resolve()
    })
    socket.once('error', (error) => {
      clean()
      reject(error)
    })
    socket.once('close', () => {
      clean()
      reject(new Error('the connection was closed'))
    })
  })
}

function detailsOf(socket: tls.TLSSocket, { own }: Destination): TlsDetails {
  const certificate = socket.getPeerCertificate()
  const problem = socket.authorized || own ? undefined : String(socket.authorizationError)
  return {
    protocol: socket.getProtocol() ?? '',
    cipher: socket.getCipher()?.name ?? '',
    subject: nameOf(certificate.subject),
    issuer: nameOf(certificate.issuer),
    validTo: certificate.valid_to ?? '',
    ...(problem !== undefined && { problem }),
  }
}

function nameOf(name: tls.Certificate | undefined): string {
  return String(name?.CN ?? name?.O ?? '')
}

/** What went wrong on the way there, with what to do. */
export function failure(error: NodeJS.ErrnoException, destination: Destination, signal: AbortSignal): Error {
  if (signal.aborted) return signal.reason as Error
  if (error instanceof ReplayError) return error
  const { host, port, scheme } = destination
  const where = `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`
  switch (error.code) {
    case 'ECONNREFUSED':
      return new ReplayError(`nothing listens at ${where}`, 'start the server, or mend the address')
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new ReplayError(`there is no host ${host}`, 'mend the address')
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
    case 'EPROTO':
      return new ReplayError(`${where} does not speak TLS as it should: ${error.message}`, 'try http://')
  }
  if (/certificate|self[- ]signed|altname/i.test(`${error.code} ${error.message}`)) {
    const todo = 'allow it for this request with the option "any certificate"'
    return new ReplayError(`the certificate of ${where} cannot be verified: ${error.message}`, todo)
  }
  return new ReplayError(`no response from ${where}: ${error.message || error.code}`)
}
