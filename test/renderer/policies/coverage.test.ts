import { describe, expect, it } from 'vitest'
import type { PolicyCoverage } from '../../../gateway-core/protocol/what-if.ts'
import { answersText, coverageFor, coverageOf, outcomeTitle } from '../../../renderer/policies/coverage.ts'
import { labelOf, spokenLabel } from '../../../renderer/policies/gutter.ts'

function policy(id: string, outcomes: Record<string, number>): PolicyCoverage {
  return {
    policy: id,
    type: 'rbac',
    mode: 'enforce',
    file: 'gatehouse.yaml',
    line: 7,
    reached: 5,
    notReached: 0,
    query: `policy:"${id}"`,
    branches: Object.entries(outcomes).map(([outcome, exchanges]) => ({
      outcome,
      exchanges,
      query: `step:"${id}=${outcome}"`,
    })),
  }
}

const both = [policy('api:a/rbac', { pass: 3, 'deny:ROLE_NOT_ALLOWED': 0 }), policy('api:b/rbac', { pass: 4 })]

describe('the policies of one line', () => {
  it('are added up, with queries that find the exchanges of each', () => {
    expect(coverageOf(both)).toEqual({
      reached: 10,
      query: 'policy:"api:a/rbac","api:b/rbac"',
      branches: [
        { outcome: 'pass', exchanges: 7, query: 'step:"api:a/rbac=pass","api:b/rbac=pass"' },
        { outcome: 'deny:ROLE_NOT_ALLOWED', exchanges: 0, query: 'step:"api:a/rbac=deny:ROLE_NOT_ALLOWED"' },
      ],
    })
    expect(answersText(coverageOf(both))).toBe('1 of 2 answers seen')
  })

  it('are found by their ids', () => {
    const coverage = { exchanges: 9, judged: 9, policies: both, gone: [] }
    expect(coverageFor(coverage, ['api:b/rbac'])?.reached).toBe(5)
    expect(coverageFor(coverage, ['api:c/rbac'])).toBeUndefined()
    expect(coverageFor(undefined, ['api:b/rbac'])).toBeUndefined()
  })
})

describe('the gutter', () => {
  const idle = { line: 7, policies: [], hits: 0, denials: 0, wouldDeny: 0, medianMicros: null }

  it('calls never hit only what no recorded traffic reached either', () => {
    expect(labelOf(idle, coverageOf(both))).toEqual([{ text: '10 recorded', tone: 'plain' }])
    expect(labelOf(idle, { reached: 0, query: '', branches: [] })).toEqual([{ text: 'never hit', tone: 'would' }])
    expect(spokenLabel(idle, coverageOf(both))).toContain('10 in all recorded traffic, 1 of 2 answers seen')
  })
})

describe('the name of an answer', () => {
  it.each([
    ['pass', 'pass', 'passes'],
    ['deny:ROLE_NOT_ALLOWED', 'deny', 'Role not allowed'],
    ['would-deny:toString', 'would-deny', 'toString'],
    ['constructor', 'constructor', 'constructor'],
  ])('%s', (outcome, verdict, title) => {
    expect(outcomeTitle(outcome)).toEqual({ verdict, title })
  })
})
