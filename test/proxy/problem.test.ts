import { describe, expect, it } from 'vitest'
import { type DenialCode, denials } from '../../gateway-core/errors.ts'
import { exchangeId } from '../../gateway-core/proxy/exchange-id.ts'
import { problemDetails } from '../../gateway-core/proxy/problem.ts'

describe('problem details', () => {
  it.each(Object.keys(denials) as DenialCode[])('%s names type, title, status, code and instance', (code) => {
    const problem = problemDetails(code, 'x1')
    expect(problem.status).toBe(denials[code].status)
    expect(JSON.parse(problem.body)).toEqual({
      type: `urn:gatehouse:denial:${code}`,
      title: denials[code].title,
      status: denials[code].status,
      detail: denials[code].help,
      code,
      instance: 'urn:gatehouse:exchange:x1',
    })
    expect(problem.headers).toContainEqual(['content-type', 'application/problem+json'])
    expect(problem.headers).toContainEqual(['cache-control', 'no-store'])
    expect(problem.headers).toContainEqual(['content-length', String(Buffer.byteLength(problem.body))])
  })

  it('carries the detail of the occurrence', () => {
    expect(JSON.parse(problemDetails('BAD_HOST', 'x', 'Two “Host” fields.').body).detail).toBe('Two “Host” fields.')
  })
})

describe('exchange ids', () => {
  it('are 20 characters, distinct and in order, also when the clock steps back', () => {
    const start = Date.now() + 1_000_000
    const ids: string[] = []
    for (let at = 0; at < 5_000; at++) ids.push(exchangeId(start + (at % 3)))
    expect(new Set(ids).size).toBe(ids.length)
    expect([...ids].sort()).toEqual(ids)
    expect(ids.every((id) => /^[0-9a-hjkmnp-tv-z]{20}$/.test(id))).toBe(true)
  })
})
