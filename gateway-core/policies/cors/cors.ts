import { durationSchema, parseDuration } from '../../config/units.ts'
import type { Evidence, Exchange } from '../../exchange.ts'
import type { HeaderList } from '../../headers.ts'
import { type Change, deny, type HeaderField, modify, type Outcome, pass } from '../../pipeline/outcome.ts'
import { definePolicy } from '../../pipeline/policy.ts'
import { checkedOrigin, isOrigin, matcher, subdomains, warnOfCredentials } from './origins.ts'

interface Cors {
  readonly anyOrigin: boolean
  readonly exact: ReadonlySet<string>
  readonly patterns: readonly ((origin: string) => boolean)[]
  /** What is allowed, for people. */
  readonly origins: string
  readonly methods: ReadonlySet<string> | undefined
  readonly methodList: string
  readonly headers: ReadonlySet<string> | undefined
  readonly headerList: string
  readonly exposed: string
  readonly credentials: boolean
  readonly maxAge: string
  readonly privateNetwork: boolean
  readonly denies: boolean
}

/** Tells browsers which pages may call the API (Fetch standard, CORS protocol), and refuses calls from others. */
export const cors = definePolicy({
  type: 'cors',
  docs: {
    summary: 'Tells browsers which origins may call, answers preflights, and refuses calls from other origins.',
    owasp: ['API8:2023'],
    example: `- cors:
    origins: [https://shop.example.com, "https://*.partner.example"]
    methods: [GET, POST, PATCH]
    headers: [Authorization, Content-Type]
    credentials: true
    maxAge: 10m`,
  },
  config: {
    type: 'object',
    additionalProperties: false,
    required: ['origins'],
    properties: {
      origins: {
        type: 'array',
        minItems: 1,
        items: {
          oneOf: [
            { type: 'string' },
            {
              type: 'object',
              additionalProperties: false,
              required: ['matches'],
              properties: {
                matches: { type: 'string', description: 'Regular expression (RE2) that the whole origin must match.' },
              },
            },
          ],
        },
        description:
          'Origins whose pages may call: `https://shop.example.com`, `https://*.example.com` (any subdomain, not the domain itself), `{ matches: <RE2> }`, `null` in quotes (sandboxed pages and files), or `*` for all.',
      },
      methods: {
        type: 'array',
        items: { type: 'string', pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$" },
        default: ['GET', 'HEAD', 'POST'],
        description:
          'Methods that pages may use; `*` for all. GET, HEAD and POST never need a preflight for themselves.',
      },
      headers: {
        type: 'array',
        items: { type: 'string', pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$" },
        default: [],
        description: 'Request headers that pages may set besides the safelisted ones; `*` for all.',
      },
      exposed: {
        type: 'array',
        items: { type: 'string', pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$" },
        default: [],
        description: 'Response headers that pages may read besides the safelisted ones.',
      },
      credentials: {
        type: 'boolean',
        default: false,
        description: 'Whether pages may send cookies and other credentials of the browser. Never together with `*`.',
      },
      maxAge: {
        ...durationSchema,
        default: '10m',
        description: 'How long browsers may remember a preflight; most of them keep it for at most two hours.',
      },
      privateNetwork: {
        type: 'boolean',
        default: false,
        description: 'Whether public pages may reach this API in a private network (Private Network Access).',
      },
      disallowed: {
        enum: ['deny', 'no-headers'],
        default: 'deny',
        description:
          'What happens to a call from another origin: refuse it (403), or let it pass without CORS headers, so that the browser keeps the response from the page but the upstream does the work.',
      },
    },
  },
  prepare: (config, setup): Cors => {
    const anyOrigin = config.origins.includes('*')
    const origins = config.origins.map((origin) => (typeof origin === 'string' ? origin : origin.matches))
    if (config.credentials) warnOfCredentials(config.origins, setup)
    if (config.credentials && config.exposed.includes('*')) {
      const message = 'with `credentials: true`, browsers take `*` for the name of a header: it exposes none'
      setup.problem(`/exposed/${config.exposed.indexOf('*')}`, 'UNUSED', message, 'name the headers')
    }
    // Browsers send methods as pages write them, and GET, PUT and their like in upper case.
    const methods = config.methods.map((method) => method.toUpperCase())
    const exact = new Set<string>()
    const patterns: ((origin: string) => boolean)[] = []
    config.origins.forEach((origin, at) => {
      if (origin === '*') return
      if (typeof origin !== 'string') patterns.push(matcher(origin.matches, `/origins/${at}/matches`, setup))
      else if (origin.includes('*')) patterns.push(subdomains(origin, `/origins/${at}`, setup))
      else exact.add(origin === 'null' ? origin : checkedOrigin(origin, `/origins/${at}`, setup))
    })
    const seconds = Math.floor((parseDuration(config.maxAge) ?? 0) / 1000)
    return {
      anyOrigin,
      exact,
      patterns,
      origins: origins.join(', '),
      methods: methods.includes('*') ? undefined : new Set([...methods, 'GET', 'HEAD', 'POST']),
      methodList: methods.join(', '),
      headers: config.headers.includes('*') ? undefined : new Set(config.headers.map((name) => name.toLowerCase())),
      headerList: config.headers.join(', '),
      exposed: config.exposed.join(', '),
      credentials: config.credentials && !anyOrigin,
      maxAge: String(seconds),
      privateNetwork: config.privateNetwork,
      denies: config.disallowed === 'deny',
    }
  },
  phases: { requestHeaders: judge, responseHeaders: tell },
})

function judge(cors: Cors, exchange: Exchange): Outcome {
  const { request } = exchange
  const origins = request.headers.all('origin')
  if (origins.length === 0) return pass
  const origin = allowedOrigin(cors, origins)
  if (isPreflight(exchange)) return preflight(cors, exchange, origin, origins)
  if (origin === undefined && cors.denies && !isSameOrigin(exchange, origins)) {
    return deny('ORIGIN_NOT_ALLOWED', [originEvidence(cors, origins)])
  }
  return pass
}

/** The allowed origin of the request. Several, or a list, are never one: no browser sends that. */
function allowedOrigin(cors: Cors, origins: readonly string[]): string | undefined {
  const origin = origins[0]
  if (origins.length !== 1 || origin === undefined) return undefined
  if (cors.exact.has(origin)) return origin
  if (cors.patterns.some((matches) => matches(origin))) return origin
  return cors.anyOrigin && isOrigin(origin) ? origin : undefined
}

/** A page of this very host, which needs no permission. TLS may end before the gateway, but not begin behind the page. */
function isSameOrigin(exchange: Exchange, origins: readonly string[]): boolean {
  if (origins.length !== 1) return false
  if (exchange.request.headers.get('sec-fetch-site') === 'same-origin') return true
  const [, scheme, host] = /^(https?):\/\/(.+)$/.exec(origins[0]!) ?? []
  return host === exchange.request.authority && (scheme === 'https' || exchange.request.scheme === 'http')
}

function isPreflight({ request }: Exchange): boolean {
  return (
    request.method === 'OPTIONS' &&
    request.headers.has('origin') &&
    request.headers.has('access-control-request-method')
  )
}

function preflight(cors: Cors, exchange: Exchange, origin: string | undefined, origins: readonly string[]): Outcome {
  const vary: HeaderField = ['Vary', preflightVary]
  if (origin === undefined) {
    const evidence = [originEvidence(cors, origins)]
    if (cors.denies) return deny('ORIGIN_NOT_ALLOWED', evidence, [vary])
    return { verdict: 'respond', response: { status: 204, headers: [vary] }, evidence }
  }
  const refused = preflightRefusal(cors, exchange.request.headers)
  if (refused && cors.denies) return deny('PREFLIGHT_NOT_ALLOWED', [refused], [vary])
  const headers: HeaderField[] = [['Access-Control-Allow-Origin', named(cors, origin)]]
  if (cors.credentials) headers.push(['Access-Control-Allow-Credentials', 'true'])
  if (!refused) headers.push(...permissions(cors, exchange.request.headers))
  headers.push(vary)
  return {
    verdict: 'respond',
    response: { status: 204, headers },
    evidence: [refused ?? originEvidence(cors, origins)],
  }
}

const preflightVary = 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers'

/** What a preflight asks for and may not have. Methods are case-sensitive (Fetch §4.8), header names are not. */
function preflightRefusal(cors: Cors, headers: HeaderList): Evidence | undefined {
  const methods = headers.all('access-control-request-method')
  const method = methods[0]!
  if (methods.length > 1 || !token.test(method) || (cors.methods && !cors.methods.has(method))) {
    const expected = `one of ${cors.methodList}`
    return { at: { in: 'header', name: 'access-control-request-method' }, observed: methods.join(', '), expected }
  }
  for (const name of requestedHeaders(headers)) {
    if (token.test(name) && (!cors.headers || cors.headers.has(name.toLowerCase()))) continue
    const expected = cors.headerList === '' ? 'no header beyond the safelisted ones' : `one of ${cors.headerList}`
    return { at: { in: 'header', name: 'access-control-request-headers' }, observed: name, expected }
  }
  if (headers.get('access-control-request-private-network') === 'true' && !cors.privateNetwork) {
    const at = { in: 'header', name: 'access-control-request-private-network' } as const
    return { at, observed: 'true', expected: 'no public page, because privateNetwork is false' }
  }
  return undefined
}

function requestedHeaders(headers: HeaderList): string[] {
  const names = headers.list('access-control-request-headers')?.split(',') ?? []
  return names.map((name) => name.trim()).filter((name) => name !== '')
}

/** Names are given back one by one even where all are allowed: `*` does not cover Authorization, nor calls with credentials. */
function permissions(cors: Cors, headers: HeaderList): HeaderField[] {
  const fields: HeaderField[] = []
  const method = headers.get('access-control-request-method')!
  fields.push(['Access-Control-Allow-Methods', cors.methods ? cors.methodList : method])
  const names = cors.headers ? cors.headerList : requestedHeaders(headers).join(', ')
  if (names !== '') fields.push(['Access-Control-Allow-Headers', names])
  fields.push(['Access-Control-Max-Age', cors.maxAge])
  if (headers.get('access-control-request-private-network') === 'true') {
    fields.push(['Access-Control-Allow-Private-Network', 'true'])
  }
  return fields
}

const corsHeaders = [
  'Access-Control-Allow-Origin',
  'Access-Control-Allow-Credentials',
  'Access-Control-Expose-Headers',
  'Access-Control-Allow-Methods',
  'Access-Control-Allow-Headers',
  'Access-Control-Max-Age',
  'Access-Control-Allow-Private-Network',
] as const

/** The response phase also sees denials and errors of the gateway, so that a page can read why it was refused. */
function tell(cors: Cors, exchange: Exchange): Outcome {
  const { response, request } = exchange
  if (!response || (isPreflight(exchange) && response.from === 'gateway')) return pass
  const origin = allowedOrigin(cors, request.headers.all('origin'))
  const changes: Change[] = []
  // This policy alone decides: what the upstream says about origins could allow more.
  for (const name of corsHeaders) {
    if (response.headers.has(name.toLowerCase())) changes.push({ kind: 'remove-header', name })
  }
  if (origin !== undefined) {
    changes.push({ kind: 'set-header', name: 'Access-Control-Allow-Origin', value: named(cors, origin) })
    if (cors.credentials) changes.push({ kind: 'set-header', name: 'Access-Control-Allow-Credentials', value: 'true' })
    if (cors.exposed !== '') {
      changes.push({ kind: 'set-header', name: 'Access-Control-Expose-Headers', value: cors.exposed })
    }
  }
  const vary = variesByOrigin(cors) ? withOrigin(response.headers.list('vary')) : undefined
  if (vary !== undefined) changes.push({ kind: 'set-header', name: 'Vary', value: vary })
  return changes.length === 0 ? pass : modify(changes)
}

/** `*` where everyone may read alike; else the origin itself, and the response varies by it. */
function named(cors: Cors, origin: string): string {
  return cors.anyOrigin ? '*' : origin
}

function variesByOrigin(cors: Cors): boolean {
  return !cors.anyOrigin
}

/** The Vary list with Origin, or undefined when it is already covered. */
function withOrigin(vary: string | undefined): string | undefined {
  if (vary === undefined || vary.trim() === '') return 'Origin'
  const names = vary.split(',').map((name) => name.trim().toLowerCase())
  return names.includes('origin') || names.includes('*') ? undefined : `${vary}, Origin`
}

function originEvidence(cors: Cors, origins: readonly string[]): Evidence {
  const expected = origins.length > 1 ? 'one Origin header' : `an origin of ${cors.origins}`
  return { at: { in: 'header', name: 'origin' }, observed: origins.length > 1 ? origins : origins[0], expected }
}

const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
