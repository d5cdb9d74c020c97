import { LabKeys } from '../tokens/lab-keys.ts'
import { isCertificateName, knownThumbprint, makeClientCertificate } from '../tokens/client-certificate.ts'
import { dpopProof } from '../tokens/dpop.ts'
import { visible } from '../visible.ts'
import { CannotRun, type ExitCode } from './command.ts'
import { type Io, printJson } from './io.ts'
import { shownPath } from './load.ts'

export interface BindingOptions {
  dpop?: boolean
  certificate?: string
  token?: string
  nonce?: string
  json?: boolean
}

/** What a token says of whoever may use it (`cnf`, RFC 7800); undefined when it is bound to nobody. */
export async function confirmationFor(
  folder: string,
  keys: LabKeys,
  { dpop, certificate }: BindingOptions,
): Promise<Record<string, string> | undefined> {
  if (certificate !== undefined) {
    const thumbprint = isCertificateName(certificate) ? await knownThumbprint(folder, certificate) : undefined
    if (thumbprint === undefined) {
      const name = visible(certificate, 60)
      throw new CannotRun(`there is no client certificate ${name}`, `make it: gatehouse token certificate ${name}`)
    }
    return { 'x5t#S256': thumbprint }
  }
  return dpop ? { jkt: keys.proofKey().thumbprint } : undefined
}

/** A DPoP proof for one request, by the key that minted tokens are bound to. */
export function printProof(io: Io, keys: LabKeys, request: string | undefined, options: BindingOptions): ExitCode {
  const said = (request ?? '').trim().split(/\s+/)
  const [method, url] = said.length === 1 ? ['GET', said[0]!] : (said as [string, string])
  if (!URL.canParse(url)) {
    throw new CannotRun('a proof names the whole URL of its request', 'write token proof "GET https://host/path"')
  }
  const { token, nonce } = options
  const of = { method, url, ...(token !== undefined && { token }), ...(nonce !== undefined && { nonce }) }
  const proof = dpopProof(keys.proofKey(), of, Date.now())
  if (options.json) printJson(io, { proof })
  else io.print(proof)
  return 0
}

export async function printCertificate(
  io: Io,
  folder: string,
  name: string | undefined,
  json: boolean,
): Promise<ExitCode> {
  if (name === undefined || !isCertificateName(name)) {
    throw new CannotRun('a certificate needs a name', 'use letters, digits, . _ @ -: gatehouse token certificate anna')
  }
  const made = await makeClientCertificate(folder, name)
  if (json) printJson(io, made)
  else {
    io.print(`certificate  ${shownPath(io, made.certificate)}`)
    io.print(`key          ${shownPath(io, made.key)}`)
    io.print(`x5t#S256     ${made.thumbprint}`)
  }
  return 0
}
