import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import type { Finding } from './problems.ts'

type Key = 'certificate' | 'key' | 'clientCa' | 'ca'
type Report = (key: Key, finding: Finding) => void

/** A certificate is of use only with its private key, and the key only with it. */
export function reportHalfPair({ certificate, key }: Readonly<Record<string, unknown>>, report: Report): void {
  if ((certificate === undefined) === (key === undefined)) return
  const [there, missing] =
    certificate === undefined ? (['key', 'certificate'] as const) : (['certificate', 'key'] as const)
  const message = `"${there}" needs "${missing}" beside it`
  report(there, { code: 'MISSING_KEY', part: 'key', message, suggestion: `add ${missing}: …, or remove ${there}` })
}

/** Reports PEM texts that no TLS can be spoken with: what is no certificate, no key, or not the key of the certificate. */
export function reportUnusable(pems: Readonly<Partial<Record<Key, string | undefined>>>, report: Report): void {
  const read = new Map<Key, X509Certificate | KeyObject>()
  for (const name of ['certificate', 'clientCa', 'ca', 'key'] as const) {
    const text = pems[name]
    if (text === undefined) continue
    try {
      read.set(name, name === 'key' ? createPrivateKey(text) : new X509Certificate(text))
    } catch {
      report(name, { code: 'BAD_VALUE', ...wrongWith(name, text) })
    }
  }
  const certificate = read.get('certificate')
  const key = read.get('key')
  if (!(certificate instanceof X509Certificate) || !key || key instanceof X509Certificate) return
  if (certificate.checkPrivateKey(key)) return
  const suggestion = 'name the key that the certificate was made with'
  report('key', { code: 'BAD_VALUE', message: 'this private key is not that of the certificate', suggestion })
}

function wrongWith(name: Key, text: string): { message: string; suggestion: string } {
  if (name === 'key' && /ENCRYPTED/.test(text)) {
    const suggestion = 'write it without: openssl pkey -in encrypted.pem -out key.pem'
    return { message: 'this private key is under a passphrase', suggestion }
  }
  return name === 'key'
    ? { message: 'this is no private key that can be read', suggestion: 'name a PEM file with BEGIN PRIVATE KEY' }
    : { message: 'this is no certificate that can be read', suggestion: 'name a PEM file with BEGIN CERTIFICATE' }
}
