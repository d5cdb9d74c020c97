import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { exportCase } from '../../gateway-core/cases/export-case.ts'
import { openCase } from '../../gateway-core/cases/open-case.ts'
import { loadWorkspaceKey } from '../../gateway-core/config/workspace-key.ts'
import { recordBookshop, type RecordedBookshop } from '../tests/bookshop-records.ts'

let shop: RecordedBookshop
beforeAll(async () => {
  shop = await recordBookshop()
}, 60_000)
afterAll(() => shop?.close(), 30_000)

describe('a case of a recorded exchange', () => {
  it('opens to the same trace, for every kind of decision, and holds no secret', async () => {
    const { folder, captures } = shop
    const options = { folder, captures, key: await loadWorkspaceKey(folder, {}), env: {} }
    const kinds = new Set<string>()
    const different: unknown[] = []
    const leaks: string[] = []
    let taken = 0
    let steps = 0
    for (const { id, verdict, decidedBy, code, status, route, request, trace } of shop.exchanges) {
      const kind = [verdict, decidedBy, code, status, route?.id, request.method].join(' ')
      if (kinds.has(kind)) continue
      kinds.add(kind)
      const { text, name } = await exportCase(id, options)
      expect(name).toBe(`${id}.gatehouse-case.json`)
      leaks.push(...shop.secrets.filter((secret) => text.includes(secret)).map((secret) => `${kind}: ${secret}`))
      const opened = await openCase(text)
      expect(opened.problem).toBeUndefined()
      expect(opened.otherEngine).toBe(false)
      if (opened.difference) different.push([kind, opened.difference])
      taken += opened.judged!.taken.length
      steps += trace.length
    }
    expect(kinds.size).toBeGreaterThan(40)
    expect(leaks).toEqual([])
    expect(different).toEqual([])
    // Most steps are judged again; only where something sealed would have to be read the record stands for it.
    expect(taken).toBeLessThan(steps / 8)
  }, 120_000)
})
