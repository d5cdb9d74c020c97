import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { loadWorkspaceKey } from '../../gateway-core/config/workspace-key.ts'
import { WhatIfError, WhatIfThread } from '../../gateway-core/rejudge/what-if-thread.ts'
import type { WhatIfChange, WhatIfReport } from '../../gateway-core/rejudge/what-if.ts'
import { version } from '../../gateway-core/version.ts'
import { limits, type RecordedFolder, recordedFolder } from './recorded-folder.ts'

let recorded: RecordedFolder
let thread: WhatIfThread

beforeAll(async () => {
  recorded = await recordedFolder()
  const { folder, env } = recorded
  thread = new WhatIfThread({ folder, key: await loadWorkspaceKey(folder, {}), env, engineVersion: version })
}, 60_000)
afterAll(async () => {
  thread.close()
  await recorded.close()
})

const edited = (from: string, to: string) => {
  expect(recorded.yaml).toContain(from)
  return { 'gatehouse.yaml': recorded.yaml.replace(from, to) }
}
const counts = (report: WhatIfReport) => ({ ...report, changes: undefined, milliseconds: undefined })
const one = (changes: readonly WhatIfChange[], kind: string) => changes.find((change) => change.kind === kind)!

describe('an edit', () => {
  test('that changes nothing is judged without running a step', async () => {
    const report = await thread.judge({ candidate: { 'gatehouse.yaml': `${recorded.yaml}\n# a remark\n` } })
    expect(counts(report)).toEqual({
      exchanges: 11,
      judged: 11,
      same: 11,
      newlyDenied: 0,
      newlyAllowed: 0,
      otherPolicy: 0,
      transformed: 0,
      undecidable: 0,
      missing: {},
      reused: 11,
      warming: 0,
      done: true,
    })
  })

  test('of a list denies who stood outside, and lets in who was denied, its answer unknown', async () => {
    const report = await thread.judge({ candidate: edited('deny: [10.9.0.0/16]', 'deny: [10.2.0.0/16]') })
    expect(report).toMatchObject({ same: 9, newlyDenied: 1, newlyAllowed: 1 })
    expect(one(report.changes, 'newlyDenied')).toMatchObject({
      before: { verdict: 'pass', status: 200 },
      after: { verdict: 'deny', status: 403, code: 'IP_DENIED', decidedBy: 'workspace/ip-restriction' },
    })
    const allowed = one(report.changes, 'newlyAllowed')
    expect(allowed).toMatchObject({ before: { code: 'IP_DENIED' }, missing: 'upstream-response' })
    expect(allowed.after).toEqual({ verdict: 'pass' })
  })

  test('of a limit counts in the recorded order, from an empty beginning', async () => {
    const candidate = { 'policies/limits.yaml': limits.replace('limit: 6', 'limit: 4') }
    const report = await thread.judge({ candidate })
    expect(report).toMatchObject({ newlyDenied: 2, newlyAllowed: 0, otherPolicy: 0, transformed: 0, same: 9 })
    expect(report.changes.map(({ after }) => after.code)).toEqual(['LIMIT_REACHED', 'LIMIT_REACHED'])
    expect(report.changes.every(({ warming }) => warming)).toBe(true)
    const more = await thread.judge({ candidate: { 'policies/limits.yaml': limits.replace('limit: 6', 'limit: 7') } })
    expect(more).toMatchObject({ newlyAllowed: 1, newlyDenied: 0, same: 10 })
  })

  test('before a limiter changes what reaches it', async () => {
    // The first two of that client no longer come to the limiter, so its seventh is admitted.
    const condition = `- ip-restriction: { name: early, deny: [10.1.0.1], when: "request.query in ['page=0', 'page=1']" }`
    const report = await thread.judge({
      candidate: edited(
        'policies:\n  - real-ip',
        `policies:\n  - real-ip: {trusted: [127.0.0.0/8]}\n  ${condition}\n  #`,
      ),
    })
    expect(report).toMatchObject({ newlyDenied: 2, newlyAllowed: 1, same: 8 })
  })

  test('of what is sent on is a transformation, named', async () => {
    const report = await thread.judge({ candidate: edited('X-Shop: one', 'X-Shop: two') })
    expect(report).toMatchObject({ transformed: 7, same: 4 })
    expect(report.changes[0]).toMatchObject({ differs: ['request header x-shop'], missing: 'upstream-response' })
  })

  test('that takes a file away is judged without it, and blamed on it', async () => {
    const gone = { 'policies/limits.yaml': null }
    await expect(thread.judge({ candidate: gone })).rejects.toThrow('fair-use')
    const without = edited('    policies:\n      - use: fair-use\n', '')
    const both = await thread.judge({ candidate: { ...gone, ...without } })
    const change = one(both.changes, 'newlyAllowed')
    expect(change.before).toMatchObject({ code: 'LIMIT_REACHED' })
    const { blame } = await thread.explain(change.id, { candidate: { ...gone, ...without } })
    expect(blame.map(({ file }) => file)).toEqual(['gatehouse.yaml'])
  })

  test('that asks what nobody recorded is judged from the sealed token, or undecidable by name', async () => {
    const jwt = (keys: 'right' | 'wrong') =>
      edited(
        '- use: fair-use',
        `- jwt-auth: { issuer: "https://id.example", audience: shop, algorithms: [ES256], jwks: "${recorded.keySets}/${keys}" }\n      - use: fair-use`,
      )
    const right = await thread.judge({ candidate: jwt('right') })
    // The note came without a token; the client that an earlier policy denies never comes so far.
    expect(right).toMatchObject({ newlyDenied: 1, undecidable: 0, newlyAllowed: 0 })
    expect(one(right.changes, 'newlyDenied').after.code).toBe('TOKEN_MISSING')
    const wrong = await thread.judge({ candidate: jwt('wrong') })
    expect(wrong).toMatchObject({ newlyDenied: 8, otherPolicy: 1, undecidable: 0 })
    const asked = recorded.keySetRequests()
    await thread.judge({ candidate: jwt('wrong') })
    expect(recorded.keySetRequests()).toBe(asked)
  })

  test('that does not load says where', async () => {
    const failed = thread.judge({ candidate: edited('deny: [10.9.0.0/16]', 'deny: 7') })
    await expect(failed).rejects.toThrow(WhatIfError)
    await expect(failed).rejects.toMatchObject({ where: expect.stringMatching(/^gatehouse.yaml:\d+:\d+$/) })
  })

  test('is compared with unsaved texts too', async () => {
    const baseline = edited('deny: [10.9.0.0/16]', 'deny: []')
    const candidate = edited('deny: [10.9.0.0/16]', 'deny: [10.2.0.0/16]')
    const report = await thread.judge({ baseline, candidate })
    expect(report).toMatchObject({ newlyDenied: 1, newlyAllowed: 0, same: 10 })
  })

  test('is asked of part of the traffic, and the rest counts all the same', async () => {
    const candidate = { 'policies/limits.yaml': limits.replace('limit: 6', 'limit: 5') }
    const report = await thread.judge({ candidate, query: 'url:page=5' })
    expect(report).toMatchObject({ exchanges: 1, judged: 1, newlyDenied: 1 })
  })

  test('that is given up ends', async () => {
    const abort = new AbortController()
    const asked = thread.judge({ candidate: {} }, { signal: abort.signal })
    abort.abort()
    await expect(asked).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }))
    await expect(thread.judge({ candidate: {} })).resolves.toMatchObject({ same: 11 })
  })
})

describe('one exchange', () => {
  const question = () => ({
    candidate: {
      ...edited('deny: [10.9.0.0/16]', 'deny: [10.2.0.0/16]'),
      'policies/limits.yaml': `${limits}# more\n`,
    },
  })
  let denied: WhatIfChange

  beforeEach(async () => {
    denied = one((await thread.judge(question())).changes, 'newlyDenied')
  })

  test('is explained: both traces, the first difference, the line to blame', async () => {
    const { kind, before, after, firstDifference, blame } = await thread.explain(denied.id, question())
    expect(kind).toBe('newlyDenied')
    expect(before.trace.map(({ policy, verdict }) => [policy, verdict])).toContainEqual([
      'api:shop/rate-limiting',
      'pass',
    ])
    expect(after.trace.at(1)).toMatchObject({
      policy: 'workspace/ip-restriction',
      verdict: 'deny',
      code: 'IP_DENIED',
    })
    expect(firstDifference).toMatchObject({ step: 'workspace/ip-restriction', field: 'verdict', a: 'pass', b: 'deny' })
    expect(blame).toEqual([
      { file: 'gatehouse.yaml', line: 6, endLine: 6, text: expect.stringContaining('10.2.0.0/16') },
    ])
  })

  test('tells what of the messages differs where every step is alike', async () => {
    const candidate = edited('      - path: /books\n', '      - path: /books\n        rewrite: /shelf\n')
    const report = await thread.judge({ candidate })
    const change = one(report.changes, 'transformed')
    expect(change.differs).toEqual(['request path'])
    const { firstDifference, kind } = await thread.explain(change.id, { candidate })
    expect(kind).toBe('transformed')
    expect(firstDifference).toEqual({ step: 'request', field: 'path', a: '/books', b: '/shelf' })
    const header = { candidate: edited('X-Shop: one', 'X-Shop: two') }
    const told = await thread.explain(change.id, header)
    expect(told.firstDifference).toMatchObject({ step: 'api:shop/route:/books/request-transformer', field: 'changes' })
  })

  test('is shrunk to what still shows it, with secrets sealed', async () => {
    const shrunk = await thread.shrink(denied.id, question())
    expect(shrunk).toMatchObject({ method: 'GET', target: '/books', after: { code: 'IP_DENIED' } })
    expect(shrunk.headers.map(([name]) => name.toLowerCase()).sort()).toEqual(['host', 'x-forwarded-for'])
    expect(shrunk.dropped).toEqual(expect.arrayContaining(['header x-debug', 'header authorization', 'query lang']))
    expect(JSON.stringify(shrunk)).not.toContain(recorded.token.slice(-20))
  })

  test('is stepped through, and a value in the middle changed', async () => {
    const candidate = {}
    const plain = await thread.stepThrough(denied.id, [], { candidate })
    expect(plain.before).toHaveLength(plain.trace.length + 1)
    expect(plain.outcome).toMatchObject({ verdict: 'pass', status: 200 })
    const step = plain.trace.findIndex(({ policy }) => policy === 'workspace/ip-restriction')
    expect(plain.before[step]).toMatchObject({ clientAddress: '10.2.0.2' })
    const changes = [
      { step: step - 1, of: 'request', change: { kind: 'header', name: 'X-Forwarded-For', value: '10.9.1.1' } },
    ] as const
    const other = await thread.stepThrough(denied.id, changes, { candidate })
    expect(other.outcome).toMatchObject({ verdict: 'deny', code: 'IP_DENIED' })
  })

  test('finds the counters as they were', async () => {
    const { entries } = await thread.stateAt(Date.now())
    const limiters = entries.filter(({ type }) => type === 'rate-limiting')
    expect(
      limiters.map(({ key, holds }) => [key.includes('10.1.0.1'), holds.kind === 'limiter' && holds.used]),
    ).toContainEqual([true, 6])
    expect((await thread.stateAt(0)).entries).toEqual([])
  })

  test('that is not there any more is refused', async () => {
    await expect(thread.explain('01aaaaaaaaaaaaaaaaaa', question())).rejects.toThrow(/not in the capture/)
  })
})

test('what was recorded under other policies is judged by the files of then', async () => {
  // Saved since: the baseline is now another than the one that recorded.
  writeFileSync(join(recorded.folder, 'gatehouse.yaml'), edited('deny: [10.9.0.0/16]', 'deny: []')['gatehouse.yaml']!)
  const report = await thread.judge({ candidate: edited('deny: [10.9.0.0/16]', 'deny: [10.2.0.0/16]') })
  expect(report).toMatchObject({ newlyDenied: 1, newlyAllowed: 0, same: 10 })
  const whole = await thread.judge({
    candidate: edited('deny: [10.9.0.0/16]', 'deny: [10.2.0.0/16]'),
    reuse: false,
  })
  expect(whole).toMatchObject({ newlyDenied: 1, newlyAllowed: 0, same: 10 })
  writeFileSync(join(recorded.folder, 'gatehouse.yaml'), recorded.yaml)
})
