import type { Evidence, Exchange, Place } from '../exchange.ts'
import { deny, type HeaderField, modify, type Outcome } from '../pipeline/outcome.ts'
import { definePolicy, type Judge, type Setup } from '../pipeline/policy.ts'
import { headerName } from './header-name.ts'
import { hideCredential } from './hide-credential.ts'

interface Keys {
  readonly places: readonly Place[]
  /** What a key's tag leads to: made once, since nothing in it depends on the request. */
  readonly byTag: ReadonlyMap<string, Extract<Outcome, { verdict: 'pass' }>>
  readonly hide: boolean
  readonly challenge: readonly HeaderField[]
}

const fields = { anyOf: [headerName, { type: 'array', items: headerName, minItems: 1 }] } as const
const name = { type: 'string', minLength: 1 } as const
const names = { anyOf: [name, { type: 'array', items: name, minItems: 1 }] } as const

/** Finds the caller by an API key. Keys are compared as HMAC tags, never in clear, so that time says nothing about them. */
export const keyAuth = definePolicy({
  type: 'key-auth',
  docs: {
    summary: 'Accepts requests with an API key of one of the workspace’s consumers.',
    owasp: ['API2:2023'],
    example: `- key-auth:
    header: X-API-Key
    hide: true`,
  },
  config: {
    type: 'object',
    additionalProperties: false,
    properties: {
      header: {
        ...fields,
        description: 'Header, or several, that may carry the key. Where no place is given at all: `X-API-Key`.',
      },
      query: { ...names, description: 'Query parameters that may carry the key. URLs end up in logs: avoid it.' },
      cookie: { ...names, description: 'Cookies that may carry the key.' },
      hide: { type: 'boolean', default: false, description: 'Do not forward the key to the upstream.' },
      realm: {
        type: 'string',
        pattern: '^[\\x20-\\x21\\x23-\\x5b\\x5d-\\x7e]*$',
        default: 'api',
        description: 'Named in `WWW-Authenticate`.',
      },
    },
  },
  prepare: (config, setup): Keys => ({
    places: placesOf(config),
    byTag: indexKeys(setup),
    hide: config.hide,
    challenge: [['WWW-Authenticate', `Key realm="${config.realm}"`]],
  }),
  phases: { requestHeaders: judge },
  sealed: (config) => placesOf(config),
  identifies: () => ({ consumers: 'workspace', groups: 'workspace' }),
})

function judge({ places, byTag, hide, challenge }: Keys, exchange: Exchange, { facts }: Judge): Outcome {
  let tag: string | undefined
  const found: Place[] = []
  for (const at of places) {
    const answer = facts.tag(at)
    if ('unavailable' in answer) return deny('KEY_MISSING', [{ at, observed: answer.unavailable }], challenge)
    if (answer.value === null) continue
    found.push(at)
    // A space stands between the tags of several different values.
    if ((tag !== undefined && tag !== answer.value) || answer.value.includes(' ')) {
      return deny('KEY_AMBIGUOUS', ambiguous(found), challenge)
    }
    tag = answer.value
  }
  if (tag === undefined) {
    const evidence = places.map((at): Evidence => ({ at, observed: null, expected: 'the API key of a consumer' }))
    return deny('KEY_MISSING', evidence, challenge)
  }
  const outcome = byTag.get(tag)
  if (!outcome) {
    const evidence: Evidence = { at: found[0]!, secret: true, expected: 'the API key of a consumer' }
    return deny('KEY_UNKNOWN', [evidence], challenge)
  }
  if (!hide) return outcome
  const { evidence, learned } = outcome
  return { ...modify(hideAll(exchange, found), evidence), learned } as Outcome
}

function ambiguous(found: readonly Place[]): Evidence[] {
  return found.map((at) => ({ at, secret: true, expected: 'one key, in one place' }))
}

/** Several keys in one message part change it one after the other. */
function hideAll(exchange: Exchange, found: readonly Place[]) {
  let { request } = exchange
  return found.flatMap((place) => {
    const changes = hideCredential({ ...exchange, request }, place)
    for (const change of changes) {
      if (change.kind === 'set-query') request = { ...request, query: change.query }
      else if (change.kind === 'remove-header') request = { ...request, headers: request.headers.without(change.name) }
      else if (change.kind === 'set-header') {
        request = { ...request, headers: request.headers.with(change.name, change.value) }
      }
    }
    return changes
  })
}

interface Where {
  readonly header?: string | readonly string[]
  readonly query?: string | readonly string[]
  readonly cookie?: string | readonly string[]
}

function placesOf({ header, query, cookie }: Where): readonly Place[] {
  const places: Place[] = []
  for (const name of [header ?? []].flat()) places.push({ in: 'header', name })
  for (const name of [query ?? []].flat()) places.push({ in: 'query', name })
  for (const name of [cookie ?? []].flat()) places.push({ in: 'cookie', name })
  return places.length > 0 ? places : [{ in: 'header', name: 'X-API-Key' }]
}

function indexKeys(setup: Setup): Keys['byTag'] {
  // A reference that resolved to nothing must not let everybody in who sends an empty key.
  const empty = setup.tag('')
  const byTag = new Map<string, Extract<Outcome, { verdict: 'pass' }>>()
  for (const { name, groups, keyTags } of setup.consumers) {
    const evidence = [{ at: { in: 'consumer' }, observed: name }] as const
    for (const tag of keyTags) {
      if (tag !== empty) byTag.set(tag, { verdict: 'pass', evidence, learned: { consumer: { name, groups } } })
    }
  }
  return byTag
}
