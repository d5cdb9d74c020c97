import { expect, it } from 'vitest'
import { judgeWith } from './harness.ts'

const ada = { name: 'ada', groups: ['editors', 'staff'] }
const both = {
  allow: { consumers: ['batch'], groups: ['editors'] },
  deny: { consumers: ['eve'], groups: ['suspended'] },
}

it.each<[string, object, { name: string; groups: string[] } | undefined, string | undefined, object]>([
  ['a member', both, ada, undefined, { observed: 'ada', expected: 'group editors' }],
  ['a consumer by name', both, { name: 'batch', groups: [] }, undefined, { expected: 'consumer batch' }],
  ['nobody', both, undefined, 'NOT_AUTHENTICATED', { observed: null }],
  [
    'a stranger',
    both,
    { name: 'bob', groups: ['readers'] },
    'CONSUMER_NOT_ALLOWED',
    { observed: 'bob', expected: 'consumer batch or group editors', detail: { groups: ['readers'] } },
  ],
  [
    'a denied member of an allowed group',
    both,
    { name: 'ada', groups: ['editors', 'suspended'] },
    'CONSUMER_DENIED',
    { expected: 'anyone but group suspended' },
  ],
  [
    'a denied name',
    both,
    { name: 'eve', groups: ['editors'] },
    'CONSUMER_DENIED',
    { expected: 'anyone but consumer eve' },
  ],
  ['a group called like an allowed consumer', both, { name: 'bob', groups: ['batch'] }, 'CONSUMER_NOT_ALLOWED', {}],
  ['anyone known where only denials are listed', { deny: { consumers: ['eve'] } }, ada, undefined, {}],
  [
    'everyone where the list is empty',
    { allow: { groups: [] } },
    ada,
    'CONSUMER_NOT_ALLOWED',
    { expected: 'nobody is allowed' },
  ],
])('%s', async (_name, config, consumer, code, evidence) => {
  const result = await judgeWith({ acl: config }, consumer ? { consumer } : {})
  expect(result).toMatchObject({ verdict: code ? 'deny' : 'pass', code, problems: [] })
  expect(result.trace[0]!.evidence![0]).toMatchObject(evidence)
  expect(result.response.headers.has('www-authenticate')).toBe(code === 'NOT_AUTHENTICATED')
})

it('says that a list of nobody denies nobody', async () => {
  const { problems } = await judgeWith({ acl: { deny: { groups: [] } } }, { consumer: ada })
  expect(problems).toMatchObject([{ pointer: '/deny', code: 'UNUSED' }])
})
