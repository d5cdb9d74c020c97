import { type Jwk, keysId, readPublicKeys } from '../../config/public-keys.ts'
import type { KeySource } from '../../pipeline/facts.ts'
import type { Setup } from '../../pipeline/policy.ts'
import { asymmetricAlgorithms, secretAlgorithms } from './schema.ts'

/** How tokens of one issuer are verified. */
export interface Issuer {
  readonly source: KeySource
  readonly algorithms: ReadonlySet<string>
  /** Empty: not judged. */
  readonly audience: readonly string[]
}

/** The issuers of a configuration by their name; `any` verifies tokens whoever issued them. */
export interface Issuers {
  readonly byName: ReadonlyMap<string, Issuer>
  readonly any: Issuer | undefined
  /** Every algorithm that some issuer accepts. */
  readonly algorithms: ReadonlySet<string>
}

/** The part of a configuration that names keys; the same at the top and in `issuers`. */
export interface KeyConfig {
  readonly jwks?: string
  readonly keys?: string | Jwk | readonly (string | Jwk)[]
  readonly secret?: string
  readonly secretEncoding: 'utf-8' | 'base64' | 'base64url'
  readonly allowHttp: boolean
  readonly algorithms?: readonly string[]
  readonly audience?: string | readonly string[]
}

interface IssuersConfig extends KeyConfig {
  readonly issuer?: string | readonly string[]
  readonly issuers?: readonly (KeyConfig & { readonly issuer: string })[]
}

/** Prepares the issuers and says what cannot work. */
export function prepareIssuers(config: IssuersConfig, setup: Setup): Issuers {
  const byName = new Map<string, Issuer>()
  const names = config.issuer === undefined ? [] : [config.issuer].flat()
  for (const name of names) byName.set(name, prepareIssuer(name, config, '', '/issuer', setup))
  for (const [at, entry] of (config.issuers ?? []).entries()) {
    const pointer = `/issuers/${at}`
    if (byName.has(entry.issuer)) {
      setup.problem(`${pointer}/issuer`, 'DUPLICATE_NAME', `the issuer ${entry.issuer} stands here twice`)
    }
    const { algorithms = config.algorithms, audience = config.audience } = entry
    byName.set(
      entry.issuer,
      prepareIssuer(entry.issuer, { ...entry, algorithms, audience }, pointer, `${pointer}/issuer`, setup),
    )
  }
  const hasKeys = config.jwks !== undefined || config.keys !== undefined || config.secret !== undefined
  if (byName.size === 0 && !hasKeys) {
    setup.problem(
      '',
      'MISSING_KEY',
      'jwt-auth does not know whose tokens to accept',
      'write issuer: https://… or jwks: https://…',
    )
  }
  const any = byName.size === 0 && hasKeys ? prepareIssuer(undefined, config, '', '', setup) : undefined
  const all = any ? [any] : [...byName.values()]
  return { byName, any, algorithms: new Set(all.flatMap(({ algorithms }) => [...algorithms])) }
}

function prepareIssuer(name: string | undefined, config: KeyConfig, pointer: string, at: string, setup: Setup): Issuer {
  const given = (['jwks', 'keys', 'secret'] as const).filter((key) => config[key] !== undefined)
  if (given.length > 1) {
    const message = `${given.join(' and ')} cannot stand together: which keys count would be a guess`
    setup.problem(`${pointer}/${given[1]!}`, 'BAD_VALUE', message, `keep one of them, or list them under issuers`)
  }
  return {
    source: keySource(name, config, pointer, at, setup),
    algorithms: allowedAlgorithms(config, pointer, setup),
    audience: config.audience === undefined ? [] : [config.audience].flat(),
  }
}

function keySource(name: string | undefined, config: KeyConfig, pointer: string, at: string, setup: Setup): KeySource {
  if (config.secret !== undefined) return secretSource(config.secret, config.secretEncoding, pointer, setup)
  if (config.keys !== undefined) return fixedKeys([config.keys].flat(), pointer, setup)
  const http = config.allowHttp ? ({ allowHttp: true } as const) : undefined
  const url = config.jwks ?? name ?? ''
  if (url === '') return { id: 'keys:none', keys: [] }
  checkUrl(url, config.jwks === undefined ? at : `${pointer}/jwks`, config, setup)
  const suffix = http ? '|http' : ''
  if (config.jwks !== undefined) return { id: `jwks:${url}${suffix}`, jwks: url, ...http }
  return { id: `issuer:${url}${suffix}`, issuer: url, ...http }
}

function checkUrl(url: string, pointer: string, config: KeyConfig, setup: Setup): void {
  const parsed = URL.parse(url)
  if (!parsed || (parsed.protocol !== 'https:' && parsed.protocol !== 'http:')) {
    const suggestion =
      config.jwks === undefined ? 'write https://…, or say where its keys are: jwks or keys' : 'write https://…'
    setup.problem(pointer, 'BAD_ADDRESS', `"${url}" is not a URL that keys can be fetched from`, suggestion)
  } else if (config.allowHttp && parsed.protocol === 'http:') {
    setup.problem(
      pointer,
      'UNSAFE',
      `keys of ${url} come by plain http: whoever stands on the way can sign tokens`,
      'use https',
    )
  }
}

function fixedKeys(written: readonly (string | Jwk)[], pointer: string, setup: Setup): KeySource {
  const keys: Jwk[] = []
  for (const [at, one] of written.entries()) {
    const reading = readPublicKeys(one)
    if ('keys' in reading) keys.push(...reading.keys)
    else
      setup.problem(
        written.length === 1 ? `${pointer}/keys` : `${pointer}/keys/${at}`,
        'BAD_VALUE',
        reading.problem,
        reading.suggestion,
      )
  }
  return { id: `keys:${keysId(keys)}`, keys }
}

function secretSource(secret: string, encoding: KeyConfig['secretEncoding'], pointer: string, setup: Setup): KeySource {
  const bytes = Buffer.from(secret, encoding)
  if (bytes.length < 32) {
    const message = `the secret has ${bytes.length} bytes; HS256 needs 32 (RFC 7518 §3.2), and a short one is guessed from a single token`
    setup.problem(`${pointer}/secret`, 'BAD_VALUE', message, 'make one with: openssl rand -base64 48')
  }
  // Named by its tag: the id stands in records.
  return { id: `secret:${setup.tag(secret)}`, keys: [{ kty: 'oct', k: bytes.toString('base64url') }] }
}

function allowedAlgorithms(config: KeyConfig, pointer: string, setup: Setup): ReadonlySet<string> {
  const possible: readonly string[] = config.secret === undefined ? asymmetricAlgorithms : secretAlgorithms
  const wrong = config.algorithms?.find((name) => !possible.includes(name))
  if (wrong !== undefined) {
    const why = wrong.startsWith('HS')
      ? `${wrong} needs a shared secret; with public keys anybody could make such tokens`
      : `${wrong} needs public keys, and a shared secret is given`
    setup.problem(`${pointer}/algorithms`, 'BAD_VALUE', why, `write some of ${possible.join(', ')}`)
  }
  return new Set(config.algorithms?.filter((name) => possible.includes(name)) ?? possible)
}
