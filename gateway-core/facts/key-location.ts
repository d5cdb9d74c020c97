import { type FetchedJson, fetchJson, type FetchOptions } from './fetch-json.ts'

/** Where keys are fetched from. */
export type KeyLocation = ({ issuer: string } | { jwks: string }) & { allowHttp?: true }

/** Fetches the JWK set of a location; for an issuer, its metadata first (OpenID Connect Discovery, RFC 8414). */
export async function fetchKeys(location: KeyLocation, options: FetchOptions): Promise<FetchedJson> {
  if ('jwks' in location) return fetchJwks(location.jwks, allowed(location, undefined), options)
  const { issuer } = location
  const may = allowed(location, issuer)
  const refused = may(issuer)
  if (refused !== undefined) return { problem: refused }
  const problems: string[] = []
  for (const url of metadataUrls(issuer)) {
    const metadata = await fetchJson(url, options)
    if ('problem' in metadata) {
      problems.push(metadata.problem)
      continue
    }
    const { issuer: named, jwks_uri: jwks } = (metadata.value ?? {}) as Record<string, unknown>
    // RFC 8414 §3.3: metadata of somebody else's must not be used.
    if (named !== issuer) {
      problems.push(`${url} describes another issuer than ${issuer}`)
    } else if (typeof jwks !== 'string') {
      problems.push(`${url} names no jwks_uri`)
    } else return fetchJwks(jwks, may, options)
  }
  return { problem: problems.join('; ') }
}

async function fetchJwks(
  url: string,
  may: (url: string) => string | undefined,
  options: FetchOptions,
): Promise<FetchedJson> {
  const refused = may(url)
  if (refused !== undefined) return { problem: refused }
  const answer = await fetchJson(url, options)
  if ('problem' in answer) return answer
  const keys = (answer.value as { keys?: unknown } | null)?.keys
  if (!Array.isArray(keys)) return { problem: `${url} did not answer a JWK set ({"keys": [...]})` }
  return { value: keys, maxAgeMs: answer.maxAgeMs }
}

/** OpenID Connect appends to the issuer's path, RFC 8414 §3.1 inserts before it. */
function metadataUrls(issuer: string): string[] {
  const { origin, pathname } = new URL(issuer)
  const path = pathname.replace(/\/$/, '')
  return [
    `${origin}${path}/.well-known/openid-configuration`,
    `${origin}/.well-known/oauth-authorization-server${path}`,
  ]
}

/**
 * Says why an address may not be asked. Keys decide who comes in, so they travel by https; http is for loopback, and an
 * issuer elsewhere may not point its keys there.
 */
function allowed(location: KeyLocation, issuer: string | undefined): (url: string) => string | undefined {
  return (url) => {
    const parsed = URL.parse(url)
    if (!parsed) return `${url} is not a URL`
    if (parsed.protocol === 'https:' || (parsed.protocol === 'http:' && location.allowHttp)) return undefined
    if (parsed.protocol !== 'http:') return `${url} is neither https nor http`
    const from = issuer === undefined ? parsed : URL.parse(issuer)
    if (isLoopback(parsed.hostname) && from !== null && isLoopback(from.hostname)) return undefined
    return `${url} is http, by which anybody on the way could put in keys of their own; use https`
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host)
}
