import { generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { SignJWT } from 'jose'

/** An issuer of tokens that lives in the benchmark's own process: its keys, its documents on loopback, its tokens. */
export interface Issuer {
  url: string
  jwksUrl: string
  audience: string
  /** The public key: PEM text, and the same in a file. */
  publicPem: string
  publicPemFile: string
  /** Tokens of different subjects, sent in turn. */
  tokens: string[]
  /** Tokens that must be refused with 401, by what is wrong with them. */
  badTokens: Record<string, string>
  close(): void
}

/** So many clients share the load. Each sends its own token again and again, as real clients do. */
const clients = 64

export async function startIssuer(folder: string): Promise<Issuer> {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'bench', alg: 'RS256', use: 'sig' }
  let url = ''
  const server = createServer((request, response) => {
    const documents: Record<string, unknown> = {
      '/jwks.json': { keys: [jwk] },
      '/.well-known/jwks.json': { keys: [jwk] },
      '/.well-known/openid-configuration': { issuer: url, jwks_uri: `${url}/jwks.json` },
    }
    const document = documents[request.url ?? '']
    response.writeHead(document ? 200 : 404, { 'content-type': 'application/json' }).end(JSON.stringify(document ?? {}))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const audience = 'bench'
  const sign = (subject: string, { lifetime = 86_400, to = audience, key = privateKey } = {}) => {
    const now = Math.floor(Date.now() / 1000)
    return new SignJWT({ scope: 'read write' })
      .setProtectedHeader({ alg: 'RS256', kid: 'bench', typ: 'JWT' })
      .setIssuer(url)
      .setAudience(to)
      .setSubject(subject)
      .setIssuedAt(now - 3600)
      .setExpirationTime(now + lifetime)
      .sign(key)
  }
  const publicPem = publicKey.export({ format: 'pem', type: 'spki' }).toString()
  const publicPemFile = join(folder, 'public.pem')
  writeFileSync(publicPemFile, publicPem)
  return {
    url,
    jwksUrl: `${url}/jwks.json`,
    audience,
    publicPem,
    publicPemFile,
    tokens: await Promise.all(Array.from({ length: clients }, (_, index) => sign(`client-${index}`))),
    badTokens: {
      'signed by another key': await sign('client-0', { key: stranger }),
      expired: await sign('client-0', { lifetime: -1800 }),
      'for another audience': await sign('client-0', { to: 'elsewhere' }),
    },
    close: () => server.close(),
  }
}
