import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { corpus, jsonLines } from './corpora.ts'
import { testOn } from './test-on.ts'
import { asHeader, asJson, asQuery, crsRecall, falsePositives, judgeInjection, payloadRecall } from './injection.ts'

// Floors, a little below what is reached; the built-in table that always runs is in test/policies/injection-protection.test.ts.
const payloads = corpus('payloads-all-the-things')
const crs = corpus('crs')
const benign = corpus('benign-openapi-values')
const traffic = corpus('recorded-traffic')
const naughty = corpus('blns')
const agents = corpus('user-agents')

describe('injection-protection on the corpora', () => {
  const floors = {
    sqli: 95,
    xss: 82,
    cmdi: 90,
    traversal: 95,
    nosql: 90,
    ldap: 20,
    ssti: 95,
    ssi: 95,
    crlf: 95,
    'open-redirect': 90,
    xxe: 95,
  }
  testOn(payloads).each([
    ['query value', asQuery, {}],
    ['JSON value', asJson, { 'open-redirect': 70 }],
  ] as const)('attacks are found as %s', (_name, ask, other) => {
    for (const [kind, recall] of payloadRecall(payloads!, ask)) {
      const floor = { ...floors, ...other }[kind as keyof typeof floors]
      expect((100 * recall.found) / recall.of, kind).toBeGreaterThanOrEqual(floor)
    }
  })

  testOn(crs)('the requests that the Core Rule Set stops at paranoia 1 are stopped', () => {
    const groups = [...crsRecall(crs!, 1).values()]
    const found = groups.reduce((sum, group) => sum + group.found, 0)
    const of = groups.reduce((sum, group) => sum + group.of, 0)
    expect((100 * found) / of).toBeGreaterThanOrEqual(85)
  })

  testOn(benign)('fewer than 0.3 % of published example values are denied', () => {
    const { of, denied } = falsePositives(benign!)
    expect((100 * denied.length) / of, denied.map(({ value }) => value.slice(0, 80)).join('\n')).toBeLessThan(0.3)
  })

  testOn(traffic)('no recorded exchange is denied', () => {
    const judge = judgeInjection()
    for (const file of readdirSync(traffic!).filter((name) => name.endsWith('.json'))) {
      const rows: unknown = JSON.parse(readFileSync(join(traffic!, file), 'utf8'))
      for (const row of Array.isArray(rows)
        ? (rows as { method: string; path?: string; body?: unknown; reqheaders?: Record<string, unknown> }[])
        : []) {
        if (row.path === undefined) continue
        const headers = Object.fromEntries(
          Object.entries(row.reqheaders ?? {}).map(([name, value]) => [name, String(value)]),
        )
        const body =
          row.body === undefined || row.body === ''
            ? {}
            : { body: typeof row.body === 'string' ? row.body : JSON.stringify(row.body) }
        expect(
          judge({ method: row.method.toUpperCase(), url: row.path, headers, ...body }),
          `${file} ${row.path}`,
        ).toEqual([])
      }
    }
  })

  testOn(agents)('no user agent is denied', () => {
    const judge = judgeInjection()
    for (const row of jsonLines<Record<string, unknown>>(join(agents!, 'dev.jsonl'))) {
      for (const value of Object.values(row)) {
        if (typeof value === 'string') expect(judge({ url: '/', headers: { 'user-agent': value } }), value).toEqual([])
      }
    }
  })

  testOn(naughty)('no naughty string makes it throw', () => {
    const judge = judgeInjection('high')
    for (const value of JSON.parse(readFileSync(join(naughty!, 'blns.json'), 'utf8')) as string[]) {
      for (const ask of [asQuery, asJson, asHeader]) expect(() => ask(judge, value)).not.toThrow()
    }
  })
})
