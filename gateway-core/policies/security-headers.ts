import { durationSchema, parseDuration } from '../config/units.ts'
import type { Exchange } from '../exchange.ts'
import { type Change, modify, type Outcome, pass } from '../pipeline/outcome.ts'
import { definePolicy, type Setup } from '../pipeline/policy.ts'
import { headerName } from './header-name.ts'

interface Hardening {
  readonly overwrite: boolean
  readonly fields: readonly Field[]
  /** Only over TLS: RFC 6797 §7.2 forbids it in plain HTTP. */
  readonly hsts: string | undefined
  /** Lower case. */
  readonly removed: readonly string[]
}

interface Field {
  readonly name: string
  /** Lower case, for looking it up. */
  readonly key: string
  readonly value: string
}

const off = { const: false } as const
const referrerPolicies = [
  'no-referrer',
  'same-origin',
  'strict-origin',
  'strict-origin-when-cross-origin',
  'origin',
  'origin-when-cross-origin',
  'no-referrer-when-downgrade',
  'unsafe-url',
] as const

/** What each preset sets where the configuration says nothing. */
const presets: Readonly<Record<'api' | 'page' | 'none', Readonly<Record<string, string | false>>>> = {
  api: {
    contentSecurityPolicy: "default-src 'none'; frame-ancestors 'none'",
    frameOptions: 'DENY',
    referrerPolicy: 'no-referrer',
    permissionsPolicy: false,
    crossOriginOpenerPolicy: false,
    crossOriginResourcePolicy: 'same-origin',
    crossOriginEmbedderPolicy: false,
  },
  page: {
    contentSecurityPolicy:
      "default-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'",
    frameOptions: 'SAMEORIGIN',
    referrerPolicy: 'strict-origin-when-cross-origin',
    permissionsPolicy: 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
    crossOriginOpenerPolicy: 'same-origin',
    crossOriginResourcePolicy: 'same-origin',
    crossOriginEmbedderPolicy: false,
  },
  none: {
    contentSecurityPolicy: false,
    frameOptions: false,
    referrerPolicy: false,
    permissionsPolicy: false,
    crossOriginOpenerPolicy: false,
    crossOriginResourcePolicy: false,
    crossOriginEmbedderPolicy: false,
  },
}

const headerNames = {
  contentSecurityPolicy: 'Content-Security-Policy',
  frameOptions: 'X-Frame-Options',
  referrerPolicy: 'Referrer-Policy',
  permissionsPolicy: 'Permissions-Policy',
  crossOriginOpenerPolicy: 'Cross-Origin-Opener-Policy',
  crossOriginResourcePolicy: 'Cross-Origin-Resource-Policy',
  crossOriginEmbedderPolicy: 'Cross-Origin-Embedder-Policy',
} as const

/** Response headers that make browsers careful, and none that tell what the upstream runs (OWASP API8:2023, OWASP Secure Headers). */
export const securityHeaders = definePolicy({
  type: 'security-headers',
  docs: {
    summary: 'Adds the response headers that make browsers careful, and removes those that tell what runs behind.',
    owasp: ['API8:2023'],
    example: `- security-headers:
    preset: api
    hsts: { maxAge: 365d, includeSubDomains: true }
    remove: [Server, X-Powered-By]`,
  },
  config: {
    type: 'object',
    additionalProperties: false,
    properties: {
      preset: {
        enum: ['api', 'page', 'none'],
        default: 'api',
        description:
          'What is set where nothing else is said. `api`: nothing may be loaded, framed or embedded. `page`: own resources only. `none`: only what stands here.',
      },
      existing: {
        enum: ['keep', 'overwrite'],
        default: 'keep',
        description:
          'What happens to a header that the upstream already set; an empty one protects nothing and counts as absent.',
      },
      hsts: {
        oneOf: [
          off,
          {
            type: 'object',
            additionalProperties: false,
            properties: {
              maxAge: { ...durationSchema, default: '365d', description: 'How long browsers use only HTTPS.' },
              includeSubDomains: { type: 'boolean', default: false, description: 'Also for all subdomains.' },
              preload: {
                type: 'boolean',
                default: false,
                description: 'Asks to be built into browsers; hard to undo. Needs a year and all subdomains.',
              },
            },
          },
        ],
        default: { maxAge: '365d', includeSubDomains: false, preload: false },
        description: 'Strict-Transport-Security (RFC 6797), only on HTTPS responses; `false` for none.',
      },
      contentTypeOptions: {
        type: 'boolean',
        default: true,
        description: '`X-Content-Type-Options: nosniff`: browsers believe the declared content type.',
      },
      contentSecurityPolicy: {
        oneOf: [off, { type: 'string' }],
        description: 'Content-Security-Policy, or `false` for none.',
      },
      frameOptions: { enum: ['DENY', 'SAMEORIGIN', false], description: 'X-Frame-Options, or `false` for none.' },
      referrerPolicy: { enum: [...referrerPolicies, false], description: 'Referrer-Policy, or `false` for none.' },
      permissionsPolicy: {
        oneOf: [off, { type: 'string' }],
        description: 'Permissions-Policy, for example `camera=(), geolocation=(self)`, or `false` for none.',
      },
      crossOriginOpenerPolicy: {
        enum: ['same-origin', 'same-origin-allow-popups', 'noopener-allow-popups', 'unsafe-none', false],
        description: 'Cross-Origin-Opener-Policy, or `false` for none.',
      },
      crossOriginResourcePolicy: {
        enum: ['same-origin', 'same-site', 'cross-origin', false],
        description: 'Cross-Origin-Resource-Policy, or `false` for none.',
      },
      crossOriginEmbedderPolicy: {
        enum: ['require-corp', 'credentialless', 'unsafe-none', false],
        description: 'Cross-Origin-Embedder-Policy, or `false` for none.',
      },
      remove: {
        type: 'array',
        items: headerName,
        default: ['Server', 'X-Powered-By', 'X-AspNet-Version', 'X-AspNetMvc-Version', 'X-Generator', 'X-Runtime'],
        description: 'Response headers to remove.',
      },
    },
  },
  prepare: (config, setup): Hardening => {
    const fields: Field[] = []
    if (config.contentTypeOptions) fields.push(field('X-Content-Type-Options', 'nosniff'))
    for (const [key, name] of Object.entries(headerNames) as [keyof typeof headerNames, string][]) {
      const value = config[key] ?? presets[config.preset][key]!
      if (value === false) continue
      if (isFieldValue(value)) fields.push(field(name, value))
      else
        setup.problem(
          `/${key}`,
          'BAD_VALUE',
          `a header cannot hold "${visible(value)}"`,
          'use printable ASCII in one line',
        )
    }
    if (typeof config.contentSecurityPolicy === 'string') checkCsp(config.contentSecurityPolicy, setup)
    if (config.referrerPolicy === 'unsafe-url') {
      setup.problem('/referrerPolicy', 'UNSAFE', 'unsafe-url sends whole URLs to other sites', 'write strict-origin')
    }
    const removed = config.remove.map((name) => name.toLowerCase())
    for (const { key, name } of fields) {
      if (removed.includes(key)) setup.problem('/remove', 'BAD_VALUE', `${name} is both set and removed`, 'drop one')
    }
    return { overwrite: config.existing === 'overwrite', fields, hsts: hstsValue(config.hsts, setup), removed }
  },
  phases: { responseHeaders: harden },
})

function harden(hardening: Hardening, { request, response }: Exchange): Outcome {
  if (!response) return pass
  const { headers } = response
  const changes: Change[] = []
  for (const name of hardening.removed) if (headers.has(name)) changes.push({ kind: 'remove-header', name })
  for (const { name, key, value } of hardening.fields) set(name, key, value)
  if (hardening.hsts !== undefined && request.scheme === 'https') {
    set('Strict-Transport-Security', 'strict-transport-security', hardening.hsts)
  }
  return changes.length === 0 ? pass : modify(changes)

  function set(name: string, key: string, value: string): void {
    const existing = headers.list(key)
    if (existing === value) return
    if (existing === undefined || hardening.overwrite || /^[\s,]*$/.test(existing)) {
      changes.push({ kind: 'set-header', name, value })
    }
  }
}

interface Hsts {
  readonly maxAge: string | number
  readonly includeSubDomains: boolean
  readonly preload: boolean
}

function hstsValue(hsts: false | Hsts, setup: Setup): string | undefined {
  if (hsts === false) return undefined
  const seconds = Math.floor((parseDuration(hsts.maxAge) ?? 0) / 1000)
  if (hsts.preload && (seconds < 31_536_000 || !hsts.includeSubDomains)) {
    const message = 'browsers take no host into their list without a year and all subdomains'
    setup.problem('/hsts/preload', 'BAD_VALUE', message, 'set `maxAge: 365d` or more and `includeSubDomains: true`')
  }
  const parts = [`max-age=${seconds}`]
  if (hsts.includeSubDomains) parts.push('includeSubDomains')
  if (hsts.preload) parts.push('preload')
  return parts.join('; ')
}

/** Directives of CSP Level 3 and its companions. */
const cspDirectives = new Set(
  (
    'base-uri child-src connect-src default-src fenced-frame-src font-src form-action frame-ancestors frame-src img-src ' +
    'manifest-src media-src object-src prefetch-src report-to report-uri require-trusted-types-for sandbox script-src ' +
    'script-src-attr script-src-elem style-src style-src-attr style-src-elem trusted-types upgrade-insecure-requests worker-src'
  ).split(' '),
)

function checkCsp(policy: string, setup: Setup): void {
  const pointer = '/contentSecurityPolicy'
  const seen = new Set<string>()
  for (const directive of policy.split(';')) {
    const [name, ...sources] = directive.trim().split(/\s+/)
    if (name === undefined || name === '') continue
    const lower = name.toLowerCase()
    if (!cspDirectives.has(lower)) {
      setup.problem(
        pointer,
        'BAD_VALUE',
        `"${name}" is not a directive of Content-Security-Policy`,
        'correct or remove it',
      )
    } else if (seen.has(lower)) {
      setup.problem(pointer, 'BAD_VALUE', `"${name}" stands twice; browsers ignore the second`, 'join the two')
    }
    seen.add(lower)
    const open = scriptDirectives.has(lower) && openSource(sources)
    if (open) setup.problem(pointer, 'UNSAFE', `${open} in ${name} lets injected scripts run`, 'use nonces or hashes')
  }
}

const scriptDirectives = new Set(['default-src', 'script-src', 'script-src-elem', 'script-src-attr'])
const openSources = new Set(["'unsafe-eval'", '*', 'data:'])

/** A source that lets anybody's scripts run. Keywords have no case; nonces and hashes make browsers ignore `'unsafe-inline'` (CSP3 §6.7.3.2). */
function openSource(sources: readonly string[]): string | undefined {
  const strict = sources.some((source) => /^'(?:nonce|sha256|sha384|sha512)-|^'strict-dynamic'$/i.test(source))
  return sources.find((source) => {
    const lower = source.toLowerCase()
    if (lower === "'unsafe-inline'" || lower === 'http:' || lower === 'https:') return !strict
    return openSources.has(lower)
  })
}

function field(name: string, value: string): Field {
  return { name, key: name.toLowerCase(), value }
}

function isFieldValue(value: string): boolean {
  return /^[!-~](?:[ -~]*[!-~])?$/.test(value)
}

function visible(text: string): string {
  return JSON.stringify(text).slice(1, -1)
}
