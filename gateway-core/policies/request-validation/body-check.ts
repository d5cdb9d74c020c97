import type { Evidence, Exchange } from '../../exchange.ts'
import type { SchemaProblem } from '../../openapi/schemas.ts'
import { printable } from '../../openapi/schema-words.ts'
import { readBody } from './body-value.ts'
import { fitOf, parseContentType, type ContentType } from './content-type.ts'
import type { BodyChecks, MediaCheck } from './document-checks.ts'
import type { Finding } from './parameters-check.ts'

/** Judges what the headers say about the body: whether it has to be there, and its content type. */
export function checkBodyHeaders(
  body: BodyChecks | undefined,
  exchange: Exchange,
  takesNone: string,
): Finding | undefined {
  const { request } = exchange
  const comes = request.hasBody && request.contentLength !== 0
  if (!body) {
    if (!comes) return undefined
    const observed = printable(request.headers.get('content-type') ?? 'a body', 100)
    return {
      code: 'CONTENT_TYPE_NOT_ALLOWED',
      evidence: { at: { in: 'header', name: 'content-type' }, observed, expected: takesNone },
    }
  }
  if (!comes) {
    if (!body.required || (body.byMethod && !expectsBody.has(request.method))) return undefined
    return {
      code: 'BODY_MISSING',
      evidence: { at: { in: 'body' }, observed: 'nothing', expected: `a body of type ${typesOf(body)}` },
    }
  }
  if (body.media.length === 0 || mediaOf(body, exchange)) return undefined
  const values = request.headers.all('content-type')
  const observed = values.length === 0 ? 'nothing' : printable(values.join(' and '), 100)
  return {
    code: 'CONTENT_TYPE_NOT_ALLOWED',
    evidence: { at: { in: 'header', name: 'content-type' }, observed, expected: typesOf(body) },
  }
}

const expectsBody: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH'])

/** Judges a held body by the schema of its content type. */
export function checkBody(body: BodyChecks, exchange: Exchange, most: number): Finding[] {
  const held = exchange.request.body
  const found = held && mediaOf(body, exchange)
  if (!found) return []
  const { media, type } = found
  const reading = readBody(held, media.kind, type, media.form)
  if (!reading.ok) {
    const detail = reading.offset === undefined ? {} : { detail: { offset: reading.offset } }
    const at = { in: 'body', ...(reading.pointer === undefined ? {} : { pointer: reading.pointer }) } as const
    const code = reading.pointer === undefined ? 'BODY_MALFORMED' : 'BODY_INVALID'
    return [
      { code, evidence: { at, observed: printable(reading.observed, 100), expected: reading.expected, ...detail } },
    ]
  }
  if (media.kind === 'opaque') return []
  const problems = media.validate?.(reading.value, most)
  if (problems) return problems.map((problem) => findingOf(problem))
  const noted = media.warn?.(reading.value, most) ?? []
  return noted
    .filter((problem) => problem.kind === 'unknown')
    .map((problem) => ({ ...findingOf(problem), warning: true }))
}

const codes = {
  invalid: 'BODY_INVALID',
  missing: 'BODY_INVALID',
  unknown: 'BODY_UNKNOWN_PROPERTY',
  'other-direction': 'BODY_READ_ONLY_PROPERTY',
} as const

function findingOf(problem: SchemaProblem): Finding {
  const at = { in: 'body', pointer: printable(problem.pointer, 200) } as const
  const evidence: Evidence = problem.secret
    ? { at, secret: true, expected: problem.expected }
    : { at, observed: problem.observed, expected: problem.expected }
  return { code: codes[problem.kind], evidence }
}

function mediaOf(body: BodyChecks, exchange: Exchange): { media: MediaCheck; type: ContentType } | undefined {
  const values = exchange.request.headers.all('content-type')
  if (values.length !== 1) return undefined
  const type = parseContentType(values[0]!)
  if (!type || !charsetIsRead(type)) return undefined
  let best: MediaCheck | undefined
  let bestFit = 0
  for (const media of body.media) {
    const fit = fitOf(media.type, type)
    if (fit > bestFit) {
      best = media
      bestFit = fit
    }
  }
  return best && { media: best, type }
}

/** Another charset would let the upstream read other characters than those judged here. */
function charsetIsRead(type: ContentType): boolean {
  const charset = type.parameters.get('charset')?.toLowerCase()
  return (
    charset === undefined ||
    charset === 'utf-8' ||
    charset === 'utf8' ||
    charset === 'us-ascii' ||
    !/json|form|^text/.test(type.essence)
  )
}

function typesOf(body: BodyChecks): string {
  return body.media.map((media) => media.written).join(' or ')
}
