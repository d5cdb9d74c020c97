import { parseSize, sizeSchema } from '../../config/units.ts'
import type { Evidence, Exchange, MessageSide, Place } from '../../exchange.ts'
import { type HeaderList, isEventStream } from '../../headers.ts'
import { type Change, deny, type Outcome, pass } from '../../pipeline/outcome.ts'
import { definePolicy, type Setup } from '../../pipeline/policy.ts'
import { contentTypeOf } from '../content-type-of.ts'
import { headerName } from '../header-name.ts'
import { detectorNames } from './detectors.ts'
import { type BodyRules, type MaskedValue, maskBody } from './mask-body.ts'
import { masked, type Masking, maskMethods } from './methods.ts'
import { binaryTypes, whyUnreadable } from './readable.ts'
import { type FieldRule, fieldRule } from './pointer-pattern.ts'

interface Mask {
  /** Sides whose messages are changed on their way. */
  readonly changes: ReadonlySet<MessageSide>
  /** Sides that are looked at: those changed, and both when captures are to be masked. */
  readonly looksAt: ReadonlySet<MessageSide>
  readonly rules: BodyRules
  readonly headers: readonly { readonly name: string; readonly masking: Masking }[]
  readonly contentTypes: readonly RegExp[]
  readonly bodyBytes: number
  readonly denies: boolean
}

const withMethod = { enum: maskMethods, description: 'How this one is masked.' } as const

/** Keeps personal data and secrets out of responses, requests and captures (OWASP API3:2023). */
export const dataMask = definePolicy({
  type: 'data-mask',
  docs: {
    summary:
      'Masks card numbers, e-mail addresses, telephone and account numbers, secrets and named fields in messages and captures.',
    owasp: ['API3:2023', 'API8:2023'],
    example: `- data-mask:
    apply: [response, capture]
    fields: [/customer/email, "/items/*/card"]
    detect: [card, { detector: iban, with: partial }]
    with: redact`,
  },
  config: {
    type: 'object',
    additionalProperties: false,
    properties: {
      apply: {
        type: 'array',
        items: { enum: ['response', 'request', 'capture'] },
        minItems: 1,
        uniqueItems: true,
        default: ['response', 'capture'],
        description:
          'Where values are masked: in the `response` to the client, in the `request` to the upstream, only in the `capture`. What is masked anywhere is sealed in captures too.',
      },
      fields: {
        type: 'array',
        items: {
          oneOf: [
            { type: 'string', pattern: '^(/.*)?$', wants: 'a JSON pointer such as /items/*/price' },
            {
              type: 'object',
              additionalProperties: false,
              required: ['pointer'],
              properties: {
                pointer: {
                  type: 'string',
                  pattern: '^(/.*)?$',
                  wants: 'a JSON pointer such as /items/*/price',
                  description: 'JSON pointer with wildcards.',
                },
                with: withMethod,
              },
            },
          ],
        },
        default: [],
        description:
          'JSON pointers (RFC 6901) of fields to mask, with `*` for any member or item and `**` for any depth: `/items/*/card`, `/**/password`. In form bodies `/name`.',
      },
      detect: {
        type: 'array',
        items: {
          oneOf: [
            { enum: detectorNames },
            {
              type: 'object',
              additionalProperties: false,
              required: ['detector'],
              properties: { detector: { enum: detectorNames, description: 'What to find.' }, with: withMethod },
            },
          ],
        },
        default: [],
        description:
          'Values to find by shape and check digits wherever they stand in a body: `card` (Luhn), `email`, `iban` (mod 97), `national-id` (BR, ES, FI, FR, IT, PL, SE, US), `phone` (with `+` and country code, E.164), `secret` (JWTs, private keys, well-known API keys).',
      },
      headers: {
        type: 'array',
        items: headerName,
        default: [],
        description: 'Headers whose values are masked.',
      },
      with: {
        enum: maskMethods,
        default: 'redact',
        description:
          '`redact`: `replacement` instead of the value. `partial`: stars, and the last `keep` characters. `hash`: a keyed hash (HMAC), equal for equal values. `tokenize`: a stand-in of the same shape, equal for equal values.',
      },
      keep: { type: 'integer', minimum: 0, maximum: 16, default: 4, description: 'Characters that `partial` leaves.' },
      replacement: { type: 'string', maxLength: 200, default: '[masked]', description: 'What `redact` writes.' },
      contentTypes: {
        type: 'array',
        items: { type: 'string', pattern: '^[^/\\s]+/[^/\\s]+$', wants: 'a media type such as application/json' },
        minItems: 1,
        default: [
          'text/*',
          'application/json',
          'application/*+json',
          'application/xml',
          'application/*+xml',
          'application/x-www-form-urlencoded',
          'application/x-ndjson',
          'application/ndjson',
          'application/jsonl',
          'application/json-seq',
          'application/javascript',
          'application/yaml',
          'application/x-yaml',
          'application/*+yaml',
          ...binaryTypes,
          'application/*+cbor',
          'multipart/*',
        ],
        description:
          'Content types whose bodies are looked at, with `*` as a wildcard; a body without a type, or with several, always is.',
      },
      unreadable: {
        enum: ['deny', 'pass'],
        default: 'deny',
        description:
          'What happens to a body in which nothing can be found for sure: one that says it is JSON and is not, is in XML, YAML or CSV where `fields` are named, in a binary format, in an encoding that is not understood, or only a part of a body: refuse it (400 or 502), or let it pass with detectors only. Upstreams are asked for whole bodies. WebSocket messages and server-sent events are masked one by one.',
      },
      maxBody: {
        ...sizeSchema,
        default: '1mb',
        description: 'Largest body that is held to be masked; larger ones are refused.',
      },
    },
  },
  prepare: (config, setup): Mask => {
    const masking = (method: Masking['method'] = config.with): Masking => ({
      method,
      keep: config.keep,
      replacement: config.replacement,
      tag: (value) => setup.tag(value),
    })
    const fields = config.fields.map((field, at): FieldRule => {
      const pointer = typeof field === 'string' ? field : field.pointer
      checkPointer(pointer, `/fields/${at}`, setup)
      return fieldRule(pointer, masking(typeof field === 'string' ? undefined : field.with))
    })
    const detect = config.detect.map((one) =>
      typeof one === 'string' ? { name: one, masking: masking() } : { name: one.detector, masking: masking(one.with) },
    )
    if (fields.length + detect.length + config.headers.length === 0) {
      setup.problem('', 'MISSING_KEY', 'it masks nothing', 'name `fields`, `detect` or `headers`')
    }
    if (config.headers.length > 0 && !/^[ -~]*$/.test(config.replacement)) {
      setup.problem('/replacement', 'BAD_VALUE', 'a header cannot hold this text', 'use printable ASCII in one line')
    }
    const changes = new Set(config.apply.filter((one) => one !== 'capture'))
    return {
      changes,
      looksAt: config.apply.includes('capture') ? new Set(['request', 'response']) : changes,
      rules: { fields, detect },
      headers: config.headers.map((name) => ({ name: name.toLowerCase(), masking: masking() })),
      contentTypes: config.contentTypes.map(typePattern),
      bodyBytes: parseSize(config.maxBody) ?? 0,
      denies: config.unreadable === 'deny',
    }
  },
  phases: {
    requestHeaders: (mask, exchange) => maskHeaders(mask, 'request', exchange.request.headers),
    requestBody: (mask, exchange) => maskSide(mask, 'request', exchange),
    responseHeaders: (mask, exchange) =>
      streamed(mask, exchange) ?? maskHeaders(mask, 'response', exchange.response?.headers),
    responseBody: (mask, exchange) => maskSide(mask, 'response', exchange),
    message: (mask, exchange) => maskMessage(mask, exchange),
  },
  body: ({ looksAt, rules, bodyBytes }) =>
    rules.fields.length + rules.detect.length === 0
      ? {}
      : {
          request: looksAt.has('request') ? bodyBytes : undefined,
          response: looksAt.has('response') ? bodyBytes : undefined,
        },
  // What is known before anything is found: also for messages that never come to the body phases.
  sealed: (config: { apply: readonly string[]; headers: readonly string[]; fields: readonly unknown[] }) => {
    const sides = (['request', 'response'] as const).filter(
      (side) => config.apply.includes('capture') || config.apply.includes(side),
    )
    const pointers = config.fields.map((field) =>
      typeof field === 'string' ? field : (field as { pointer: string }).pointer,
    )
    return sides.flatMap((of): Place[] => [
      ...config.headers.map((name) => ({ in: 'header', name: name.toLowerCase(), of }) as const),
      ...pointers
        .filter((pointer) => !pointer.includes('/**'))
        .map((pointer) => ({ in: 'body', pointer, of }) as const),
    ])
  },
})

/** Masking never answers by itself. */
type Passed = Extract<Outcome, { verdict: 'pass' | 'modify' }>
const nothing: Passed = { verdict: 'pass' }

function maskHeaders(mask: Mask, side: MessageSide, headers: HeaderList | undefined): Passed {
  if (!headers || mask.headers.length === 0 || !mask.looksAt.has(side)) return nothing
  const changes: Change[] = []
  const evidence: Evidence[] = []
  for (const { name, masking } of mask.headers) {
    const values = headers.all(name)
    if (values.length === 0) continue
    evidence.push({ at: { in: 'header', name, of: side }, expected: `masked (${masking.method})`, secret: true })
    if (!mask.changes.has(side)) continue
    if (values.length > 1) changes.push({ kind: 'remove-header', name })
    for (const [nth, value] of values.entries()) {
      const text = masked(value, masking)
      changes.push({ kind: nth === 0 && values.length === 1 ? 'set-header' : 'add-header', name, value: text })
    }
  }
  if (evidence.length === 0) return nothing
  const learned = { sealed: evidence.map(({ at }) => at) }
  return changes.length === 0
    ? { verdict: 'pass', evidence, learned }
    : { verdict: 'modify', changes, evidence, learned }
}

/** Event streams are never held: they are masked event by event, and the capture seals the stream as a whole. */
function streamed(mask: Mask, { response }: Exchange): Passed | undefined {
  const masks = mask.rules.fields.length + mask.rules.detect.length > 0 && mask.looksAt.has('response')
  if (!masks || !response || !isEventStream(response.headers)) return undefined
  const own = maskHeaders(mask, 'response', response.headers)
  const at: Place = { in: 'body', of: 'response' }
  const evidence: Evidence[] = [{ at, observed: 'text/event-stream', expected: 'masked event by event' }]
  const sealed = [at, ...(own.learned?.sealed ?? [])]
  return { ...own, evidence: [...evidence, ...(own.evidence ?? [])], learned: { sealed } }
}

/** A message says nothing of its type: what begins like JSON is read as JSON. */
function maskMessage(mask: Mask, { message }: Exchange): Outcome {
  if (!message || message.body.bytes.length === 0 || !mask.looksAt.has(message.side)) return pass
  if (mask.rules.fields.length + mask.rules.detect.length === 0) return pass
  const result = maskBody(message.body.bytes, undefined, mask.rules)
  return 'fault' in result ? pass : outcomeOf(mask, message.side, result.bytes, result.values)
}

function maskSide(mask: Mask, side: MessageSide, exchange: Exchange): Outcome {
  const message = side === 'request' ? exchange.request : exchange.response
  const body = message?.body
  if (!body || body.bytes.length === 0 || !mask.looksAt.has(side)) return pass
  const contentType = contentTypeOf(message.headers)
  if (contentType !== undefined && !mask.contentTypes.some((pattern) => pattern.test(contentType))) return pass
  const partial = side === 'response' && exchange.response?.status === 206
  const whyNot = partial ? 'a part of a body' : whyUnreadable(body.bytes, contentType, mask.rules)
  const result = whyNot ? { fault: { message: whyNot, offset: 0 } } : maskBody(body.bytes, contentType, mask.rules)
  if ('fault' in result) return unreadable(mask, side, body.bytes, result.fault)
  return outcomeOf(mask, side, result.bytes, result.values)
}

function unreadable(
  mask: Mask,
  side: MessageSide,
  bytes: Uint8Array,
  fault: { message: string; offset: number },
): Outcome {
  const at: Place = { in: 'body', of: side }
  const observed = `${fault.message} (at byte ${fault.offset})`
  const evidence: Evidence[] = [{ at, observed, expected: 'a body that can be masked, such as JSON' }]
  if (mask.changes.has(side) && mask.denies)
    return deny(side === 'request' ? 'BODY_MALFORMED' : 'BODY_NOT_JSON', evidence)
  // Nobody knows where in it a value stands: the capture seals all of it.
  const sealed = [at]
  const asText = maskBody(bytes, 'text/plain', { fields: [], detect: mask.rules.detect })
  if ('fault' in asText || asText.values.length === 0 || !mask.changes.has(side)) {
    return { verdict: 'pass', evidence, learned: { sealed } }
  }
  return { verdict: 'modify', changes: [{ kind: 'set-body', bytes: asText.bytes }], evidence, learned: { sealed } }
}

/** Evidence lists places, never values; beyond these many the rest is a number. */
const mostEvidence = 20
const mostSealed = 200

function outcomeOf(mask: Mask, side: MessageSide, bytes: Uint8Array, values: readonly MaskedValue[]): Outcome {
  if (values.length === 0) return pass
  const evidence = values.slice(0, mostEvidence).map(
    ({ pointer, by, method }): Evidence => ({
      at: { in: 'body', of: side, pointer },
      expected: by === 'field' ? `masked (${method})` : `${by} masked (${method})`,
      secret: true,
    }),
  )
  evidence[0] = { ...evidence[0]!, detail: { masked: values.length } }
  const pointers = new Set(values.map(({ pointer }) => pointer))
  const whole = pointers.has(undefined) || pointers.size > mostSealed
  const sealed = whole
    ? [{ in: 'body', of: side } as const]
    : [...pointers].map((pointer) => ({ in: 'body', of: side, pointer }) as const)
  if (!mask.changes.has(side)) return { verdict: 'pass', evidence, learned: { sealed } }
  return { verdict: 'modify', changes: [{ kind: 'set-body', bytes }], evidence, learned: { sealed } }
}

function typePattern(type: string): RegExp {
  const escaped = type
    .toLowerCase()
    .replaceAll(/[.*+?^${}()|[\]\\]/g, (character) => (character === '*' ? '[^;,\\s]*' : `\\${character}`))
  return new RegExp(`^\\s*${escaped}\\s*(?:;|$)`, 'i')
}

function checkPointer(pointer: string, at: string, setup: Setup): void {
  if (/~(?![01])/.test(pointer)) {
    setup.problem(at, 'BAD_VALUE', `"${pointer}" is no JSON pointer: ~ stands alone`, 'write ~0 for ~ and ~1 for /')
  }
}
