import { createHash, X509Certificate } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ClientCertificate } from '../protocol/tokens.ts'
import { clientLeafFor, ensureLocalCa } from '../proxy/local-ca.ts'

/** Whether a certificate may be called so: the name is that of its files too. */
export function isCertificateName(name: string): boolean {
  return /^[\w. @-]{1,64}$/.test(name)
}

/** Makes a client certificate of the local CA, below `.gatehouse/tls/clients`. */
export async function makeClientCertificate(folder: string, name: string): Promise<ClientCertificate> {
  const leaf = await clientLeafFor(await ensureLocalCa(folder), name)
  const file = fileOf(folder, name)
  await mkdir(join(file, '..'), { recursive: true, mode: 0o700 })
  await writeFile(`${file}.pem`, leaf.certificate, { mode: 0o600 })
  await writeFile(`${file}.key.pem`, leaf.key, { mode: 0o600 })
  return { certificate: `${file}.pem`, key: `${file}.key.pem`, thumbprint: thumbprintOf(leaf.certificate) }
}

/** The thumbprint of a certificate that was made before; undefined when there is none of that name. */
export async function knownThumbprint(folder: string, name: string): Promise<string | undefined> {
  try {
    return thumbprintOf(await readFile(`${fileOf(folder, name)}.pem`, 'utf8'))
  } catch {
    return undefined
  }
}

function fileOf(folder: string, name: string): string {
  return join(folder, '.gatehouse', 'tls', 'clients', name.replaceAll(/[^\w.-]/g, '_'))
}

/** `x5t#S256` (RFC 8705 §3.1). */
function thumbprintOf(certificate: string): string {
  return createHash('sha256').update(new X509Certificate(certificate).raw).digest('base64url')
}
