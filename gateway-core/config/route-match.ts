import { RE2JS } from 're2js'
import type { DiagnosticCode } from '../errors.ts'
import type { PathMatch, RouteMatch, ValueMatch } from './workspace.ts'

type Mapping = Record<string, unknown>

/** Reports something about the value at a pointer from the route. */
export type RouteReport = (pointer: string, code: DiagnosticCode, message: string, suggestion?: string) => void

/** What a route matches. `hosts` are those of the API, for routes that name none. */
export function routeMatchOf(route: Mapping, hosts: readonly string[], report: RouteReport): RouteMatch {
  const isDefault = route['default'] === true
  if (isDefault && route['path'] !== undefined) {
    report('/path', 'BAD_VALUE', 'a default route takes every path', 'remove "path", or "default"')
  }
  return {
    hosts: route['host'] === undefined ? hosts : hostsOf(route['host'], '/host', report),
    path: isDefault || route['path'] === undefined ? { kind: 'any' } : pathMatchOf(route['path'], report),
    methods: ((route['methods'] ?? []) as string[]).map((method) => method.toUpperCase()),
    headers: valueMatchesOf('headers', route['headers'], report),
    query: valueMatchesOf('query', route['query'], report),
  }
}

/** Hosts in lower case, each exact or `*.example.com`. */
export function hostsOf(written: unknown, pointer: string, report: RouteReport): string[] {
  if (written === undefined) return []
  const list = Array.isArray(written) ? (written as string[]) : [written as string]
  for (const [at, host] of list.entries()) {
    if (isHost(host)) continue
    const where = Array.isArray(written) ? `${pointer}/${at}` : pointer
    const suggestion = 'write it like api.example.com or *.example.com, without a scheme'
    report(where, 'BAD_VALUE', `"${host}" is not a host name`, suggestion)
  }
  return list.map((host) => host.toLowerCase())
}

const hostForm =
  /^(?:\*\.)?(?:[a-z0-9_-]+\.)*[a-z0-9_-]+$|^(?:(?:[a-z0-9_-]+\.)*[a-z0-9_-]+|\[[0-9a-f:.]+\])(?::(\d{1,5}))?$/i

function isHost(text: string): boolean {
  const match = hostForm.exec(text)
  return match !== null && Number(match[1] ?? 0) <= 65_535 && !/(?:^|\.)-|-(?:\.|:|$)/.test(text)
}

function pathMatchOf(written: unknown, report: RouteReport): PathMatch {
  if (typeof written === 'string') {
    return written.endsWith('/*') ? prefixOf(written, '/path', report) : templateOf(written, '/path', report)
  }
  const path = written as { prefix?: string; template?: string; expression?: string }
  if (path.prefix !== undefined) return prefixOf(path.prefix, '/path/prefix', report)
  if (path.template !== undefined) return templateOf(path.template, '/path/template', report)
  checkExpression(path.expression!, '/path/expression', report)
  if (/^\^?[\w-]/.test(path.expression!) && !path.expression!.includes('|')) {
    const message = 'no path matches this: it has to match the whole path, which begins with a slash'
    report('/path/expression', 'BAD_VALUE', message, `write it like: /${path.expression!.replace(/^\^/, '')}`)
  }
  return { kind: 'expression', value: path.expression! }
}

function prefixOf(written: string, pointer: string, report: RouteReport): PathMatch {
  const base = written.replace(/\/\*?$/, '')
  checkPath(base === '' ? '/' : base, pointer, report)
  return { kind: 'prefix', value: `${base}/*` }
}

function templateOf(written: string, pointer: string, report: RouteReport): PathMatch {
  checkPath(written, pointer, report)
  return { kind: 'template', value: written }
}

function checkPath(path: string, pointer: string, report: RouteReport): void {
  const bad = (message: string, suggestion: string) => report(pointer, 'BAD_VALUE', message, suggestion)
  if (!path.startsWith('/'))
    return bad(`the path "${path}" does not begin with a slash`, `write it like: path: /${path}`)
  if (path.includes('?')) return bad(`"${path}" holds a query`, 'match the query with query: { name: value }')
  const wrong = /[#\s\\]|%(?![0-9a-f]{2})/i.exec(path)?.[0]
  if (wrong !== undefined) {
    const meant =
      wrong === '\\'
        ? 'write / for it'
        : `write ${wrong === '%' ? '%25' : encodeURIComponent(wrong)} for it, or leave it out`
    return bad(`"${path}" is not a path: ${JSON.stringify(wrong)} cannot stand in one`, meant)
  }
  if (/%(?:2f|5c|00)/i.test(path)) {
    return bad(
      `no request has the path "${path}": an encoded slash, backslash or NUL is refused`,
      'write the path without it',
    )
  }
  const segments = path.split('/').slice(1)
  if (
    segments.some(
      (segment) =>
        segment === '.' || segment === '..' || (segment === '' && segments.length > 1 && segment !== segments.at(-1)),
    )
  ) {
    return bad(
      `no request has the path "${path}": dot and empty segments are not routed`,
      'write the path without them',
    )
  }
  if (path.includes('*')) {
    const suggestion = 'write /books/* for a prefix, /books/{id} for one segment, or path: { expression: … }'
    return bad(`a * stands only at the end, after a slash, but this is "${path}"`, suggestion)
  }
  const names = parametersOf(path)
  if (segments.some((segment) => !/^[^{}]*(\{[A-Za-z_][\w.-]*\}[^{}]*)?$/.test(segment))) {
    return bad(`the parameters of "${path}" are not readable`, 'write one {name} per segment')
  }
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  if (twice !== undefined) bad(`the parameter {${twice}} stands twice in the path`, 'give each its own name')
}

/** Names of the `{parameters}` of a template or prefix, or of the named groups of an expression. */
export function parametersOf(path: string): string[] {
  return [...path.matchAll(/\{([A-Za-z_][\w.-]*)\}|\(\?P?<([A-Za-z_]\w*)>/g)].map((match) => (match[1] ?? match[2])!)
}

function valueMatchesOf(key: 'headers' | 'query', written: unknown, report: RouteReport): ValueMatch[] {
  return Object.entries((written ?? {}) as Mapping).map(([name, value]) => {
    if (key === 'headers' && !/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) {
      const message = `no request has the header "${name}": a name holds no spaces and no separators`
      report(
        `/${key}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`,
        'BAD_VALUE',
        message,
        'write it like X-Api-Version',
      )
    }
    if (value === true) return { name }
    if (typeof value === 'string' || typeof value === 'number') return { name, equals: String(value) }
    const { matches } = value as { matches: string }
    checkExpression(matches, `/${key}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}/matches`, report)
    return { name, matches }
  })
}

function checkExpression(source: string, pointer: string, report: RouteReport): void {
  try {
    RE2JS.compile(source)
  } catch (error) {
    const suggestion = 'RE2 has no look-around and no back references'
    report(pointer, 'BAD_EXPRESSION', `the expression does not compile: ${(error as Error).message}`, suggestion)
  }
}

/** What is removed before forwarding, or undefined. */
export function stripPrefixOf(written: unknown, path: PathMatch, report: RouteReport): string | undefined {
  if (written === undefined || written === false) return undefined
  const start = path.kind === 'prefix' || path.kind === 'template' ? literalStart(path) : undefined
  if (written === true) {
    if (start !== undefined && start !== '') return start
    const message = 'the path of this route has no fixed start that could be removed'
    report('/stripPrefix', 'BAD_VALUE', message, 'write the prefix: stripPrefix: /api')
    return undefined
  }
  const prefix = (written as string).replace(/\/$/, '')
  if (!prefix.startsWith('/')) {
    report('/stripPrefix', 'BAD_VALUE', `the prefix "${prefix}" does not begin with a slash`, `write /${prefix}`)
  } else if (start !== undefined && start !== prefix && !start.startsWith(`${prefix}/`)) {
    const message = `the paths of this route do not begin with "${prefix}"`
    report('/stripPrefix', 'BAD_VALUE', message, start === '' ? 'remove it' : `they begin with ${start}`)
  }
  return prefix
}

/** The segments before the first parameter; for a template without parameters, all but the last. */
function literalStart(path: { kind: string; value: string }): string {
  const segments = (path.kind === 'prefix' ? path.value.slice(0, -2) : path.value).split('/')
  const variable = segments.findIndex((segment) => segment.includes('{'))
  if (variable !== -1) return segments.slice(0, variable).join('/')
  return path.kind === 'prefix' ? segments.join('/') : segments.slice(0, -1).join('/')
}

/** The path template that is forwarded instead; its parameters have to be those of the path. */
export function rewriteOf(written: unknown, path: PathMatch, report: RouteReport): string | undefined {
  if (typeof written !== 'string') return undefined
  if (!written.startsWith('/')) {
    report('/rewrite', 'BAD_VALUE', `the path "${written}" does not begin with a slash`, `write /${written}`)
  }
  if (/[?#\s\\]|\/\.{1,2}(?:\/|$)/.test(written)) {
    const message = `"${written}" is not a path: a query, a fragment, spaces and dot segments cannot be forwarded as one`
    report('/rewrite', 'BAD_VALUE', message, 'write the path alone; request-transformer changes the query')
  }
  const known = path.kind === 'any' ? [] : parametersOf(path.value)
  for (const name of parametersOf(written)) {
    if (known.includes(name)) continue
    const suggestion = known.length > 0 ? `it has {${known.join('}, {')}}` : 'it has no parameters'
    report('/rewrite', 'UNKNOWN_REFERENCE', `the path of this route has no parameter {${name}}`, suggestion)
  }
  return written
}
