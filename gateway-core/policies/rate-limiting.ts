import { durationSchema, parseDuration } from '../config/units.ts'
import type { Exchange } from '../exchange.ts'
import { type Maybe, whenReady } from '../pipeline/facts.ts'
import { deny, modify, type Outcome, pass } from '../pipeline/outcome.ts'
import { definePolicy, type Judge, type Setup } from '../pipeline/policy.ts'
import { limitAlgorithms, type LimitAnswer, type LimitOperation } from '../pipeline/state.ts'
import {
  bySchema,
  ipv6PrefixSchema,
  judgedBy,
  keyOf,
  type KeyPlan,
  prepareKey,
  whenMissingSchema,
} from './limit-key.ts'
import { addStanding, carry, type RateLimitFields, rateLimitFields, refusal, retryAfter } from './rate-limit-headers.ts'

interface Limiter {
  readonly key: KeyPlan
  readonly limit: number
  readonly rule: string
  readonly operation: Omit<LimitOperation, 'key'>
  /** Undefined: the client is not told. */
  readonly fields: RateLimitFields | undefined
}

/** Admits a number of requests per time and key (OWASP API4:2023). Four algorithms; see `pipeline/limiters.ts` for what each admits. */
export const rateLimiting = definePolicy({
  type: 'rate-limiting',
  docs: {
    summary: 'Admits a number of requests per time, counted by address, consumer, claim, header, route or API.',
    owasp: ['API4:2023', 'API6:2023'],
    example: `- rate-limiting:
    limit: 100
    window: 1m
    by: consumer
    burst: 20`,
  },
  config: {
    type: 'object',
    additionalProperties: false,
    required: ['limit', 'window'],
    properties: {
      limit: {
        type: 'integer',
        minimum: 1,
        maximum: 1_000_000_000,
        description: 'How many requests are admitted per window.',
      },
      window: { ...durationSchema, description: 'Length of the window, for example `10s`, `1m` or `1h`.' },
      algorithm: {
        enum: limitAlgorithms,
        default: 'sliding-window',
        description:
          '`sliding-window`: this window plus the part of the one before that still lies in it. `fixed-window`: counts from the first request on, begins anew after the window. `token-bucket`: `limit` tokens that come back evenly. `leaky-bucket`: one request each window/limit, evenly (nginx `limit_req`).',
      },
      burst: {
        type: 'integer',
        minimum: 0,
        maximum: 1_000_000_000,
        default: 0,
        description:
          'How many more may come at once: on top of `limit` in windows and token buckets, on top of one request in a leaky bucket (nginx `burst` with `nodelay`).',
      },
      by: { ...bySchema, default: 'ip' },
      whenMissing: whenMissingSchema,
      ipv6Prefix: ipv6PrefixSchema,
      cost: {
        type: 'integer',
        minimum: 1,
        maximum: 1_000_000,
        default: 1,
        description: 'What one request takes from the limit; more for expensive routes.',
      },
      countDenied: {
        type: 'boolean',
        default: false,
        description:
          'Whether refused requests count too, so that a client that keeps trying stays locked out (HAProxy does so, nginx does not).',
      },
      headers: {
        type: 'boolean',
        default: true,
        description: 'Whether responses tell the limit and what is left of it (`RateLimit-Policy`, `RateLimit`).',
      },
    },
  },
  prepare: (config, setup): Limiter => {
    const windowMs = parseDuration(config.window) ?? 0
    check(config, windowMs, setup)
    const { limit, burst, cost, countDenied, algorithm } = config
    const name = `${[config.by].flat().join(' ')}/${config.window}`
    return {
      key: prepareKey(config, setup),
      limit,
      rule: `at most ${limit} per ${config.window}${burst > 0 ? ` and ${burst} at once` : ''} (${algorithm})`,
      operation: { op: 'limit', algorithm, limit, windowMs, burst, cost, countDenied },
      fields: config.headers ? rateLimitFields(name, limit, windowMs) : undefined,
    }
  },
  phases: { requestHeaders: admit, responseHeaders: tell },
  countsIn: ['requestHeaders'],
  judgesBy: ({ key }) => judgedBy(key),
})

function check(
  config: { limit: number; burst: number; cost: number; algorithm: string; window: string | number },
  windowMs: number,
  setup: Setup,
): void {
  if (!(windowMs >= 1 && windowMs <= 366 * 86_400_000)) {
    setup.problem('/window', 'BAD_DURATION', `a window of ${config.window} cannot be counted`, 'write 1s to 366d')
  }
  const room = config.algorithm === 'leaky-bucket' ? 1 + config.burst : config.limit + config.burst
  if (config.cost > room) {
    const message = `a request costs ${config.cost}, but no more than ${room} is ever there, so none would be admitted`
    setup.problem('/cost', 'BAD_VALUE', message, 'lower the cost, or raise `limit` or `burst`')
  }
}

function admit(limiter: Limiter, exchange: Exchange, judge: Judge): Maybe<Outcome> {
  const reading = keyOf(limiter.key, exchange, judge)
  if ('missing' in reading) {
    if (limiter.key.whenMissing === 'deny') return deny('LIMIT_KEY_MISSING', [reading.missing])
    return { verdict: 'pass', evidence: [reading.missing] }
  }
  const answer = judge.state.apply<LimitOperation>({ ...limiter.operation, key: reading.key })
  return whenReady(answer, (known) => outcomeOf(limiter, reading.by, known))
}

function outcomeOf(limiter: Limiter, by: string, answer: LimitAnswer): Outcome {
  const { remaining } = answer
  if (answer.allowed) {
    const detail = { by, limit: limiter.limit, remaining }
    return {
      verdict: 'pass',
      evidence: [{ at: { in: 'state' }, observed: remaining, expected: limiter.rule, detail }],
      learned: limiter.fields && { carried: carry(remaining, answer.resetMs) },
    }
  }
  const detail = { by, limit: limiter.limit, remaining, retryAfterMs: answer.retryAfterMs }
  const headers = limiter.fields
    ? refusal(limiter.fields, remaining, answer.retryAfterMs)
    : [retryAfter(answer.retryAfterMs)]
  return deny('LIMIT_REACHED', [{ at: { in: 'state' }, observed: remaining, expected: limiter.rule, detail }], headers)
}

function tell(limiter: Limiter, exchange: Exchange, judge: Judge): Outcome {
  if (!limiter.fields || !judge.carried || !exchange.response) return pass
  return modify(addStanding(limiter.fields, judge.carried, exchange.response.headers))
}
