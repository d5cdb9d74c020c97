import type { Evidence, Exchange } from '../exchange.ts'
import { join } from '../openapi/pointer.ts'
import { deny, type Outcome } from '../pipeline/outcome.ts'
import { otherMethods } from '../pipeline/other-methods.ts'
import { claimAt, claimTexts } from '../pipeline/place.ts'
import { definePolicy, type Judge, type Setup } from '../pipeline/policy.ts'
import { challengeForAnyone } from './not-authenticated.ts'

interface Permission {
  /** Empty: every method. */
  readonly methods: ReadonlySet<string>
  /** Segments of templates; empty: every path. */
  readonly paths: readonly (readonly string[])[]
}
interface Matrix {
  readonly byRole: ReadonlyMap<string, readonly Permission[]>
  readonly everyone: readonly Permission[]
  readonly claims: readonly string[]
  readonly by: 'groups' | 'consumer'
}

const methods = {
  type: 'array',
  items: { type: 'string', pattern: "^(\\*|[A-Za-z!#$%&'+.^_`|~-]+)$", wants: 'an HTTP method such as GET, or *' },
  minItems: 1,
  description:
    'Methods, or `*` for all. A listed GET allows HEAD. A method that the request names besides its own (`X-HTTP-Method-Override`) has to be allowed too.',
} as const

/** Allows what the caller's roles may do, by method and path; what is not listed is denied. */
export const rbac = definePolicy({
  type: 'rbac',
  docs: {
    summary: 'Allows methods and paths by the caller’s role; what is not listed is denied.',
    owasp: ['API5:2023'],
    example: `- rbac:
    allow:
      reader: [GET]
      editor:
        - { methods: [GET, PATCH], paths: ["/books/{id}"] }
      admin: ["*"]`,
  },
  config: {
    type: 'object',
    additionalProperties: false,
    required: ['allow'],
    properties: {
      allow: {
        type: 'object',
        minProperties: 1,
        description:
          'For each role its methods, or a list of `methods` with `paths`. The role `*` is every caller who is known.',
        additionalProperties: {
          type: 'array',
          minItems: 1,
          items: {
            anyOf: [
              methods.items,
              {
                type: 'object',
                additionalProperties: false,
                required: ['methods'],
                properties: {
                  methods,
                  paths: {
                    type: 'array',
                    items: { type: 'string', pattern: '^/', wants: 'a path such as /books/{id}' },
                    minItems: 1,
                    description:
                      'Paths as templates: `/books/{id}` is one segment, `/books/*` everything below and `/books` itself.',
                  },
                },
              },
            ],
          },
        },
      },
      claim: {
        anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' }, minItems: 1 }],
        description:
          'Claim, or several, that list the roles, for example `realm_access.roles`. It takes the place of `by`.',
      },
      by: {
        enum: ['groups', 'consumer'],
        default: 'groups',
        description: 'Roles are the caller’s groups, or the consumer’s own name.',
      },
    },
  },
  prepare: (config, setup): Matrix => {
    const byRole = new Map(Object.entries(config.allow).map(([role, rules]) => [role, permissions(role, rules, setup)]))
    return { byRole, everyone: byRole.get('*') ?? [], claims: [config.claim ?? []].flat(), by: config.by }
  },
  phases: { requestHeaders: judge },
  judgesBy: () => ['caller'],
  mentions: ({ allow, claim, by }) =>
    claim !== undefined
      ? []
      : Object.keys(allow)
          .filter((role) => role !== '*')
          .map((name) => ({
            kind: by === 'groups' ? 'group' : 'consumer',
            name,
            pointer: join('/allow', name),
            part: 'key' as const,
          })),
})

function judge(matrix: Matrix, exchange: Exchange, judge: Judge): Outcome {
  if (!judge.consumer && !judge.claims) {
    const evidence: Evidence = {
      at: { in: 'consumer' },
      observed: null,
      expected: 'a caller whom a policy before this one found',
    }
    return deny('NOT_AUTHENTICATED', [evidence], challengeForAnyone)
  }
  const { method, path } = exchange.request
  const roles = rolesOf(matrix, judge)
  const segments = path.split('/')
  const others = otherMethods(exchange.request)
  if (others.length > 0) {
    const other = others.find((one) => !mayDo(matrix, roles, one, segments))
    if (other !== undefined) return deny('ROLE_NOT_ALLOWED', [overriding(matrix, roles, other, segments)])
  }
  const role = roles.find((name) => name !== '*' && allows(matrix.byRole.get(name), method, segments))
  const at = rolePlace(matrix)
  if (role !== undefined) return { verdict: 'pass', evidence: [{ at, observed: role, expected: `${method} ${path}` }] }
  if (allows(matrix.everyone, method, segments)) return { verdict: 'pass', evidence: [{ at, observed: '*' }] }
  const able = rolesFor(matrix, method, segments)
  const expected = able.length > 0 ? `one of the roles ${able.join(', ')} for ${method}` : `no role may ${method} here`
  const detail = { method, path: path.slice(0, 200) }
  return deny('ROLE_NOT_ALLOWED', [{ at, observed: roles.slice(0, 50), expected, detail }])
}

function mayDo(matrix: Matrix, roles: readonly string[], method: string, segments: readonly string[]): boolean {
  const able = roles.some((name) => name !== '*' && allows(matrix.byRole.get(name), method, segments))
  return able || allows(matrix.everyone, method, segments)
}

/** The upstream may act on the method that the request names besides its own. */
function overriding(matrix: Matrix, roles: readonly string[], method: string, segments: readonly string[]): Evidence {
  const named = `${method.slice(0, 40)}, which the request names besides its own method`
  const able = rolesFor(matrix, method, segments)
  const expected = able.length > 0 ? `one of the roles ${able.join(', ')} for ${named}` : `no role may ${named}`
  return { at: rolePlace(matrix), observed: roles.slice(0, 50), expected }
}

function rolesFor({ byRole }: Matrix, method: string, segments: readonly string[]): string[] {
  return [...byRole].filter(([, rules]) => allows(rules, method, segments)).map(([name]) => name)
}

function rolesOf({ claims, by }: Matrix, judge: Judge): readonly string[] {
  if (claims.length > 0) return claims.flatMap((name) => wordsOf(claimAt(judge.claims, name)))
  if (!judge.consumer) return []
  return by === 'groups' ? judge.consumer.groups : [judge.consumer.name]
}

/** A list's items, or a text as words with spaces between. */
function wordsOf(value: unknown): readonly string[] {
  return typeof value === 'string' ? value.split(' ').filter((word) => word !== '') : claimTexts(value)
}

function rolePlace({ claims }: Matrix): Evidence['at'] {
  return claims.length > 0 ? { in: 'claim', name: claims[0]! } : { in: 'consumer' }
}

function allows(rules: readonly Permission[] | undefined, method: string, segments: readonly string[]): boolean {
  if (!rules) return false
  for (const { methods, paths } of rules) {
    const fits = methods.size === 0 || methods.has(method) || (method === 'HEAD' && methods.has('GET'))
    if (fits && (paths.length === 0 || paths.some((template) => matchesPath(template, segments)))) return true
  }
  return false
}

function matchesPath(template: readonly string[], segments: readonly string[]): boolean {
  const rest = template.at(-1) === '*'
  const fixed = rest ? template.length - 1 : template.length
  if (rest ? segments.length < fixed : segments.length !== fixed) return false
  for (let at = 0; at < fixed; at++) {
    const wanted = template[at]!
    if (wanted.startsWith('{') ? segments[at] === '' : wanted !== segments[at]) return false
  }
  return true
}

/** A written segment as requests spell it: what a URI cannot hold as it is stands percent-encoded (RFC 3986 §2.1). */
function asSent(segment: string): string {
  if (segment.startsWith('{')) return segment
  return segment.replaceAll(/[^!-~]|["<>^`{|}]/gu, (character) => encodeURIComponent(character.toWellFormed()))
}

type Rule = string | { readonly methods: readonly string[]; readonly paths?: readonly string[] }

function permissions(role: string, rules: readonly Rule[], setup: Setup): Permission[] {
  const pointer = join('/allow', role)
  const plain = rules.filter((rule) => typeof rule === 'string')
  const detailed = rules.filter((rule) => typeof rule !== 'string')
  for (const { paths = [] } of detailed) {
    for (const path of paths) checkTemplate(path, pointer, setup)
  }
  const first = plain.length > 0 ? [{ methods: methodSet(plain), paths: [] }] : []
  return [
    ...first,
    ...detailed.map((rule) => ({
      methods: methodSet(rule.methods),
      paths: (rule.paths ?? []).map((path) => path.split('/').map(asSent)),
    })),
  ]
}

function methodSet(names: readonly string[]): ReadonlySet<string> {
  return names.includes('*') ? new Set() : new Set(names.map((name) => name.toUpperCase()))
}

function checkTemplate(path: string, pointer: string, setup: Setup): void {
  const segments = path.split('/')
  const wrong = segments.find((segment, at) => {
    if (segment === '*') return at !== segments.length - 1
    return /[*{}]/.test(segment) && !/^\{[^{}]+\}$/.test(segment)
  })
  if (wrong === undefined) return
  const message = `"${path}" is not a path template: "${wrong}" cannot stand there`
  setup.problem(pointer, 'BAD_VALUE', message, 'write {name} for one segment and /* at the end for everything below')
}
