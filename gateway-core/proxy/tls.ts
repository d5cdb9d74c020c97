import { constants } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import {
  createSecureContext,
  type DetailedPeerCertificate,
  type SecureContext,
  type TLSSocket,
  type TlsOptions,
} from 'node:tls'
import type { HttpsListen } from '../config/workspace.ts'
import { ensureLocalCa, leafFor } from './local-ca.ts'

/** What the HTTPS listener serves. All PEM. */
export interface TlsMaterial {
  certificate: string
  key: string
  /** CAs that client certificates are checked against. */
  clientCa: string | undefined
  /** Certificate for a host named by SNI; undefined: the one above. */
  certificateFor: ((serverName: string) => Promise<{ certificate: string; key: string }>) | undefined
}

/**
 * Reads the certificate a workspace names, or makes one of the local CA (`.gatehouse/tls/`) for localhost and, on
 * demand, for each host that a client names. Rejects with the file's name where one cannot be read.
 */
export async function loadTlsMaterial(folder: string, listen: HttpsListen): Promise<TlsMaterial> {
  const clientCa = listen.clientCa === undefined ? undefined : await read(folder, listen.clientCa, 'clientCa')
  if (listen.certificate !== undefined && listen.key !== undefined) {
    const [certificate, key] = await Promise.all([
      read(folder, listen.certificate, 'certificate'),
      read(folder, listen.key, 'key'),
    ])
    return { certificate, key, clientCa, certificateFor: undefined }
  }
  const ca = await ensureLocalCa(folder)
  const leaf = await leafFor(ca, [])
  return { ...leaf, clientCa: clientCa ?? ca.certificate, certificateFor: (serverName) => leafFor(ca, [serverName]) }
}

async function read(folder: string, file: string, what: string): Promise<string> {
  try {
    return await readFile(resolve(folder, file), 'utf8')
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unreadable'
    throw new Error(
      `listen.https.${what}: ${file} cannot be read (${reason}); name a PEM file relative to the workspace.`,
      { cause: error },
    )
  }
}

const contextLimit = 256
const renewAfterMs = 30 * 86_400_000

/** Options of the TLS server: TLS 1.2 or later, HTTP/2 and HTTP/1.1 by ALPN, certificates by SNI in a bounded cache. */
export function tlsServerOptions(
  material: TlsMaterial,
  clientCertificates: HttpsListen['clientCertificates'],
  handshakeMs: number,
): TlsOptions {
  return {
    ...contextOptions(material, clientCertificates),
    ALPNProtocols: ['h2', 'http/1.1'],
    handshakeTimeout: handshakeMs,
    requestCert: clientCertificates !== 'none',
    // Node would close without a word; the listener says what is missing (see `admit`).
    rejectUnauthorized: false,
    ...(material.certificateFor ? { SNICallback: sniCallback(material, clientCertificates) } : {}),
  }
}

/** The part of the options that a running server can be given anew (`setSecureContext`), for rotated certificates. */
export function contextOptions(
  material: TlsMaterial,
  clientCertificates: HttpsListen['clientCertificates'],
): Pick<TlsOptions, 'cert' | 'key' | 'ca' | 'minVersion' | 'secureOptions'> {
  return {
    cert: material.certificate,
    key: material.key,
    minVersion: 'TLSv1.2',
    ...(clientCertificates === 'none' ? {} : { ca: material.clientCa, secureOptions: constants.SSL_OP_NO_TICKET }),
    // A resumed session shows only the leaf of the client's chain, and nobody checked it again: with client
    // certificates there are no tickets, so every connection shows its whole chain.
  }
}

function sniCallback(
  material: TlsMaterial,
  clientCertificates: HttpsListen['clientCertificates'],
): NonNullable<TlsOptions['SNICallback']> {
  const contexts = new Map<string, { madeAt: number; context: Promise<SecureContext | undefined> }>()
  return (serverName, done) => {
    const name = serverName.toLowerCase()
    let entry = contexts.get(name)
    if (!entry || Date.now() - entry.madeAt > renewAfterMs) {
      if (contexts.size >= contextLimit) contexts.delete(contexts.keys().next().value!)
      entry = { madeAt: Date.now(), context: makeContext(material, clientCertificates, name) }
      contexts.set(name, entry)
    }
    entry.context.then(
      (made) => done(null, made),
      () => done(null),
    )
  }
}

async function makeContext(
  material: TlsMaterial,
  clientCertificates: HttpsListen['clientCertificates'],
  serverName: string,
): Promise<SecureContext | undefined> {
  if (serverName === 'localhost' || !/^[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63}){0,9}$/.test(serverName)) return undefined
  const leaf = await material.certificateFor!(serverName)
  return createSecureContext(contextOptions({ ...material, ...leaf }, clientCertificates))
}

/** The client's DER chain, leaf first, as far as it was sent on this connection; undefined where none was. */
export function certificatesOf(socket: TLSSocket): Uint8Array[] | undefined {
  const chain: Uint8Array[] = []
  // `getPeerX509Certificate` shows the leaf alone.
  let certificate: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true)
  while (certificate?.raw && chain.length < 10) {
    chain.push(certificate.raw)
    const issuer: DetailedPeerCertificate = certificate.issuerCertificate
    certificate = issuer === certificate ? undefined : issuer
  }
  return chain.length > 0 ? chain : undefined
}
