import { describe, expect, it } from 'vitest'
import { MemoryState } from '../../gateway-core/pipeline/memory-state.ts'
import { calendar, everyMs, type Period } from '../../gateway-core/policies/calendar.ts'
import { quota } from '../../gateway-core/policies/quota.ts'
import { judgeWith, loadPolicies } from './harness.ts'

const at = (text: string) => Date.parse(text)

describe('the calendar', () => {
  const table: [period: Period, zone: string, now: string, end: string][] = [
    ['minute', 'UTC', '2026-01-15T12:00:59.999Z', '2026-01-15T12:01:00Z'],
    ['minute', 'UTC', '2026-01-15T12:01:00Z', '2026-01-15T12:02:00Z'],
    ['hour', 'UTC', '2026-01-15T12:59:59Z', '2026-01-15T13:00:00Z'],
    ['hour', 'Asia/Kolkata', '2026-01-15T12:00:00Z', '2026-01-15T12:30:00Z'],
    ['day', 'UTC', '2026-01-15T12:00:00Z', '2026-01-16T00:00:00Z'],
    ['day', 'Europe/Paris', '2026-01-15T23:30:00Z', '2026-01-16T23:00:00Z'],
    ['day', 'Pacific/Auckland', '2026-01-15T12:00:00Z', '2026-01-16T11:00:00Z'],
    ['week', 'UTC', '2026-01-15T12:00:00Z', '2026-01-19T00:00:00Z'],
    ['week', 'UTC', '2026-01-18T23:59:59Z', '2026-01-19T00:00:00Z'],
    ['week', 'UTC', '2026-01-19T00:00:00Z', '2026-01-26T00:00:00Z'],
    ['month', 'UTC', '2026-02-15T12:00:00Z', '2026-03-01T00:00:00Z'],
    ['month', 'UTC', '2028-02-29T12:00:00Z', '2028-03-01T00:00:00Z'],
    ['month', 'America/New_York', '2026-12-31T12:00:00Z', '2027-01-01T05:00:00Z'],
    // Days of 23 and 25 hours, and a midnight that does not exist (Santiago, 6 September 2026).
    ['day', 'Europe/Paris', '2026-03-29T00:30:00Z', '2026-03-29T22:00:00Z'],
    ['day', 'Europe/Paris', '2026-10-25T00:30:00Z', '2026-10-25T23:00:00Z'],
    ['day', 'America/Santiago', '2026-09-05T20:00:00Z', '2026-09-06T04:00:00Z'],
    // A midnight that comes twice (Havana, 1 November 2026): the day ends at the first.
    ['day', 'America/Havana', '2026-10-31T20:00:00Z', '2026-11-01T04:00:00Z'],
    ['day', 'America/Havana', '2026-11-01T05:30:00Z', '2026-11-02T05:00:00Z'],
    ['month', 'Europe/Paris', '2026-03-10T12:00:00Z', '2026-03-31T22:00:00Z'],
  ]
  it.each(table)('the %s in %s that holds %s ends at %s', (period, zone, now, end) => {
    expect(new Date(calendar(period, zone)(at(now))).toISOString()).toBe(new Date(end).toISOString())
  })

  it('remembers the end without changing any answer', () => {
    const kept = calendar('day', 'Europe/Paris')
    for (let now = at('2026-03-20T00:00:00Z'); now < at('2026-04-02T00:00:00Z'); now += 37 * 60_000) {
      expect(kept(now)).toBe(calendar('day', 'Europe/Paris')(now))
    }
    expect(kept(at('2026-03-21T12:00:00Z'))).toBe(at('2026-03-21T23:00:00Z'))
  })

  it('custom periods are counted from their origin, also before it', () => {
    const fortnight = everyMs(14 * 86_400_000, at('2026-01-05T00:00:00Z'))
    expect(fortnight(at('2026-01-05T00:00:00Z'))).toBe(at('2026-01-19T00:00:00Z'))
    expect(fortnight(at('2026-01-18T23:59:59Z'))).toBe(at('2026-01-19T00:00:00Z'))
    expect(fortnight(at('2025-12-31T00:00:00Z'))).toBe(at('2026-01-05T00:00:00Z'))
  })
})

describe('quota', () => {
  const alice = { consumer: { name: 'alice', groups: [] } }
  const bob = { consumer: { name: 'bob', groups: [] } }

  it('has an example that loads, and is durable', () => {
    expect(loadPolicies(quota.docs.example).problems).toEqual([])
    expect(quota.durable).toBe(true)
  })

  it('admits the quota of each consumer and begins again with the next day', async () => {
    const state = new MemoryState()
    const send = (now: string, who = alice) =>
      judgeWith({ quota: { limit: 2, period: 'day', timeZone: 'Europe/Paris' } }, { ...who, state, now: at(now) })
    const first = await send('2026-01-15T21:00:00Z')
    expect(first.response.headers.get('ratelimit')).toBe('"consumer/day";r=1;t=7200')
    expect(first.response.headers.get('ratelimit-policy')).toBe('"consumer/day";q=2;w=86400')
    expect((await send('2026-01-15T22:00:00Z')).verdict).toBe('pass')
    const denied = await send('2026-01-15T22:59:30Z')
    expect(denied).toMatchObject({ status: 429, code: 'QUOTA_EXCEEDED' })
    expect(denied.response.headers.get('retry-after')).toBe('30')
    expect(denied.evidence[0]).toMatchObject({
      observed: 0,
      expected: 'at most 2 per day (Europe/Paris)',
      detail: { resetsAt: '2026-01-15T23:00:00.000Z' },
    })
    expect((await send('2026-01-15T22:59:30Z', bob)).verdict).toBe('pass')
    expect((await send('2026-01-15T23:00:00Z')).verdict).toBe('pass')
  })

  it('goes on from a snapshot: what was used stays used', async () => {
    const before = new MemoryState()
    const config = { quota: { limit: 1, period: 'month' } }
    const now = at('2026-01-15T12:00:00Z')
    await judgeWith(config, { ...alice, state: before, now })
    const after = new MemoryState()
    after.restore(JSON.parse(JSON.stringify(before.snapshot(now))))
    expect(await judgeWith(config, { ...alice, state: after, now })).toMatchObject({ code: 'QUOTA_EXCEEDED' })
  })

  it('a clock set back into the period before does not give the quota again', async () => {
    const state = new MemoryState()
    const config = { quota: { limit: 1, period: 'day' } }
    await judgeWith(config, { ...alice, state, now: at('2026-01-16T00:00:01Z') })
    const back = await judgeWith(config, { ...alice, state, now: at('2026-01-15T23:59:59Z') })
    expect(back.code).toBe('QUOTA_EXCEEDED')
  })

  it('an expensive request that no longer fits leaves the rest for cheap ones', async () => {
    const state = new MemoryState()
    const now = at('2026-01-15T12:00:00Z')
    const send = () => judgeWith({ quota: { limit: 5, cost: 3, period: 'week' } }, { ...alice, state, now })
    expect((await send()).verdict).toBe('pass')
    const denied = await send()
    expect(denied.evidence[0]).toMatchObject({ observed: 2 })
  })

  it('a month says no window, because its length varies', async () => {
    const result = await judgeWith({ quota: { limit: 5, period: 'month' } }, alice)
    expect(result.response.headers.get('ratelimit-policy')).toBe('"consumer/month";q=5')
  })

  it.each([
    [{ period: 'day', timeZone: 'Mars/Olympus' }, '/timeZone'],
    [{ period: 'day', every: '1d' }, '/every'],
    [{ period: 'custom' }, '/every'],
    [{ period: 'custom', every: 'often' }, '/every'],
    [{ period: 'custom', every: '14d', from: '2026-01-05' }, '/from'],
    [{ period: 'custom', every: '14d', from: '2026-02-30T00:00:00Z' }, '/from'],
    [{ period: 'custom', every: '14d', from: '2027-02-29T00:00:00Z' }, '/from'],
    [{ period: 'custom', every: '14d', from: '2026-13-01T00:00:00Z' }, '/from'],
    [{ period: 'custom', every: '14d', from: '2026-01-05T25:00:00Z' }, '/from'],
    [{ period: 'custom', every: '14d', from: '2026-01-05T00:00:00+99:00' }, '/from'],
    [{ period: 'custom', every: '14d', from: '5 Jan 2026 00:00:00Z' }, '/from'],
    [{ period: 'day', cost: 9 }, '/cost'],
  ])('says what is wrong with %j', async (config, pointer) => {
    const items = { quota: { limit: 5, ...config } }
    expect(loadPolicies(items).problems).toEqual([expect.objectContaining({ pointer })])
    expect((await judgeWith(items, alice)).verdict).not.toBe('error')
  })
})
