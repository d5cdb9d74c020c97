import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadForTests } from '../../gateway-core/tests/load-for-tests.ts'
import { policyTestOf } from '../../gateway-core/tests/policy-test-of.ts'
import { TestRunner } from '../../gateway-core/tests/run-tests.ts'
import { appendTest, testItem } from '../../gateway-core/tests/test-yaml.ts'
import { recordBookshop, type RecordedBookshop } from './bookshop-records.ts'
import { outcome } from './running.ts'

let shop: RecordedBookshop
beforeAll(async () => {
  shop = await recordBookshop()
}, 60_000)
afterAll(() => shop?.close(), 30_000)

describe('a policy test of a recorded exchange', () => {
  it('passes at once, for every kind of decision, and holds no secret', async () => {
    const { workspace: tested } = await loadForTests(shop.folder, { env: {} })
    const options = { workspace: tested!, consumers: shop.workspace.consumers, defaultEnvironment: 'local' }
    let text = ''
    const notes: string[] = []
    const kinds = new Map<string, string>()
    for (const record of shop.exchanges) {
      const kind = [
        record.verdict,
        record.decidedBy,
        record.code,
        record.status,
        record.route?.id,
        record.request.method,
        record.trace.some(({ verdict }) => verdict === 'would-deny'),
        record.upgrade,
      ].join(' ')
      if (kinds.has(kind)) continue
      kinds.set(kind, record.id)
      const { name, draft, note } = await policyTestOf(record, options)
      if (note) notes.push(`${kind}: ${note}\n${testItem(name, draft)}`)
      text = appendTest(text, `${name} #${kinds.size}`, draft, '').text
    }
    expect(kinds.size).toBeGreaterThan(40)
    expect(notes).toEqual([])
    mkdirSync(join(shop.folder, 'made'), { recursive: true })
    writeFileSync(join(shop.folder, 'tests/made.yaml'), text)
    if (process.env['SHOW']) process.stderr.write(text)
    const runner = new TestRunner(shop.folder, { env: {} })
    const suite = await runner.read(['tests/made.yaml'])
    expect(suite.problems).toEqual([])
    const results = []
    for await (const result of runner.run(suite)) results.push(`${result.name}: ${outcome(result)}`)
    expect(results.filter((result) => !result.endsWith(': passed'))).toEqual([])
    expect(results).toHaveLength(kinds.size)
    expect(shop.secrets.filter((secret) => text.includes(secret))).toEqual([])
    expect(text).not.toContain('⟦')
  }, 120_000)
})
