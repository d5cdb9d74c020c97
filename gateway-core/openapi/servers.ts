import { isObject } from './pointer.ts'

/**
 * Base paths of a `servers` list (OpenAPI 3.1 §4.8.5), without a trailing slash; `''` is the root. Variables are
 * filled with their default and each value of their `enum`; hosts are not looked at, since a gateway has its own.
 */
export function basePathsOf(servers: unknown): string[] {
  if (!Array.isArray(servers)) return []
  const paths = new Set<string>()
  for (const server of servers) {
    if (!isObject(server) || typeof server['url'] !== 'string') continue
    for (const url of expand(server['url'], server['variables'])) paths.add(pathOf(url))
  }
  return [...paths]
}

/** More combinations of variables than this are not worth a look-up on each request. */
const mostCombinations = 32

function expand(url: string, variables: unknown): string[] {
  let urls = [url]
  if (!isObject(variables)) return urls
  for (const [name, variable] of Object.entries(variables)) {
    if (!isObject(variable)) continue
    const written = Array.isArray(variable['enum']) ? variable['enum'] : []
    const values = [...new Set([variable['default'], ...written])].filter(
      (value) => typeof value === 'string' || typeof value === 'number',
    )
    if (values.length === 0 || values.length * urls.length > mostCombinations) continue
    urls = urls.flatMap((one) => values.map((value) => one.replaceAll(`{${name}}`, String(value))))
  }
  return urls
}

function pathOf(url: string): string {
  const withoutOrigin = url.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '').replace(/^\/\/[^/?#]*/, '')
  const path = withoutOrigin.replace(/[?#].*$/, '').replace(/\/+$/, '')
  return path === '' || path.startsWith('/') ? path : `/${path.replace(/^\.\//, '')}`
}
