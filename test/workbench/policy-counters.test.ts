import { expect, test } from 'vitest'
import { deny, pass } from '../../gateway-core/pipeline/outcome.ts'
import { PolicyCounters } from '../../gateway-core/workbench/policy-counters.ts'
import { listen, policyOfMessages, talk, talked, talkingUpstream } from '../rejudge/talking.ts'

test('an exchange is one hit of a policy, however many messages are said; a denied message is a denial', async () => {
  const upstream = await talkingUpstream()
  const noDrop = policyOfMessages('no-drop', (_, { message }) =>
    message!.body.text.includes('drop') ? deny('INJECTION_DETECTED', []) : pass,
  )
  const yaml = `gatehouse: 1
listen: { http: "127.0.0.1:0" }
upstreams: { up: ${upstream.url} }
policies: [security-headers]
apis:
  - name: chat
    upstream: up
    policies:
      - data-mask: { apply: [request, response], fields: [/pin] }
    routes: [{ path: '/*' }]
`
  const gate = await talked(
    yaml,
    [noDrop],
    [
      (url) => talk(`${url}/room`, '10.1.0.1', ['hello', '{"pin":"1"}', 'good bye']),
      (url) => listen(`${url}/news`, '10.1.0.1', ['{"pin":"1"}', 'drop it']),
    ],
  )
  const counters = new PolicyCounters(await gate.load())
  for (const record of gate.records) expect(counters.count(record)).toBe(true)
  const lines = counters.read().policies.map(({ policy, hits, denials }) => [policy, hits, denials])
  expect(lines).toEqual(
    expect.arrayContaining([
      ['api:chat/data-mask', 2, 0],
      ['workspace/security-headers', 2, 0],
      ['api:chat/no-drop', 2, 1],
    ]),
  )
  gate.close()
  await upstream.close()
})
