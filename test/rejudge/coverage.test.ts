import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { policyOutcomes } from '../../build/policy-outcomes.ts'
import { readFileSync } from 'node:fs'
import { policies } from '../../gateway-core/policies/index.ts'
import { countSteps, coverageOf, type JudgedAlike, possibleOutcomes } from '../../gateway-core/rejudge/coverage.ts'
import type { PolicyInstance } from '../../gateway-core/pipeline/plan.ts'
import type { TraceEntry } from '../../gateway-core/pipeline/outcome.ts'
import { captures, record, temporaryFolder, write } from '../capture/records.ts'

const position = { file: 'gatehouse.yaml', line: 7, column: 9 }

function instance(id: string, type: string, changes: Partial<PolicyInstance> = {}): PolicyInstance {
  const policy = policies.find((one) => one.type === type)!
  const name = id.slice(id.lastIndexOf('/') + 1)
  return {
    id,
    stateId: id,
    name,
    policy,
    mode: 'enforce',
    when: undefined,
    prepared: undefined,
    position,
    notes: {},
    ...changes,
  }
}

function step(policy: string, verdict: TraceEntry['verdict'], more: Partial<TraceEntry> = {}): TraceEntry {
  const type = policy.slice(policy.lastIndexOf('/') + 1)
  const phase = 'requestHeaders' as const
  return { policy, type, phase, verdict, mode: 'enforce', at: 0, micros: 1, now: 0, sequence: 0, position, ...more }
}

const seenIn = (instances: readonly PolicyInstance[], traffic: JudgedAlike[]) =>
  coverageOf(instances, countSteps(traffic))
const seen = (of: ReturnType<typeof seenIn>, at = 0) =>
  Object.fromEntries(
    of.policies[at]!.branches.filter(({ exchanges }) => exchanges > 0).map((one) => [one.outcome, one.exchanges]),
  )

describe('coverage', () => {
  it('lists everything that a policy can answer, seen or not', () => {
    const [rbac] = seenIn([instance('api:a/rbac', 'rbac')], []).policies
    expect(rbac!.branches.map(({ outcome, exchanges }) => [outcome, exchanges])).toEqual([
      ['pass', 0],
      ['deny:NOT_AUTHENTICATED', 0],
      ['deny:ROLE_NOT_ALLOWED', 0],
    ])
    expect(rbac).toMatchObject({ reached: 0, notReached: 0, file: 'gatehouse.yaml', line: 7 })
  })

  it('calls the denials of a policy in shadow mode what they are, and a condition an answer', () => {
    const when = { source: 'false', holds: () => false }
    const [rbac] = seenIn([instance('api:a/rbac', 'rbac', { mode: 'shadow', when: when as never })], []).policies
    expect(rbac!.branches.map(({ outcome }) => outcome)).toEqual([
      'pass',
      'would-deny:NOT_AUTHENTICATED',
      'would-deny:ROLE_NOT_ALLOWED',
      'skipped',
    ])
  })

  it('counts an exchange once for an outcome, however many phases came to it', () => {
    const id = 'api:a/rate-limiting'
    const trace = [
      step(id, 'pass'),
      step(id, 'pass', { phase: 'requestBody' }),
      step(id, 'modify', { phase: 'responseHeaders' }),
    ]
    const found = seenIn([instance(id, 'rate-limiting')], [{ trace, exchanges: 3 }])
    expect(seen(found)).toEqual({ pass: 3, modify: 3 })
    expect(found.policies[0]!.reached).toBe(3)
  })

  it('tells what was skipped by its condition from what was never reached', () => {
    const id = 'api:a/rbac'
    const found = seenIn(
      [instance(id, 'rbac')],
      [
        { trace: [step(id, 'skipped', { reason: 'not reached' })], exchanges: 5 },
        { trace: [step(id, 'skipped', { reason: 'when: x is false' })], exchanges: 2 },
        { trace: [], exchanges: 4 },
      ],
    )
    expect(seen(found)).toEqual({ skipped: 2 })
    expect(found).toMatchObject({ exchanges: 11, judged: 7, policies: [{ reached: 0, notReached: 5 }] })
  })

  it('names the policies that traffic met and that are no more', () => {
    const found = seenIn([], [{ trace: [step('api:old/acl', 'pass')], exchanges: 2 }])
    expect(found.gone).toEqual([{ policy: 'api:old/acl', reached: 2, query: 'policy:"api:old/acl"' }])
  })

  it('gives for every count the query that finds exactly as many in a capture', () => {
    const folder = temporaryFolder()
    const odd = 'api:a b/route:/books/{id}/"x"\\*/rbac'
    const list = ['api:a/rbac', odd].flatMap((id) => [
      step(id, 'pass'),
      step(id, 'deny', { code: 'ROLE_NOT_ALLOWED' }),
      step(id, 'would-deny', { code: 'ROLE_NOT_ALLOWED' }),
      step(id, 'skipped', { reason: 'when: x is false' }),
      step(id, 'skipped', { reason: 'not reached' }),
    ])
    const records = list.flatMap((one, at) => [
      record({ trace: [one] }),
      record({ trace: [one, list[(at + 3) % list.length]!] }),
    ])
    write(folder, records)
    const read = captures(folder)
    const alike = [...read.contexts()].map(({ context, exchanges }) => ({ trace: context.shape, exchanges }))
    const { policies: found, exchanges } = seenIn([instance('api:a/rbac', 'rbac'), instance(odd, 'rbac')], alike)
    expect(exchanges).toBe(records.length)
    for (const { reached, query, branches } of found) {
      expect(reached).toBeGreaterThan(0)
      expect(read.count(query), query).toBe(reached)
      for (const branch of branches) expect(read.count(branch.query), branch.query).toBe(branch.exchanges)
      expect(branches.filter((branch) => branch.exchanges > 0)).toHaveLength(4)
    }
    read.close()
  })
})

describe('what a policy can answer', () => {
  it('is what the sources say', () => {
    const file = join(import.meta.dirname, '..', '..', 'gateway-core', 'rejudge', 'policy-outcomes.json')
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(JSON.parse(policyOutcomes(policies)))
  })

  it('is known for every policy type', () => {
    for (const { type } of policies) expect(possibleOutcomes(type), type).not.toEqual([])
    expect(possibleOutcomes('cors')).toContain('respond')
    expect(possibleOutcomes('toString')).toEqual([])
  })
})
