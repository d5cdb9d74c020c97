import { describe, expect, it } from 'vitest'
import type { TraceEntry } from '../../../gateway-core/pipeline/outcome.ts'
import type { ExchangeDetail } from '../../../gateway-core/protocol/types.ts'
import { stepSummary } from '../../../renderer/traffic/evidence-summary.ts'
import { decisive, traceRows } from '../../../renderer/traffic/trace-rows.ts'

const entry = (
  policy: string,
  phase: TraceEntry['phase'],
  verdict: TraceEntry['verdict'],
  micros = 10,
): TraceEntry => ({
  policy,
  type: policy,
  phase,
  verdict,
  mode: 'enforce',
  at: 0,
  micros,
  now: 0,
  sequence: 0,
  position: { file: 'gatehouse.yaml', line: 1, column: 1 },
})

const detail = (trace: TraceEntry[], more: object = {}, upstreamCalled = false) =>
  ({ exchange: { trace, timings: {}, route: {}, ...more }, lines: {}, upstreamCalled }) as unknown as ExchangeDetail

describe('the waterfall', () => {
  it('stands in run order, what was not reached in its phase, the upstream between', () => {
    const rows = traceRows(
      detail([
        entry('key-auth', 'requestHeaders', 'pass'),
        entry('rbac', 'requestHeaders', 'deny'),
        entry('cors', 'responseHeaders', 'modify'),
        entry('request-validation', 'requestBody', 'skipped'),
      ]),
    )
    expect(rows.map((row) => (row.kind === 'step' ? row.entry.policy : 'upstream'))).toEqual([
      'key-auth',
      'rbac',
      'request-validation',
      'upstream',
      'cors',
    ])
  })

  it('gives each step its share of the time, one after the other', () => {
    const rows = traceRows(detail([entry('a', 'requestHeaders', 'pass', 30), entry('b', 'requestHeaders', 'pass', 10)]))
    expect(rows.flatMap((row) => (row.kind === 'step' ? [[row.from, row.to]] : []))).toEqual([
      [0, 0.75],
      [0.75, 1],
    ])
  })

  it('knows the step that decided, else the one that would have', () => {
    const shadow = entry('injection', 'requestHeaders', 'would-deny')
    const denial = entry('rbac', 'requestHeaders', 'deny')
    expect(decisive(detail([shadow, denial], { decidedBy: 'rbac', verdict: 'deny' }).exchange)).toBe(denial)
    expect(decisive(detail([shadow], { verdict: 'pass' }).exchange)).toBe(shadow)
    expect(decisive(detail([], { verdict: 'pass' }).exchange)).toBeUndefined()
  })
})

describe('a step in a few words', () => {
  it.each<[string, Partial<TraceEntry>]>([
    [
      '127.0.0.1 in 127.0.0.0/8',
      { evidence: [{ at: { in: 'client' }, observed: '127.0.0.1', expected: 'an address in 127.0.0.0/8' }] },
    ],
    [
      '77 of 80 left',
      {
        evidence: [
          {
            at: { in: 'state' },
            observed: 77,
            expected: 'at most 60 per 1m and 20 at once (sliding-window)',
            detail: { limit: 60, remaining: 77 },
          },
        ],
      },
    ],
    [
      'RS256 · 58 min left',
      {
        evidence: [
          { at: { in: 'claim', name: 'iss' }, observed: 'x', detail: { algorithm: 'RS256', minutesLeft: 58 } },
        ],
      },
    ],
    ['header x-key (secret)', { evidence: [{ at: { in: 'header', name: 'x-key' }, secret: true }] }],
    ['sets Vary', { changes: [{ kind: 'set-header', name: 'Vary', value: 'Origin' }] }],
    ['Role not allowed', { code: 'ROLE_NOT_ALLOWED' }],
    ['not reached', { reason: 'not reached' }],
    ['\\u{202e}txt.exe', { reason: '\u202etxt.exe' }],
  ])('%s', (text, part) => {
    expect(stepSummary({ ...entry('p', 'requestHeaders', 'pass'), ...part })).toBe(text)
  })
})
