import { createHash, X509Certificate } from 'node:crypto'

/** Every Java reads it, and it guards nothing: certificates are public. */
export const trustStorePassword = 'changeit'

const magic = 0xfeedfeed
const trustedCertificate = 2

/**
 * A Java key store (JKS) that trusts these certificates (PEM, one or several in each text), written here because Java's own
 * tool takes a second. Certificates that cannot be read are left out.
 */
export function javaTrustStore(pems: readonly string[], now: number): Buffer {
  const ders = new Map<string, Buffer>()
  for (const pem of pems.flatMap(certificatesIn)) {
    const der = derOf(pem)
    if (der) ders.set(createHash('sha256').update(der).digest('hex'), der)
  }
  const parts = [numbers(magic, 2, ders.size)]
  for (const [alias, der] of ders) {
    const date = Buffer.alloc(8)
    date.writeBigInt64BE(BigInt(now))
    parts.push(numbers(trustedCertificate), utf(alias), date, utf('X.509'), numbers(der.length), der)
  }
  const store = Buffer.concat(parts)
  const password = Buffer.from(trustStorePassword, 'utf16le').swap16()
  const seal = createHash('sha1').update(password).update('Mighty Aphrodite').update(store).digest()
  return Buffer.concat([store, seal])
}

function certificatesIn(text: string): string[] {
  return text.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? []
}

function derOf(pem: string): Buffer | undefined {
  try {
    return new X509Certificate(pem).raw
  } catch {
    return undefined
  }
}

function numbers(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4)
  values.forEach((value, at) => bytes.writeUInt32BE(value, at * 4))
  return bytes
}

/** Text with its length before it, as Java's `writeUTF` has it; ours is ASCII. */
function utf(text: string): Buffer {
  const length = Buffer.alloc(2)
  length.writeUInt16BE(text.length)
  return Buffer.concat([length, Buffer.from(text)])
}
