import { parseDuration } from '../config/units.ts'
import type { Exchange } from '../exchange.ts'
import { type Maybe, whenReady } from '../pipeline/facts.ts'
import { deny, modify, type Outcome, pass } from '../pipeline/outcome.ts'
import { definePolicy, type Judge, type Setup } from '../pipeline/policy.ts'
import { type Calendar, calendar, everyMs, isTimeZone, periods } from './calendar.ts'
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

interface Quota {
  readonly key: KeyPlan
  readonly limit: number
  readonly cost: number
  readonly rule: string
  /** When the period that holds a moment ends, in milliseconds since the epoch. */
  readonly endOf: Calendar
  readonly fields: RateLimitFields | undefined
}

const periodMs = { minute: 60_000, hour: 3_600_000, day: 86_400_000, week: 604_800_000 } as const

/** Admits a number of requests per calendar period and key; what was used survives a restart (OWASP API4:2023). */
export const quota = definePolicy({
  type: 'quota',
  docs: {
    summary:
      'Admits a number of requests per calendar minute, hour, day, week or month, and remembers it over a restart.',
    owasp: ['API4:2023', 'API6:2023'],
    example: `- quota:
    limit: 10000
    period: day
    timeZone: Europe/Paris
    by: consumer`,
  },
  config: {
    type: 'object',
    additionalProperties: false,
    required: ['limit', 'period'],
    properties: {
      limit: {
        type: 'integer',
        minimum: 1,
        maximum: 1_000_000_000_000,
        description: 'How many requests are admitted per period.',
      },
      period: {
        enum: [...periods, 'custom'],
        description:
          'A period of the calendar in `timeZone`, or `custom`: periods of the length `every`, counted from `from`. Weeks begin on Monday.',
      },
      timeZone: {
        type: 'string',
        default: 'UTC',
        description: 'Whose calendar counts, as an IANA name such as `Europe/Paris`.',
      },
      every: {
        type: ['string', 'integer'],
        description: 'Length of a custom period, for example `14d` or `36h`.',
      },
      from: {
        type: 'string',
        default: '1970-01-01T00:00:00Z',
        description: 'When the first custom period began (ISO 8601 with zone), for example `2026-01-05T00:00:00Z`.',
      },
      by: { ...bySchema, default: 'consumer' },
      whenMissing: whenMissingSchema,
      ipv6Prefix: ipv6PrefixSchema,
      cost: { type: 'integer', minimum: 1, maximum: 1_000_000, default: 1, description: 'What one request uses up.' },
      headers: {
        type: 'boolean',
        default: true,
        description: 'Whether responses tell the quota and what is left of it (`RateLimit-Policy`, `RateLimit`).',
      },
    },
  },
  durable: true,
  prepare: (config, setup): Quota => {
    const { limit, cost, period } = config
    if (cost > limit) {
      setup.problem('/cost', 'BAD_VALUE', `a request costs ${cost} of a quota of ${limit}`, 'lower it')
    }
    const endOf = calendarOf(config, setup)
    const everyLength = period === 'custom' ? parseDuration(config.every ?? 0) : undefined
    const windowMs = period === 'custom' ? everyLength : period === 'month' ? undefined : periodMs[period]
    const word = period === 'custom' ? String(config.every) : period
    return {
      key: prepareKey(config, setup),
      limit,
      cost,
      rule: `at most ${limit} per ${word}${period === 'custom' ? '' : ` (${config.timeZone})`}`,
      endOf,
      fields: config.headers ? rateLimitFields(`${[config.by].flat().join(' ')}/${word}`, limit, windowMs) : undefined,
    }
  },
  phases: { requestHeaders: admit, responseHeaders: tell },
  countsIn: ['requestHeaders'],
  judgesBy: ({ key }) => judgedBy(key),
})

interface PeriodConfig {
  readonly period: (typeof periods)[number] | 'custom'
  readonly timeZone: string
  readonly every?: string | number
  readonly from: string
}

function calendarOf(config: PeriodConfig, setup: Setup): Calendar {
  if (config.period === 'custom') return customCalendar(config, setup)
  if (config.every !== undefined) {
    setup.problem(
      '/every',
      'BAD_VALUE',
      '`every` belongs to `period: custom`',
      'leave it out, or write `period: custom`',
    )
  }
  if (isTimeZone(config.timeZone)) return calendar(config.period, config.timeZone)
  const message = `"${config.timeZone}" is not a time zone`
  setup.problem('/timeZone', 'BAD_VALUE', message, 'write an IANA name, for example Europe/Paris or UTC')
  return calendar(config.period, 'UTC')
}

function customCalendar({ every, from }: PeriodConfig, setup: Setup): Calendar {
  const length = every === undefined ? undefined : parseDuration(every)
  const origin = momentOf(from)
  if (length === undefined || length < 1000 || length > 3660 * 86_400_000) {
    setup.problem('/every', 'BAD_DURATION', 'a custom period needs its length', 'write for example `every: 14d`')
  }
  if (Number.isNaN(origin)) {
    const suggestion = 'write it with its zone, like 2026-01-05T00:00:00Z'
    setup.problem('/from', 'BAD_VALUE', `"${from}" is not a point in time`, suggestion)
  }
  return everyMs(length !== undefined && length >= 1000 ? length : 86_400_000, Number.isNaN(origin) ? 0 : origin)
}

/** ISO 8601 with its zone; a day that its month does not have is none, though `Date` goes on to the next month. */
function momentOf(text: string): number {
  const parts = /^(\d{4})-(\d\d)-(\d\d)T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)$/.exec(text)
  if (!parts) return Number.NaN
  const [, year, month, day] = parts.map(Number)
  return new Date(Date.UTC(year!, month! - 1, day)).getUTCDate() === day ? Date.parse(text) : Number.NaN
}

function admit(quota: Quota, exchange: Exchange, judge: Judge): Maybe<Outcome> {
  const reading = keyOf(quota.key, exchange, judge)
  if ('missing' in reading) {
    if (quota.key.whenMissing === 'deny') return deny('LIMIT_KEY_MISSING', [reading.missing])
    return { verdict: 'pass', evidence: [reading.missing] }
  }
  const { limit, cost } = quota
  const resetAt = quota.endOf(judge.now)
  const resetMs = resetAt - judge.now
  const answer = judge.state.apply({ op: 'count', key: reading.key, by: cost, resetAt, limit })
  return whenReady(answer, ({ allowed, count }): Outcome => {
    const remaining = Math.max(0, limit - count)
    const detail = { by: reading.by, limit, remaining, resetsAt: new Date(resetAt).toISOString() }
    const evidence = [{ at: { in: 'state' }, observed: remaining, expected: quota.rule, detail }] as const
    if (!allowed) {
      const headers = quota.fields ? refusal(quota.fields, remaining, resetMs) : [retryAfter(resetMs)]
      return deny('QUOTA_EXCEEDED', evidence, headers)
    }
    return { verdict: 'pass', evidence, learned: quota.fields && { carried: carry(remaining, resetMs) } }
  })
}

function tell(quota: Quota, exchange: Exchange, judge: Judge): Outcome {
  if (!quota.fields || !judge.carried || !exchange.response) return pass
  return modify(addStanding(quota.fields, judge.carried, exchange.response.headers))
}
