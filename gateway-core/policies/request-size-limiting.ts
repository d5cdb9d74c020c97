import { parseSize, sizeSchema } from '../config/units.ts'
import type { Exchange, Place } from '../exchange.ts'
import type { HeaderList } from '../headers.ts'
import { deny, type Outcome, pass } from '../pipeline/outcome.ts'
import { definePolicy, type Setup } from '../pipeline/policy.ts'

interface Sizes {
  readonly headers: number
  readonly headerCount: number
  readonly url: number
  /** Undefined: any. */
  readonly body: number | undefined
  readonly requireLength: boolean
}

/** Refuses requests that are larger than this API ever needs (OWASP API4:2023). A declared length is refused before anything is read. */
export const requestSizeLimiting = definePolicy({
  type: 'request-size-limiting',
  docs: {
    summary: 'Refuses requests whose headers, target or body are larger than the API needs.',
    owasp: ['API4:2023'],
    example: `- request-size-limiting:
    body: 1mb
    url: 2kb
    headers: 8kb
    requireLength: true`,
  },
  config: {
    type: 'object',
    additionalProperties: false,
    properties: {
      body: {
        ...sizeSchema,
        description:
          'Largest body, for example `1mb`: as declared, as sent, and after its Content-Encoding is undone (a small gzip can hold gigabytes). The body is held in memory up to this size.',
      },
      url: { ...sizeSchema, description: 'Longest request target (path and query) in bytes, for example `2kb`.' },
      headers: {
        ...sizeSchema,
        description: 'Largest header section: names and values with four bytes each for `: ` and the line end.',
      },
      headerCount: { type: 'integer', minimum: 1, description: 'Most header fields.' },
      requireLength: {
        type: 'boolean',
        default: false,
        description: 'Whether a body has to come with Content-Length (411 otherwise), so that nothing is read in vain.',
      },
    },
  },
  prepare: (config, setup): Sizes => {
    if (Object.keys(config).every((key) => key === 'requireLength') && !config.requireLength) {
      setup.problem('', 'MISSING_KEY', 'it limits nothing', 'write for example `body: 1mb`')
    }
    return {
      headers: size(config.headers, '/headers', setup) ?? Number.POSITIVE_INFINITY,
      headerCount: config.headerCount ?? Number.POSITIVE_INFINITY,
      url: size(config.url, '/url', setup) ?? Number.POSITIVE_INFINITY,
      body: size(config.body, '/body', setup),
      requireLength: config.requireLength,
    }
  },
  phases: { requestHeaders: judgeHead, requestBody: judgeBody },
  // One byte more than allowed, so that this policy and not the buffer is the one to say no.
  body: ({ body }) => (body === undefined ? {} : { request: body + 1 }),
})

function judgeHead(sizes: Sizes, { request }: Exchange): Outcome {
  const target = request.targetLength ?? request.target.length
  if (target > sizes.url) {
    return deny('URL_OVER_LIMIT', [{ at: { in: 'path' }, observed: target, expected: atMost(sizes.url) }])
  }
  if (sizes.headers !== Number.POSITIVE_INFINITY || sizes.headerCount !== Number.POSITIVE_INFINITY) {
    const refused = judgeHeaders(sizes, request.headers)
    if (refused) return refused
  }
  if (!request.hasBody) return pass
  const { contentLength } = request
  const at: Place = { in: 'header', name: 'content-length' }
  if (contentLength === undefined) {
    if (!sizes.requireLength) return pass
    return deny('LENGTH_REQUIRED', [{ at, observed: null, expected: 'the length of the body in bytes' }])
  }
  if (sizes.body !== undefined && contentLength > sizes.body) {
    return deny('BODY_OVER_LIMIT', [{ at, observed: contentLength, expected: atMost(sizes.body) }])
  }
  return pass
}

function judgeHeaders(sizes: Sizes, headers: HeaderList): Outcome | undefined {
  const { raw } = headers
  const count = raw.length / 2
  let bytes = count * 4
  let largest = 0
  let largestAt = 0
  for (let at = 0; at < raw.length; at += 2) {
    const field = headers.lengthAt(at)
    bytes += field
    if (field > largest) {
      largest = field
      largestAt = at
    }
  }
  if (bytes <= sizes.headers && count <= sizes.headerCount) return undefined
  const name = raw[largestAt] ?? ''
  const detail = { headers: count, bytes, largest: name.slice(0, 100), largestBytes: largest }
  const tooLong = bytes > sizes.headers
  const expected = tooLong ? atMost(sizes.headers) : `at most ${sizes.headerCount} header fields`
  const observed = tooLong ? bytes : count
  return deny('HEADERS_OVER_LIMIT', [{ at: { in: 'header', name: name.slice(0, 100) }, observed, expected, detail }])
}

function judgeBody(sizes: Sizes, { request }: Exchange): Outcome {
  const length = request.body?.bytes.length ?? 0
  if (sizes.body === undefined || length <= sizes.body) return pass
  return deny('BODY_OVER_LIMIT', [{ at: { in: 'body' }, observed: length, expected: atMost(sizes.body) }])
}

function atMost(bytes: number): string {
  return `at most ${bytes} bytes`
}

function size(text: string | number | undefined, pointer: string, setup: Setup): number | undefined {
  if (text === undefined) return undefined
  const bytes = parseSize(text)
  if (bytes !== undefined && bytes <= 1024 ** 3) return bytes
  setup.problem(pointer, 'BAD_DURATION', `"${text}" is no size up to 1gb`, 'write it like 512, 10kb or 1mb')
  return 0
}
