import { randomBytes, webcrypto, X509Certificate } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { join } from 'node:path'
import { provideMetadataReflection } from './metadata-reflection.ts'

/** A certificate authority of this workspace alone: for laptops and tests. `certificate` and `key` are PEM. */
export interface LocalCa {
  readonly folder: string
  readonly certificate: string
  readonly key: string
}

/** A certificate with its key, both PEM; the certificate is followed by that of the CA. */
export interface Leaf {
  readonly certificate: string
  readonly key: string
}

/** Node's own, by the name of the standard that the certificate library goes by. */
const subtle = webcrypto.subtle as unknown as SubtleCrypto

// Loaded only when a certificate is made: it costs more start-up time than all the rest of the listener.
const loadX509 = () => {
  provideMetadataReflection()
  return import('@peculiar/x509')
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const dayMs = 86_400_000
const caDays = 3_650
// Browsers take no leaf that is valid longer than 398 days.
const leafDays = 90
const renewBeforeDays = 30
const alwaysNamed = ['localhost', '127.0.0.1', '::1']

/**
 * The local CA of a workspace, kept in `<folder>/.gatehouse/tls/` (key with mode 0600), made on first use and made anew
 * when it is unreadable or within 30 days of its end. Rejects where the folder cannot be written.
 */
export async function ensureLocalCa(folder: string, now: number = Date.now()): Promise<LocalCa> {
  const place = join(folder, '.gatehouse', 'tls')
  const kept = await readPair(place, 'ca')
  if (kept && isFresh(kept.certificate, now)) return { folder, ...kept }
  const x509 = await loadX509()
  const keys = await subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: `CN=Gatehouse local CA ${randomBytes(3).toString('hex')}, O=Gatehouse`,
    notBefore: new Date(now - dayMs),
    notAfter: new Date(now + caDays * dayMs),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  const made = { certificate: certificate.toString('pem'), key: await keyPem(keys.privateKey) }
  await writePair(place, 'ca', made)
  return { folder, ...made }
}

/** PEM of the CA certificate, for clients that shall trust it (`curl --cacert`). */
export function caPem(ca: LocalCa): string {
  return ca.certificate
}

/** Path of the CA certificate, to be shown to people. */
export function caPath(folder: string): string {
  return join(folder, '.gatehouse', 'tls', 'ca.pem')
}

/**
 * A server certificate of the CA for `names` (hosts and addresses); localhost, 127.0.0.1 and ::1 are always among them.
 * Without further names it is kept beside the CA and renewed within 30 days of its end; others live in memory.
 */
export async function leafFor(ca: LocalCa, names: readonly string[], now: number = Date.now()): Promise<Leaf> {
  const place = join(ca.folder, '.gatehouse', 'tls')
  if (names.length > 0) return makeLeaf(ca, names, 'server', now)
  const kept = await readPair(place, 'localhost')
  if (kept && isFresh(kept.certificate, now) && isIssuedBy(kept.certificate, ca)) return kept
  const made = await makeLeaf(ca, [], 'server', now)
  await writePair(place, 'localhost', made)
  return made
}

/**
 * A server certificate of the CA for one host (a name or an address) and nothing else, which the forward proxy shows in
 * that host's place. Loopback hosts get all their names.
 */
export function hostLeafFor(ca: LocalCa, host: string, now: number = Date.now()): Promise<Leaf> {
  return makeLeaf(ca, [host], alwaysNamed.includes(host) ? 'server' : 'host', now)
}

/** A client certificate of the CA with `commonName`, for trying `clientCertificates` and `mtls-auth`. */
export function clientLeafFor(ca: LocalCa, commonName: string, now: number = Date.now()): Promise<Leaf> {
  return makeLeaf(ca, [commonName], 'client', now)
}

async function makeLeaf(
  ca: LocalCa,
  names: readonly string[],
  usage: 'server' | 'host' | 'client',
  now: number,
): Promise<Leaf> {
  const x509 = await loadX509()
  const issuer = new x509.X509Certificate(ca.certificate)
  const signingKey = await subtle.importKey('pkcs8', x509.PemConverter.decodeFirst(ca.key), algorithm, false, ['sign'])
  const keys = await subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const hosts = usage === 'client' ? [] : [...new Set([...names, ...(usage === 'server' ? alwaysNamed : [])])]
  const alternatives = hosts.map((host) => ({ type: isIP(host) ? ('ip' as const) : ('dns' as const), value: host }))
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    // A structured name, so that nothing in `names` can add attributes of its own.
    subject: [{ CN: [(names[0] ?? 'localhost').slice(0, 64)] }],
    issuer: issuer.subject,
    notBefore: new Date(now - dayMs),
    notAfter: new Date(Math.min(now + leafDays * dayMs, issuer.notAfter.getTime())),
    signingAlgorithm: algorithm,
    publicKey: keys.publicKey,
    signingKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([
        usage === 'client' ? x509.ExtendedKeyUsage.clientAuth : x509.ExtendedKeyUsage.serverAuth,
      ]),
      ...(alternatives.length > 0 ? [new x509.SubjectAlternativeNameExtension(alternatives)] : []),
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
    ],
  })
  return {
    certificate: `${certificate.toString('pem')}\n${ca.certificate}\n`,
    key: await keyPem(keys.privateKey),
  }
}

// Serial numbers are positive and hold 64 random bits or more (CA/Browser Forum 7.1).
function serialNumber(): string {
  const bytes = randomBytes(16)
  bytes[0] = (bytes[0]! & 0x3f) | 0x40
  return bytes.toString('hex')
}

async function keyPem(key: CryptoKey): Promise<string> {
  const { PemConverter } = await loadX509()
  return PemConverter.encode(await subtle.exportKey('pkcs8', key), 'PRIVATE KEY')
}

function isFresh(pem: string, now: number): boolean {
  try {
    const certificate = new X509Certificate(pem)
    return Date.parse(certificate.validFrom) <= now && Date.parse(certificate.validTo) - now > renewBeforeDays * dayMs
  } catch {
    return false
  }
}

function isIssuedBy(pem: string, ca: LocalCa): boolean {
  return new X509Certificate(pem).verify(new X509Certificate(ca.certificate).publicKey)
}

async function readPair(place: string, name: string): Promise<{ certificate: string; key: string } | undefined> {
  try {
    const [certificate, key] = await Promise.all([
      readFile(join(place, `${name}.pem`), 'utf8'),
      readFile(join(place, `${name}.key.pem`), 'utf8'),
    ])
    return { certificate, key }
  } catch {
    return undefined
  }
}

async function writePair(place: string, name: string, pair: { certificate: string; key: string }): Promise<void> {
  await mkdir(place, { recursive: true, mode: 0o700 })
  // Keys must not be committed by accident; a file that is there already stays.
  await writeFile(join(place, '.gitignore'), '*\n', { flag: 'wx' }).catch(() => undefined)
  // Written beside and renamed, so that nobody ever reads half a file.
  for (const [file, text] of [
    [`${name}.key.pem`, pair.key],
    [`${name}.pem`, pair.certificate],
  ] as const) {
    const path = join(place, file)
    const beside = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`
    await writeFile(beside, text, { mode: 0o600 })
    await rename(beside, path)
  }
}
