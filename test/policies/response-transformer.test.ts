import { describe, expect, it } from 'vitest'
import { responseTransformer } from '../../gateway-core/policies/response-transformer.ts'
import { type Given, judgeWith, loadPolicies } from './harness.ts'

const alice: Given = { consumer: { name: 'alice', groups: [] } }
const json = { 'Content-Type': 'application/json' }

describe('the response transformer', () => {
  it('has an example that loads', () => {
    expect(loadPolicies(responseTransformer.docs.example).problems).toEqual([])
  })

  it('changes headers and JSON body of what the upstream answered', async () => {
    const config = {
      headers: { remove: ['X-Internal'], set: { 'X-For': '{consumer.name}' } },
      body: { remove: ['/items/*/passwordHash'] },
    }
    const response = { headers: { ...json, 'X-Internal': '1' }, body: '{"items":[{"passwordHash":"x","price":1.50}]}' }
    const result = await judgeWith({ 'response-transformer': config }, { ...alice, response })
    expect(result.response.body!.text).toBe('{"items":[{"price":1.50}]}')
    expect(result.response.headers.get('x-for')).toBe('alice')
    expect(result.response.headers.has('x-internal')).toBe(false)
  })

  it('answers 502 when it has to change JSON that is none', async () => {
    const result = await judgeWith(
      { 'response-transformer': { body: { remove: ['/a'] } } },
      { response: { headers: json, body: '<html>' } },
    )
    expect(result).toMatchObject({ status: 502, code: 'BODY_NOT_JSON' })
  })

  it('leaves the problem details of the gateway alone, but changes their headers', async () => {
    const items = [
      { 'response-transformer': { headers: { set: { A: '1' } }, body: { remove: ['/code'] } } },
      { 'ip-restriction': { deny: ['0.0.0.0/0'] } },
    ]
    const result = await judgeWith(items)
    expect(result.status).toBe(403)
    expect(result.response.headers.get('a')).toBe('1')
  })

  it('refuses response splitting', async () => {
    const config = { headers: { set: { Location: '/users/{path.id}' } } }
    const given = { route: { template: '/{id}', parameters: { id: 'a\r\nSet-Cookie: b' } } }
    const result = await judgeWith({ 'response-transformer': config }, given)
    expect(result).toMatchObject({ code: 'TRANSFORM_VALUE_UNSAFE' })
    expect(JSON.stringify(result.response.headers.raw)).not.toContain('Set-Cookie')
  })
})
